"""Finding the decisions of an open tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from symjax.core.paths import ROOT, Path
from symjax.verbs.tree import items

from ..choice import Choice
from ..points import Point

Where: TypeAlias = Callable[[Path, Choice, Any], bool]
"""Whether to open a choice: of its path, itself, and what it stands in."""


@dataclass(frozen=True)
class Template:
    """A tree with decisions in it: the root of a space, or a candidate.

    Attributes:
        value: The tree, choices and all.
        slots: The decisions directly in it (not those in their candidates): where each stands in
            `value`, and its index in the spec.
    """

    value: Any
    slots: tuple[tuple[Path, int], ...]


class Discovery:
    """Collects the decisions of a tree, parents before their children."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self.points: list[Point] = []
        self.choices: list[Choice] = []
        self.branches: list[tuple[tuple[Template, ...], ...]] = []
        self.closed: list[Path] = []
        self.opened: list[bool] = []  # for each choice that was come across, whether it was opened

    def template(
        self,
        tree: Any,
        path: Path = ROOT,
        prefix: str = "",
        taken: tuple[int, int, int] = (-1, -1, -1),
    ) -> Template:
        """The template of the root or of a candidate.

        Args:
            tree: The root, or the candidate.
            path: Where it stands in a decoded tree.
            prefix: Its id.
            taken: Of which decision it is a candidate, in which slot, and the how manieth.
        """
        slots: list[tuple[Path, int]] = []

        def visit(value: Any, slot: Path, holder: Any) -> None:
            if isinstance(value, Choice):
                self.opened.append(bool(self._where(path / slot, value, holder)))
                if self.opened[-1]:
                    slots.append((slot, self._add(value, path / slot, join(prefix, slot), taken)))
                else:
                    self.closed.append(path / slot)
                return
            for key, item in items(value) or ():
                visit(item, slot / key, value)

        visit(tree, ROOT, None)
        return Template(tree, tuple(slots))

    def _add(self, choice: Choice, path: Path, id: str, taken: tuple[int, int, int]) -> int:
        index = len(self.points)
        self.choices.append(choice)
        self.branches.append(())
        self.points.append(Point(id, path, *taken, choice.bare()))
        slots = choice.slots()
        self.branches[index] = tuple(
            tuple(
                self.template(
                    candidate,
                    path if choice.is_single else path / slot,
                    f"{id if choice.is_single else f'{id}[{slot}]'}[={branch}/{len(candidates)}]",
                    (index, slot, branch),
                )
                for branch, candidate in enumerate(candidates)
            )
            for slot, candidates in enumerate(slots)
        )
        return index


def join(prefix: str, slot: Path) -> str:
    """The name of the decision at `slot` in what is called `prefix`."""
    rest = str(slot)
    return f"{prefix}.{rest}" if prefix and rest and not rest.startswith("[") else prefix + rest
