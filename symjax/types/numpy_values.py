"""What NumPy's values become in a tree: arrays that nobody can write to, scalars of Python."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from flax.core import FrozenDict

from symjax.core.containers import mapped
from symjax.types.adopters import Memo, adopted, register_adopter

_SCALARS: tuple[tuple[type[np.generic], type], ...] = (
    (np.bool_, bool),
    (np.str_, str),
    (np.bytes_, bytes),
    (np.integer, int),
    (np.floating, float),
    (np.complexfloating, complex),
)


def read_only(array: np.ndarray[Any, Any], memo: Memo) -> np.ndarray[Any, Any]:
    """An array that nobody can write to, so that its owner cannot change an immutable tree.

    Args:
        array: Any array; one that is read-only, and no view of another that is not, is returned itself;
            another is copied.
        memo: The copies that were made already, by the identity of the originals.
    """
    if not _is_writeable(array):
        return array
    if id(array) not in memo:
        copy = np.array(array, copy=True, order="K", subok=True)
        copy.setflags(write=False)
        memo[id(array)] = copy
    return memo[id(array)]  # type: ignore[no-any-return]


def _is_writeable(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array can be written to, by itself or through the array that it is a view of."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    return False


def python_scalars(value: Any) -> Any:
    """A frozen value with Python's numbers and texts in the place of NumPy's, also in containers.

    So equal trees are equal, and compile once, whoever computed their numbers: NumPy's are strongly typed
    leaves, and promote a bfloat16 model. Dates and records, which Python does not know, stay.

    Example:
        >>> python_scalars((np.float64(0.1), np.int64(3), 'a'))
        (0.1, 3, 'a')
    """
    return _python_scalar(value) if isinstance(value, np.generic) else mapped(python_scalars, value)


def _python_scalar(value: np.generic) -> Any:
    for numpy_type, python_type in _SCALARS:
        if isinstance(value, numpy_type):
            return python_type(value)
    if jnp.issubdtype(value.dtype, np.floating):  # bfloat16 and its relatives
        return float(value)
    return int(value) if jnp.issubdtype(value.dtype, np.integer) else value


def _with_read_only(data: FrozenDict[Any, Any], memo: Memo) -> FrozenDict[Any, Any]:
    entries = data.unfreeze()
    changed = adopted(entries, memo)
    return data if changed is entries else FrozenDict(changed)  # type: ignore[no-untyped-call]


register_adopter(lambda cls: issubclass(cls, np.ndarray), read_only)
register_adopter(lambda cls: cls is FrozenDict, _with_read_only)
