"""NumPy's values in a tree: scalars become Python's, arrays nobody can write to."""

import pickle
from typing import Any

import flax.core
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax

from ..trees import Box, Pair


def holder(hint):
    """A class with one field of a type."""
    return type("Holder", (sj.Object,), {"__annotations__": {"x": hint}})


def test_scalars_of_numpy_become_the_values_of_python_that_the_hint_names():
    for hint, value, expected in [
        (float, np.float64(0.1), 0.1),
        (float, np.float32(0.5), 0.5),
        (float, np.int64(3), 3.0),
        (float, jnp.bfloat16.dtype.type(0.5), 0.5),
        (int, np.int8(3), 3),
        (bool, np.bool_(True), True),
        (complex, np.complex64(1j), 1j),
        (str, np.str_("x"), "x"),
        (Any, np.float16(0.5), 0.5),
        (Any, np.uint8(3), 3),
        (jax.typing.ArrayLike, np.float32(0.5), 0.5),
        (tuple[int, ...], [np.int64(1), 2], (1, 2)),
        (dict[str, float], {"a": np.int64(1)}, {"a": 1.0}),
    ]:
        cls = holder(hint)
        admitted = cls(value)
        assert sj.eq(admitted.x, Box(expected).content)
        assert type(admitted.x) is type(Box(expected).content)
        assert jax.tree.structure(admitted) == jax.tree.structure(cls(expected))
        assert admitted == cls(expected) == cls(expected).rebind(x=value)


def test_a_scalar_of_numpy_compiles_nothing_anew():
    cls = holder(float)
    compiled = jax.jit(lambda tree: tree.x * jnp.bfloat16(2))
    assert compiled(cls(0.5)).dtype == compiled(cls(np.float64(0.5))).dtype == jnp.bfloat16
    assert compiled._cache_size() == 1


def test_scalars_of_numpy_stay_where_a_hint_asks_for_them_and_in_adopted_code():
    value = np.float32(0.5)
    assert holder(np.float32)(value).x is value
    assert holder(np.floating | None)(value).x is value

    @sj.symbolize
    class Plain:
        def __init__(self, rate):
            self.type = type(rate)

    assert Plain(value).type is np.float32
    assert type(nn.Dropout(value).rate) is np.float32
    date = np.datetime64("2020-01-01")
    assert holder(Any)(date).x is date


def test_a_writeable_array_is_copied_and_nobody_can_write_to_the_copy():
    array = np.arange(3.0)

    class Layer(nn.Module):
        table: Any

    for tree in (Box(array), Layer(array), optax.constant_schedule(array), Box(1).rebind(content=array)):
        (leaf,) = jax.tree.leaves(tree)
        assert leaf is not array
        array[0] = 7.0
        assert leaf.tolist() == [0.0, 1.0, 2.0]
        array[0] = 0.0
        with pytest.raises(ValueError, match="read-only"):
            leaf[0] = 1.0


def test_an_array_given_twice_is_copied_once_and_a_read_only_one_never():
    array = np.arange(3.0)
    box = Box([array, {"a": array}])
    assert box.content[0] is box.content[1]["a"]
    array.setflags(write=False)
    assert Box(array).content is array
    assert Box([array]).content[0] is array


def test_named_tuples_are_entered_too():
    array = np.arange(3.0)
    pair = Box(Pair(np.float64(0.5), [array])).content
    assert type(pair) is Pair
    assert type(pair.left) is float
    assert not pair.right[0].flags.writeable


def test_arrays_in_data_are_read_only_too():
    array = np.arange(3.0)
    for data in ({"layer": {"kernel": array}}, flax.core.freeze({"layer": {"kernel": array}})):
        content = Box(data).content
        assert type(content) is type(data)
        assert not content["layer"]["kernel"].flags.writeable
    assert array.flags.writeable
    parameters = flax.core.freeze({"kernel": jnp.ones(3)})
    assert Box(parameters).content is parameters


def test_a_read_only_view_of_a_writeable_array_is_copied():
    owner = np.ones(4)
    view = owner[:2]
    view.setflags(write=False)
    box = Box(view)
    owner[:] = 7
    np.testing.assert_array_equal(box.content, [1, 1])


def test_arrays_are_read_only_after_unpickling():
    box = Box((np.ones(2), {"a": np.ones(2)}, {"a": np.ones(2), "layer": None}))
    loaded = pickle.loads(pickle.dumps(box))
    assert loaded == box
    assert not any(leaf.flags.writeable for leaf in jax.tree.leaves(loaded))
