"""The table of kinds: each value belongs to one row, from which static keys, equality and hash follow."""

import enum
import functools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import symjax as sj
from symjax.core import kinds
from symjax.core.kinds import kind_of, static_key

from .. import trees
from ..trees import Color, Level, Pair, State


class Permission(enum.IntFlag):
    READ = 1
    WRITE = 2


class MyFloat(float):
    pass


VALUES = [
    (kinds.PLAIN, ["a", 1, True, None]),
    (kinds.FLOAT, [0.5, float("nan")]),
    (kinds.COMPLEX, [1j]),
    (kinds.BYTES, [b"a"]),
    (kinds.CONSTANT, [..., NotImplemented, sj.MISSING]),
    (kinds.RANGE, [range(3)]),
    (kinds.SLICE, [slice(1, None)]),
    (kinds.PARTIAL, [functools.partial(max, 1)]),
    (kinds.FROZENSET, [frozenset({1})]),
    (kinds.ENUM, [Color.RED, Level.ONE, Permission.READ | Permission.WRITE, jax.lax.Precision.HIGHEST]),
    (kinds.DTYPE, [jnp.float32, np.float32, np.dtype("int8"), jnp.bfloat16]),
    (kinds.CLASS, [int, Color, sj.Object]),
    (kinds.SCALAR, [np.float64(1), np.complex128(1j), np.int8(1), np.str_("a")]),
    (kinds.KEY, [jax.random.key(0)]),
    (kinds.ARRAY, [np.ones(2), jnp.ones(2), np.ones(2).view(np.recarray)]),
    (kinds.SHAPE, [jax.ShapeDtypeStruct((2,), jnp.float32)]),
    (kinds.PARTITION, [jax.sharding.PartitionSpec("a", None)]),
    (kinds.NAMEDTUPLE, [Pair(1)]),
    (kinds.PYTREE, [State(1.0), jax.tree_util.Partial(max)]),
    (kinds.FUNCTION, [len, trees.double, jax.nn.relu, jnp.tanh, jnp.add, np.add, [].append]),
    (kinds.OPAQUE, [object(), MyFloat(1.0), types]),
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, group in VALUES for value in group])
def test_each_value_belongs_to_its_row(kind, value):
    assert kind_of(value).name == kind.name


def test_every_row_but_that_of_tracers_is_tried():
    assert {*kinds.KINDS} == {kind for kind, _ in VALUES} | {kinds.TRACER}
    assert jax.jit(lambda x: kind_of(x) is kinds.TRACER)(1.0)


@given(trees.recipes(), trees.recipes())
def test_equal_structures_have_equal_keys_and_hashes(one, other):
    a, b = one(), other()
    for x, y in ((a, b), (a, one())):
        try:
            same = static_key(x) == static_key(y)
        except TypeError:
            continue
        if same:  # a static key keeps the order of mappings, and so says more
            assert sj.eq(x, y)
            assert sj.hash(x) == sj.hash(y)


@pytest.mark.parametrize(
    "values",
    [
        [1, 1.0, True, np.int8(1), np.int16(1), np.float64(1), Level.ONE, MyFloat(1), 1 + 0j, np.bool_(1)],
        [0.0, -0.0, 0j, complex(-0.0, 0.0), False, 0, np.float32(0), np.float32(-0.0)],
        [float("nan"), -float("nan"), np.float64("nan"), "nan"],
        [slice(1), slice(1.0), slice(True), (None, 1, None)],
        [functools.partial(max, 1), functools.partial(max, True), functools.partial(max, x=1)],
        [frozenset({1}), frozenset({1.0}), frozenset({True}), frozenset({1, 1.5})],
        [Pair(1, 2), (1, 2), Pair(1.0, 2)],
        [jnp.float32, np.dtype("float64"), jnp.int32],
        [range(0), range(1), range(0, 4, 2)],
    ],
)
def test_values_are_told_apart_by_type_and_bits(values):
    keys = [static_key(value) for value in values]
    for i, (value, key) in enumerate(zip(values, keys, strict=True)):
        for j, (other, other_key) in enumerate(zip(values, keys, strict=True)):
            same = i == j
            assert (key == other_key) is same
            assert sj.eq(value, other) is same


def test_all_spellings_of_a_dtype_are_one():
    spellings = [jnp.float32, np.float32, np.dtype("float32")]
    assert len({static_key(dtype) for dtype in spellings}) == 1
    assert all(sj.eq(a, b) and sj.hash(a) == sj.hash(b) for a in spellings for b in spellings)


@pytest.mark.parametrize(
    "value", [np.ones(2), jnp.ones(2), jax.random.key(0), (1, np.ones(2)), slice(np.ones(2))]
)
def test_an_array_is_no_structure(value):
    with pytest.raises(TypeError, match="an array cannot be structure"):
        static_key(value)
