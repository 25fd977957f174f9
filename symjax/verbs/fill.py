"""`fill`: a tree of the same structure with another value at each leaf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.tree_util as jtu

from symjax.core.errors import NoSuchPath, at, known, nearest
from symjax.core.paths import Path
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
    paths = [Path.from_jax(key_path) for key_path, _ in entries]
    by_keys = {path.keys: (path, value) for path, value in wanted.items()}
    lengths = sorted({len(keys) for keys in by_keys}, reverse=True)
    without_leaf = set(wanted)
    filled = []
    for leaf in paths:
        value, longest = default, True
        for keys in [leaf.keys[:length] for length in lengths if length <= len(leaf)]:
            hit = by_keys.get(keys)
            if hit is not None:
                without_leaf.discard(hit[0])
                value, longest = (hit[1], False) if longest else (value, False)
        filled.append(value)
    for path in wanted:
        if path in without_leaf:
            raise NoSuchPath(_no_leaf(tree, path, paths))
    return jtu.tree_unflatten(treedef, filled)


def _no_leaf(tree: Any, path: Path, leaves: list[Path]) -> str:
    """The message for a path at which there is no leaf: it is structure, or it is not there."""
    exists = any(place == path for place, _, _ in walk(tree))
    why = "which is structure" if exists else f"which does not exist {nearest(path, leaves)}".rstrip()
    return f"no leaf at or below {str(path)!r}, {why}; {known(leaves, 'the leaves')} {at(path)}"
