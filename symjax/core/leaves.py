"""The one rule to remember: floats and arrays are leaves; everything else is structure."""

from __future__ import annotations

import types
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np

# The common types whose values are frozen, hashable, without parts, and no placeholders.
ATOMS = frozenset(
    {int, float, bool, str, complex, type(None), type, types.FunctionType, types.BuiltinFunctionType}
    | {type(jnp.float32), type(jax.nn.relu), type(jax.nn.silu), type(np.dtype(np.float32))}
)
_DTYPE_LIKE = (np.dtype, type(jnp.float32))
_LEAF_TYPES = (float, complex, jax.Array, np.inexact, jax.ShapeDtypeStruct)


def is_leaf(value: Any) -> bool:
    """Whether JAX traces this value, or it belongs to the structure.

    Leaves are Python and NumPy floats and complex numbers, JAX arrays, tracers, numeric NumPy arrays
    (integer and boolean ones too), and `jax.ShapeDtypeStruct`. Ints, bools, strings, enums, dtypes,
    functions, classes and `None` are structure.

    Example:
        >>> [is_leaf(value) for value in (0.1, 1, True, 'relu', None, np.ones(3))]
        [True, False, False, False, False, True]
    """
    if isinstance(value, _LEAF_TYPES):
        return True
    if isinstance(value, np.ndarray | np.generic):
        return _is_numeric_array(value)
    return False


def is_array(value: Any) -> bool:
    """Whether the value has a shape and a dtype and no Python value at hand: arrays and tracers."""
    return isinstance(value, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _is_numeric_array(value: np.ndarray[Any, Any] | np.generic) -> bool:
    kind = value.dtype.kind
    if isinstance(value, np.generic):  # integer and boolean scalars are structure, as ints and bools are
        return kind in "fc" or (kind == "V" and bool(jnp.issubdtype(value.dtype, np.inexact)))
    if kind == "V":  # bfloat16 and its relatives, but no structured dtypes
        return bool(jnp.issubdtype(value.dtype, np.number))
    return kind in "biufc"


def is_dtype(value: Any) -> bool:
    """Whether a value says of which dtype arrays are: a NumPy dtype, a class of scalars, `jnp.float32`."""
    return isinstance(value, _DTYPE_LIKE) or (isinstance(value, type) and issubclass(value, np.generic))


def is_other_pytree(value: Any) -> bool:
    """Whether JAX enters this value although it is none of ours: an optimizer state, a struct."""
    try:
        return jtu.default_registry.flatten_one_level(value) is not None
    except ValueError:
        return False
