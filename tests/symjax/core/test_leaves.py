"""The one rule to remember: floats and arrays are leaves; everything else is structure."""

import enum
import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import symjax as sj
from symjax.core.leaves import ATOMS, is_array, is_dtype, is_leaf, is_other_pytree

from .. import trees

LEAVES = [
    0.1,
    1j,
    np.float32(1),
    np.complex64(1),
    jnp.bfloat16(1),
    np.ones(2),
    np.ones(2, int),
    np.array(True),
]
STRUCTURE = [
    1,
    True,
    "a",
    b"a",
    None,
    np.int32(1),
    np.bool_(True),
    np.array(["a"]),
    np.dtype("i4"),
    jnp.float32,
]


@pytest.mark.parametrize("value", [*LEAVES, jnp.ones(2), jax.ShapeDtypeStruct((2,), jnp.int8)], ids=repr)
def test_leaves(value):
    assert is_leaf(value)
    assert sj.is_leaf(value)


@pytest.mark.parametrize(
    "value", [*STRUCTURE, enum.Enum("Color", "RED").RED, len, dict, np.array([None])], ids=repr
)
def test_structure(value):
    assert not is_leaf(value)


def test_a_structured_array_is_no_leaf_and_bfloat16_is_one():
    assert not is_leaf(np.zeros(2, "i4,i4"))
    assert is_leaf(np.zeros(2, jnp.bfloat16))


def test_tracers_are_leaves():
    assert jax.jit(lambda x: x if is_leaf(x) and is_array(x) else None)(1) == 1


@pytest.mark.parametrize("value", [v for v in LEAVES + STRUCTURE if type(v) not in ATOMS], ids=repr)
def test_what_the_rule_calls_a_leaf_is_one_of_a_node(value):
    expected = int(is_leaf(value))
    try:
        node = trees.Box(value)
    except TypeError:
        assert not expected  # structure must be hashable
    else:
        assert len(jax.tree.leaves(node)) == expected


def test_atoms_have_no_parts_and_cannot_change():
    for kind in ATOMS:
        assert not issubclass(kind, tuple | list | dict | np.ndarray | jax.Array)
    assert types.FunctionType in ATOMS


def test_dtypes():
    assert all(map(is_dtype, [np.dtype("i4"), np.float32, jnp.float32, jnp.bfloat16, np.generic]))
    assert not any(map(is_dtype, ["float32", float, np.float32(1), None]))


def test_pytrees_of_other_libraries_are_entered():
    assert is_other_pytree(optax.EmptyState())
    assert is_other_pytree(optax.adam(0.1).init(jnp.ones(2)))
    assert not any(map(is_other_pytree, [1, 0.5, "a", object()]))
