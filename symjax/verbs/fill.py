"""`fill`: a tree of the same structure with another value at each leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax.tree_util as jtu

from symjax.core.errors import NoSuchPath, at, known, nearest
from symjax.core.paths import Path, jax_key
from symjax.verbs.walk import walk


def fill(tree: Any, default: Any, values: Mapping[str | Path, Any] | None = None) -> Any:
    """A tree of the same pytree structure with a value at each leaf: ``in_axes``, shardings, masks.

    Rebinding a leaf to an int would make it structure; this does not.

    Args:
        tree: Any pytree.
        default: The value at the leaves that `values` does not name.
        values: Values by path; a path to a subtree sets all leaves below it, and a longer path wins.

    Returns:
        A pytree with the treedef of `tree`.

    Raises:
        KeyError: A path at or below which there is no leaf.

    Example:
        >>> import jax
        >>> tree = {'a': 1.0, 'b': [2.0, 3.0]}
        >>> fill(tree, None, {'b[0]': 0})
        {'a': None, 'b': [0, None]}
    """
    wanted = {Path.parse(path): value for path, value in (values or {}).items()}
    entries, treedef = jtu.tree_flatten_with_path(tree)
    places = _Place()
    for path, value in wanted.items():
        places.add(path, value)
    filled = [places.value_at(key_path, default) for key_path, _ in entries]
    without_leaf = set(places.unused())
    for path in wanted:
        if path in without_leaf:
            raise NoSuchPath(_no_leaf(tree, path, [Path.from_jax(key_path) for key_path, _ in entries]))
    return jtu.tree_unflatten(treedef, filled)


class _Place:
    """The values that are wanted at a place and below it: one step for each key of a leaf's path.

    Attributes:
        path: The path that was given, if a value is wanted here.
        used: Whether there is a leaf here or below.
    """

    __slots__ = ("below", "path", "used", "value")

    def __init__(self) -> None:
        self.below: dict[Any, _Place] = {}
        self.path: Path | None = None
        self.value: Any = None
        self.used = False

    def add(self, path: Path, value: Any) -> None:
        """Takes down a value for a path that starts here."""
        place = self
        for key in path.keys:
            place = place.below.setdefault(key, _Place())
        place.path, place.value = path, value

    def value_at(self, leaf: Iterable[Any], default: Any) -> Any:
        """The value of the longest path to a leaf or above it.

        Args:
            leaf: Its key path as JAX has it. The keys below the longest path are not looked at: a `Path` of
                each leaf would take most of the time.
            default: The value where there is no path.
        """
        place = self
        place.used = True
        value = default if place.path is None else place.value
        for entry in leaf:
            if not place.below:
                break
            below = place.below.get(jax_key(entry))
            if below is None:
                break
            place = below
            place.used = True
            if place.path is not None:
                value = place.value
        return value

    def unused(self) -> Iterator[Path]:
        """The paths at or below which there was no leaf."""
        places = [self]
        while places:
            place = places.pop()
            if place.path is not None and not place.used:
                yield place.path
            places.extend(place.below.values())


def _no_leaf(tree: Any, path: Path, leaves: list[Path]) -> str:
    """The message for a path at which there is no leaf: it is structure, or it is not there."""
    exists = any(place == path for place, _, _ in walk(tree))
    why = "which is structure" if exists else f"which does not exist {nearest(path, leaves)}".rstrip()
    return f"no leaf at or below {str(path)!r}, {why}; {known(leaves, 'the leaves')} {at(path)}"
