"""`on_rebind`: what a node changes in itself when something in it was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symjax.core.errors import at, brief, note
from symjax.core.paths import Path
from symjax.core.schema import is_undecided

# One change of a rebind: its path in the old tree, the new value, and whether it was asked for or follows
# from another. A plain tuple: one is made for each value that a rule changes (benchmarks/trees.py, "rule").
Change = tuple[Path, Any, bool]


class Changes(dict[Path, Any]):
    """What was changed in a node and below it, which its ``on_rebind(self, changes)`` is told.

    New values by path, seen from the node.

    Attributes:
        explicit: The paths of those that were asked for; the others are follow-up updates of nodes inside.
            What was asked for stays: follow-up updates of the same places are dropped, unless `overriding`
            returns them.
    """

    def __init__(self, changes: Sequence[Change], depth: int) -> None:
        super().__init__({Path(path.keys[depth:]): value for path, value, _ in changes})
        self.explicit = frozenset([Path(path.keys[depth:]) for path, _, explicit in changes if explicit])

    def overriding(self, updates: Mapping[str | Path, Any]) -> Mapping[str | Path, Any]:
        """Follow-up updates that also replace what was asked for."""
        return _Overriding(updates)


class _Overriding(dict[Any, Any]):
    pass


def reaction(node: Any, changes: Sequence[Change], path: Path) -> dict[Path, Any]:
    """The follow-up updates of a changed node.

    Args:
        node: A node whose class has an ``on_rebind``.
        changes: The changes in it and below it.
        path: Where it stands.

    Raises:
        TypeError: ``on_rebind`` returns no updates.
    """
    told = Changes(changes, len(path))
    try:
        updates = node.on_rebind(told)
    except RecursionError as error:
        cls = type(node).__name__
        note(error, f"{cls}.on_rebind rebinds a {cls}, which asks it again: return the updates {at(path)}")
        raise
    except Exception:
        if is_undecided(node):
            return {}  # it is asked again when the choice is decided
        raise
    if updates is None:
        return {}
    if not isinstance(updates, Mapping):
        raise TypeError(
            f"{type(node).__name__}.on_rebind returns follow-up updates {{path: value}} or None, got "
            f"{brief(updates)} {at(path)}"
        )
    wanted = {Path.parse(text): value for text, value in updates.items()}
    if isinstance(updates, _Overriding):
        return wanted
    return {
        where: value for where, value in wanted.items() if not (where and _overlaps(where, told.explicit))
    }


def _overlaps(path: Path, others: frozenset[Path]) -> bool:
    return any(path.startswith(other) or other.startswith(path) for other in others)
