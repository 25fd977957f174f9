"""Arrays in JSON: what is written is read, and a record that is none is refused."""

import json

import jax.numpy as jnp
import pytest

import symjax as sj


def text_of(tree):
    return json.dumps({"format": 1, "tree": tree})


def array(**changes):
    return {"$array": {"dtype": "float32", "shape": [1], "of": "jax", "data": "AAAAAA==", **changes}}


def test_a_sound_array_is_read():
    assert sj.from_json(text_of(array())).tolist() == [0.0]


@pytest.mark.parametrize(
    "tree",
    [
        array(dtype="nothing"),
        array(dtype="object"),
        array(dtype=3),
        array(dtype="f4"),
        array(dtype="i4,i4"),
        array(shape=[10**12]),
        array(shape=[10**30]),
        array(shape=[0, 10**30]),
        array(shape=[-1]),
        array(shape=[1.0]),
        array(shape="1"),
        array(shape=[True]),
        array(of="torch"),
        array(data="!"),
        array(data="\ud800"),
        {"$shape": ["a", "float32", False]},
        {"$shape": [[-1], "float32", False]},
        {"$shape": [[1.5], "float32", False]},
        {"$shape": [[1], "nothing", False]},
        {"$shape": [[1], "float32", 3]},
        {"$shape": [3]},
        {"$shape": 3},
        {"$scalar": ["float32", ""]},
        {"$scalar": ["float32", "AAAAAAAAAAA="]},
        {"$key": ["threefry2x32", 3]},
    ],
)
def test_a_record_that_is_none_is_refused(tree):
    for bad in (tree, [tree], {"$map": {"a": tree}}):
        with pytest.raises(sj.LoadError, match=r"\(path="):
            sj.from_json(text_of(bad))


# Weak types are kept; each number by itself took minutes.


def test_weakly_typed_arrays():
    weak = jnp.broadcast_to(jnp.asarray(0.1), (1000, 1000))
    assert weak.weak_type
    read = sj.from_json(sj.to_json(weak))
    assert sj.eq(read, weak)
    assert (read + jnp.ones((), jnp.bfloat16)).dtype == jnp.bfloat16


@pytest.mark.parametrize("value", [0.1, float("nan"), -0.0, 1, 1 + 2j])
def test_weak_types_of_every_dtype(value):
    weak = jnp.asarray(value)
    read = sj.from_json(sj.to_json(weak))
    assert sj.eq(read, weak)
    assert read.weak_type
