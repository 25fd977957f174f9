"""Finding the decisions of an open tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from symjax.core.errors import at
from symjax.core.paths import ROOT, Path
from symjax.verbs.tree import items

from .choices import Choice, FloatV, OneOf
from .points import ChoicePoint, FloatPoint, Point

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
        self.branches: list[tuple[Template, ...]] = []
        self.closed: list[Path] = []

    def template(
        self, tree: Any, path: Path = ROOT, prefix: str = "", parent: int = -1, branch: int = -1
    ) -> Template:
        """The template of the root or of a candidate; `prefix` is its id, `path` its decoded path."""
        slots: list[tuple[Path, int]] = []

        def visit(value: Any, slot: Path, holder: Any) -> None:
            if isinstance(value, Choice) and self._where(path / slot, value, holder):
                index = self._add(value, path / slot, _join(prefix, slot), parent, branch)
                slots.append((slot, index))
                return
            if isinstance(value, Choice):
                self.closed.append(path / slot)
                return
            for key, item in items(value) or ():
                visit(item, slot / key, value)

        visit(tree, ROOT, None)
        return Template(tree, tuple(slots))

    def _add(self, choice: Choice, path: Path, id: str, parent: int, branch: int) -> int:
        index = len(self.points)
        self.choices.append(choice)
        self.branches.append(())
        match choice:
            case OneOf(candidates=candidates):
                arity = len(candidates)
                self.points.append(ChoicePoint(id, path, parent, branch, arity))
                self.branches[index] = tuple(
                    self.template(candidate, path, f"{id}[={i}/{arity}]", index, i)
                    for i, candidate in enumerate(candidates)
                )
            case FloatV(lo=lo, hi=hi, scale=scale):
                self.points.append(FloatPoint(id, path, parent, branch, lo, hi, scale))
            case _:
                raise TypeError(f"a space cannot open a {type(choice).__name__} {at(path)}")
        return index


def _join(prefix: str, slot: Path) -> str:
    """The id of the decision at `slot` in the candidate of the id `prefix`."""
    rest = str(slot)
    return f"{prefix}.{rest}" if prefix and rest and not rest.startswith("[") else prefix + rest
