"""References keep what they refer to when a rebind inserts or deletes items before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from symjax.core.containers import Map
from symjax.core.errors import NoSuchPath
from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import ROOT, Path
from symjax.core.schema import quotes
from symjax.verbs.reactions import Change
from symjax.verbs.refs import Ref, is_node
from symjax.verbs.tree import items, value_at

Place = tuple[Path, Ref, tuple[Path, ...]]


def may_move(changes: Sequence[Change]) -> bool:
    """Whether an item may stand at another index than before, or be gone."""
    return any(new is MISSING or isinstance(new, Insertion) for _, new, _ in changes)


def followed(old: Any, new: Any, changes: Sequence[Change]) -> dict[str | Path, Any]:
    """The updates of `new` by which its references refer to what they referred to in `old`.

    A reference to an item that was deleted is replaced by the item; further ones then refer to that place.

    Args:
        old: The tree before.
        new: The tree after.
        changes: What was changed, by its path in `old`.
    """
    moves = _Moves(old, changes)
    places = {place: (ref, above) for place, ref, above in _references(old, ROOT, ())}
    updates: dict[str | Path, Any] = {}
    heirs: dict[Path, Path] = {}
    for place, (ref, above) in places.items():
        here = moves.to(place)
        if ref.up > len(above) or here is None or _value_or_missing(new, here) is not ref:
            continue
        target = _target(ref, above)
        for _ in places:
            if moves.to(target) is not None or target not in places:
                break
            target = _target(*places[target])  # it referred to a reference, which is gone
        there, start = moves.to(target) or heirs.get(target), moves.to(above[-ref.up])
        if there is None:
            heir = _value_or_missing(old, target)
            if heir is not MISSING:
                heirs[target] = here
                updates[here] = heir
        elif start is not None and there.startswith(start):
            path = str(Path(there.keys[len(start) :]))
            if path != ref.path:
                updates[here] = Ref(path, ref.up)
    return updates


def _target(ref: Ref, above: tuple[Path, ...]) -> Path:
    return above[-ref.up] / Path.parse(ref.path)


class _Moves:
    """Where the values of a tree stand after some of its items were inserted and deleted."""

    def __init__(self, tree: Any, changes: Sequence[Change]) -> None:
        self.deleted: set[Path] = set()
        self.inserted: dict[Path, list[Any]] = {}
        for path, new, _ in changes:
            holder = _value_or_missing(tree, path.parent) if path else None
            if isinstance(new, Insertion):
                self.inserted.setdefault(path.parent, []).append(path.key)
            elif new is MISSING and isinstance(holder, list | tuple | dict | Map):
                self.deleted.add(path)

    def to(self, path: Path) -> Path | None:
        """The path of a value now; None if it is gone."""
        was = now = ROOT
        for key in path:
            holder, was = was, was / key
            if was in self.deleted:
                return None
            now = now / self._moved(holder, key)
        return now

    def _moved(self, holder: Path, key: Any) -> Any:
        if type(key) is not int:
            return key
        more = sum(index <= key for index in self.inserted.get(holder, ()))
        return key + more - sum(holder / index in self.deleted for index in range(key))


def _references(value: Any, path: Path, above: tuple[Path, ...]) -> Iterator[Place]:
    """All references with their paths and those of the nodes above them, outermost first."""
    if isinstance(value, Ref):
        yield path, value, above
        return
    if quotes(value):
        return
    inner = (*above, path) if is_node(value) else above
    for key, item in items(value) or ():
        yield from _references(item, path / key, inner)


def _value_or_missing(tree: Any, path: Path) -> Any:
    """The value at a path; `MISSING` if there is none."""
    try:
        return value_at(tree, path)
    except NoSuchPath:
        return MISSING
