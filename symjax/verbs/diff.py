"""`diff`: where two trees differ, and the updates that turn one into the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, final

from symjax.core.containers import Map
from symjax.core.errors import noting_depth
from symjax.core.kinds import static_key
from symjax.core.leaves import ATOMS
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import is_symbolic, schema_of
from symjax.verbs.equality import eq
from symjax.verbs.tree import items

Folds = Callable[[Any, Any], bool]


class Diff(NamedTuple):
    """One difference. `MISSING` stands for a value that one side does not have."""

    left: Any
    right: Any


@final
class Difference:
    """Where two trees differ; falsy when they are equal. Made by `diff`.

    Attributes:
        left: The first tree.
        right: The second tree.
        flat: Each difference by its path, in the order of the trees.
    """

    __slots__ = ("flat", "left", "right")

    def __init__(self, left: Any, right: Any, flat: dict[Path, Diff]) -> None:
        self.left = left
        self.right = right
        self.flat = flat

    def __bool__(self) -> bool:
        return bool(self.flat)

    def __len__(self) -> int:
        return len(self.flat)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.flat)

    def __getitem__(self, path: str | Path) -> Diff:
        return self.flat[Path.parse(path)]

    @property
    def nested(self) -> Any:
        """The differences as nested dicts in the shape of the trees; a `Diff` if the roots differ."""
        root: Any = {}
        for path, entry in self.flat.items():
            if not path:
                return entry
            here = root
            for key in path.keys[:-1]:
                here = here.setdefault(key, {})
            here[path.key] = entry
        return root

    def updates(self) -> dict[Path, Any]:
        """The updates for which ``rebind(left, updates)`` equals the right tree.

        Deleted items are updated to `MISSING`, new ones stand at the index at which they are appended,
        and a root of another type stands at the empty path.
        """
        if type(self.left) is not type(self.right):
            return {ROOT: self.right}
        return {path: entry.right for path, entry in self.flat.items()}

    def __repr__(self) -> str:
        return provided.difference_text(self)

    def _repr_html_(self) -> str:
        return provided.difference_html(self)


@noting_depth
def diff(a: Any, b: Any, *, collapse: bool | Callable[[Any, Any], bool] = False) -> Difference:
    """Where two trees differ, in the sense of `symjax.eq`.

    Nodes of the same class, and containers of the same type, are compared part by part; anything else
    that is not equal is one difference.

    Args:
        a: The left tree.
        b: The right tree.
        collapse: Which pairs of unequal subtrees are reported as one difference instead of being
            entered: a predicate ``(left, right)``, or True for all below the root. With True, roots of
            different classes are compared field by field too.

    Returns:
        The differences: `flat`, `nested`, as text, and as `updates`.

    Example:
        >>> print(diff({'a': 1, 'b': [1, 2]}, {'a': 1, 'b': [1, 3]}))
        {'b': [1: 2 → 3]}
        >>> diff([1, 2], [1]).updates()
        {Path('[1]'): MISSING}
    """
    flat: dict[Path, Diff] = {}
    folds = collapse if callable(collapse) else lambda left, right: bool(collapse)
    by_field = collapse is True and type(a) is not type(b) and is_symbolic(a) and is_symbolic(b)
    if by_field:
        _compare_items(items(a) or [], b, ROOT, folds, flat)
    else:
        _compare(a, b, ROOT, folds, flat)
    return Difference(a, b, flat)


def _compare(a: Any, b: Any, path: Path, folds: Folds, flat: dict[Path, Diff]) -> None:
    if a is b:
        return
    mappings = bool(path) and {type(a), type(b)} == {Map, dict}  # in a node: structure, and data
    if not (mappings or type(a) is type(b)) or (children := items(a)) is None or (path and folds(a, b)):
        if not eq(a, b):
            flat[path] = Diff(a, b)
        return
    if (
        schema_of(a) is None
        and not isinstance(a, tuple | list)
        and _keys_clash(dict(children), dict(items(b) or ()))
    ):
        flat[path] = Diff(a, b)
        return
    _compare_items(children, b, path, folds, flat)


def _compare_items(
    children: list[tuple[Any, Any]],
    b: Any,
    path: Path,
    folds: Callable[[Any, Any], bool],
    flat: dict[Path, Diff],
) -> None:
    """Compares the children of one value, with their keys, to those of another."""
    others = dict(items(b) or ())
    for key, left in children:
        right = others.pop(key, MISSING)
        if left is right or (type(left) in ATOMS and type(right) in ATOMS and eq(left, right)):
            continue
        if left is MISSING or right is MISSING:
            flat[path / key] = Diff(left, right)
        else:
            _compare(left, right, path / key, folds, flat)
    for key, right in others.items():
        flat[path / key] = Diff(MISSING, right)


def _keys_clash(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    """Whether equal keys of other types (1 and True) make the entries impossible to tell apart."""
    kinds = {key: static_key(key) for key in left}
    return any(kinds.get(key, static_key(key)) != static_key(key) for key in right)
