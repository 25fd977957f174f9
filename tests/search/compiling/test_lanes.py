"""Lanes in a loop and side by side: what they compute, and how many there is room for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

from symjax.search.compiling.lanes import AXIS, FOLDS, Arity, Layout, spread

DEVICES = jax.devices()[:2]
ROOT = jax.random.key(3)


def one(x, key, scale):
    return jnp.tanh(x) * scale, jax.random.normal(key), jnp.int32(3), 2.0


LANE = jax.make_jaxpr(one)(1.0, ROOT, 2.0)


def run(layout, length, turns, folds=1):
    n = length * len(turns)
    mesh = Mesh(np.array(DEVICES[: len(turns)]), (AXIS,))
    ids = np.arange(n * FOLDS, dtype=np.uint32).reshape(n, FOLDS)
    lanes = jax.jit(spread(LANE, Arity(1, 1), layout, mesh))
    values = [np.linspace(-1, 1, n, dtype=np.float32)]
    return lanes(values, ids, np.int32(folds), np.int32(turns), [np.float32(2)], ROOT), ids[:, :folds]


@pytest.mark.parametrize("layout", [Layout("map", 1), Layout("map", 3), Layout("vmap", 6)], ids=str)
@pytest.mark.parametrize("folds", [1, 2])
def test_each_lane_computes_what_the_function_gives(layout, folds):
    (y, noise, three, two), ids = run(layout, 6, [6 // layout.width] * 2, folds)
    np.testing.assert_allclose(y, 2 * np.tanh(np.linspace(-1, 1, 12)), rtol=1e-6)
    for lane, own in enumerate(ids):
        key = ROOT
        for number in own:
            key = jax.random.fold_in(key, number)
        assert noise[lane] == jax.random.normal(key)
    assert (three.tolist(), two.tolist()) == ([3] * 12, [2.0] * 12)
    assert (three.dtype, two.dtype) == (np.int32, np.float32)


def test_one_lane_at_a_time_is_the_function_itself():
    """A vmap of one lane would give other last bits."""
    mesh = Mesh(np.array(DEVICES[:1]), (AXIS,))
    arguments = [np.ones(6, np.float32)], np.ones((6, FOLDS), np.uint32), 1, np.int32([6]), [1.0], ROOT
    programs = [
        str(jax.make_jaxpr(spread(LANE, Arity(1, 1), Layout("map", width), mesh))(*arguments))
        for width in (1, 2)
    ]
    assert ["f32[] = tanh" in program for program in programs] == [True, False]


def test_a_device_takes_as_many_turns_as_it_is_told():
    (y, *_), _ = run(Layout("map", 1), 4, [3, 0])
    assert np.flatnonzero(y).tolist() == [0, 1, 2]
    (y, *_), _ = run(Layout("map", 2), 4, [0, 1])
    assert np.flatnonzero(y).tolist() == [4, 5]


def test_there_is_room_for_a_fixed_number_of_lanes():
    sizes = [0, 1, 1000, 1024, 1025, 1 << 20, 1 << 22, 1 << 30]
    assert [Layout("map", 1).length(size) for size in sizes] == [4096, 4096, 4096, 4096, 1024, 4, 1, 1]
    assert [Layout("map", 3).length(size) for size in sizes] == [4095, 4095, 4095, 4095, 1023, 3, 3, 3]
    assert [Layout("vmap", 8).length(size) for size in sizes] == [8] * 8
