"""Compiled code: one for any number of lanes, and how many a call should have."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.compiling.executables import Executable
from symjax.search.compiling.fingerprints import fingerprint
from symjax.search.compiling.lanes import Arity, Layout

DEVICES = tuple(jax.devices()[:2])
ROOT = jax.random.key(3)
LANE = jax.make_jaxpr(lambda x, key, scale: [x * scale])(jnp.ones(2), ROOT, 2.0)


def executable(layout=Layout("map", 1), devices=DEVICES):  # noqa: B008 - immutable
    return Executable(LANE, Arity(1, 1), layout, devices, fingerprint(LANE))


@pytest.mark.parametrize("layout", [Layout("map", 1), Layout("map", 4), Layout("vmap", 8)], ids=str)
def test_serves_any_number_of_lanes_up_to_its_capacity(layout):
    code = executable(layout)
    assert not code.is_compiled
    code.compile()
    assert code.is_compiled
    assert code.memory() > 0
    root = jax.device_put(ROOT, code.sharding)
    for n in {1, 2, 5, code.capacity - 1, code.capacity}:
        xs = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
        arguments = code.arguments([xs], np.zeros((n, 1), np.uint32), [np.float32(3)], root)
        (ys,) = code.run(arguments)
        assert np.array_equal(ys, 3 * xs)


def test_a_call_is_as_long_as_results_should_take():
    code = executable()
    assert (code.is_timed, code.chunk(), code.capacity) == (False, 2, 8192)
    code.ran(2, 0.1)  # a lane on each device
    assert (code.is_timed, code.chunk()) == (True, 10)
    code.ran(10, 0.25)
    assert code.chunk() == 20
    code.ran(20, 1e-5)
    assert code.chunk() == code.capacity
    vectorized = executable(Layout("vmap", 8))
    assert (vectorized.is_timed, vectorized.chunk()) == (True, 16)


def test_what_is_remembered_of_it_is_of_the_same_code():
    codes = [
        executable(layout, devices)
        for layout in (Layout("map", 1), Layout("vmap", 8))
        for devices in (DEVICES, DEVICES[:1])
    ]
    assert len({code.candidate.digest for code in codes}) == 4
    assert executable().candidate == codes[0].candidate
    opaque = fingerprint(LANE)._replace(opaque=(print,))  # as the function of a callback: no text tells it
    assert Executable(LANE, Arity(1, 1), Layout("map", 1), DEVICES, opaque).candidate.digest is None
