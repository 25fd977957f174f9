"""Columns of metrics as JSON."""

import json
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from symjax.search.results.column_forms import read_column, read_metrics, write_column, write_metrics


def reread(column):
    return read_column(json.loads(json.dumps(write_column(column), allow_nan=False)))


dtypes = st.sampled_from(
    [np.float16, np.float32, np.float64, np.complex64, np.complex128, np.int8, np.uint32, np.int64, np.bool_]
)


@given(
    dtypes.flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    )
)
def test_arrays_are_read_to_the_last_bit(array):
    again = reread(array)
    assert (again.dtype, again.shape, again.tobytes()) == (array.dtype, array.shape, array.tobytes())


@given(hnp.arrays(np.uint32, st.integers(0, 20)))
def test_any_bits_of_float32(bits):
    array = bits.view(np.float32)
    assert reread(array).view(np.uint32).tolist() == bits.tolist()


def test_types_of_jax():
    for dtype in (jnp.bfloat16, jnp.float8_e4m3fn, jnp.int4):
        array = np.array([1, -2, 3.5], dtype)
        assert reread(array).dtype == dtype
        assert reread(array).tobytes() == array.tobytes()
    assert np.isnan(reread(np.array([np.nan], jnp.bfloat16))).all()


def test_a_file_can_be_read_by_people():
    assert write_column(np.array([0.1, np.nan], np.float32))["data"] == [0.1, "nan"]


def test_ragged_columns():
    column = np.array([np.ones(1, np.float32), None, np.zeros((2, 3), int)], object)
    again = reread(column)
    assert again[1] is None
    assert (again[0].tolist(), again[0].dtype, again[2].shape) == ([1], np.float32, (2, 3))


class Pair(NamedTuple):
    x: np.ndarray
    y: np.ndarray


def test_trees_of_metrics():
    one, two = np.ones(2), np.arange(2)
    tree = {"a": [one, (two, {"b": one})], "c": Pair(one, two), "d": None}
    again = read_metrics(json.loads(json.dumps(write_metrics(tree))))
    assert again["a"][1][0].tolist() == [0, 1]
    assert type(again["a"]) is list
    assert type(again["a"][1]) is tuple
    assert again["c"].keys() == {"x", "y"}
    assert again["d"] is None
    assert read_metrics(write_metrics(one)).tolist() == [1, 1]
    assert write_metrics(None) is None


@pytest.mark.parametrize(
    "record",
    [
        {"dtype": "float32", "shape": [2], "data": [1]},
        {"dtype": "float32", "shape": [1], "data": ["many"]},
        {"dtype": "float32", "shape": [1]},
        {"dtype": "nothing", "shape": [1], "data": [1]},
        {"dtype": "int8", "shape": [1], "data": [1000]},
        3,
    ],
)
def test_what_is_no_column_is_refused(record):
    with pytest.raises((KeyError, OverflowError, TypeError, ValueError)):
        read_column(record)
    with pytest.raises(ValueError, match="not in a 'set'"):
        read_metrics({"set": []})
