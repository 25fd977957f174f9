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
    filled = [default] * len(paths)
    for path in sorted(wanted, key=len):
        hits = [index for index, leaf in enumerate(paths) if leaf.startswith(path)]
        if not hits:
            raise NoSuchPath(_no_leaf(tree, path, paths))
        for index in hits:
            filled[index] = wanted[path]
    return jtu.tree_unflatten(treedef, filled)


def _no_leaf(tree: Any, path: Path, leaves: list[Path]) -> str:
    """The message for a path at which there is no leaf: it is structure, or it is not there."""
    exists = any(held == path for held, _, _ in walk(tree))
    why = "which is structure" if exists else f"which does not exist {nearest(path, leaves)}".rstrip()
    return f"no leaf at or below {str(path)!r}, {why}; {known(leaves, 'the leaves')} {at(path)}"
