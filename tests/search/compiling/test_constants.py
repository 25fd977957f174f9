"""Arrays that a function holds: found wherever it holds them, one on the devices where they are equal."""

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxpr_as_fun
from jax.sharding import SingleDeviceSharding

from symjax.search.compiling.constants import hoisted

HERE = SingleDeviceSharding(jax.devices()[0])
LARGE = np.arange(2000, dtype=np.float32)
OTHER = jnp.arange(3000.0)
SMALL = np.arange(3, dtype=np.float32)


@jax.jit
def inner(x):
    return x * jnp.asarray(LARGE)[:3].sum() + OTHER.sum()


def in_branches(x):
    return jax.lax.cond(x > 0, inner, lambda x: x, x)


def in_loops(x):
    x = jax.lax.scan(lambda x, _: (inner(x), None), x, length=2)[0]
    return jax.lax.while_loop(lambda x: x < 1e30, inner, x)


def in_checkpoints(x):
    return jax.grad(jax.checkpoint(lambda x: inner(x) ** 2))(x)


@pytest.mark.parametrize("function", [inner, in_branches, in_loops, in_checkpoints])
def test_are_arguments_wherever_they_stand(function):
    program, constants = hoisted(jax.make_jaxpr(function)(1.0))
    assert [constant.text for constant in constants] == ["float32[2000]", "float32[3000]"]
    assert program.consts == []
    assert "2000" not in str(program.jaxpr.eqns).replace("f32[2000]", "")
    (result,) = jaxpr_as_fun(program)(jnp.float32(1.0), *(constant.on(HERE) for constant in constants))
    np.testing.assert_allclose(result, function(1.0), rtol=1e-6)
    assert hoisted(program) == (program, ()) or hoisted(program)[1] == ()


def test_small_ones_and_keys_are_part_of_the_program():
    key = jax.random.key(0)
    program, constants = hoisted(jax.make_jaxpr(lambda x: x * SMALL + jax.random.normal(key))(1.0))
    assert constants == ()
    assert len(program.consts) == 2


def test_equal_ones_are_one():
    def of(array):
        return hoisted(jax.make_jaxpr(lambda i: jnp.asarray(array)[i])(0))[1][0]

    one = of(LARGE)
    assert of(LARGE.copy()) is one
    assert of(jnp.asarray(LARGE)) is one
    assert of(LARGE + 1) is not one
    assert of(LARGE.view(np.int32)) is not one
    assert one.on(HERE) is one.on(HERE)
    assert one.bytes == 8000


def test_go_when_nobody_holds_them():
    class Data(np.ndarray):
        """An array that can be referred to weakly."""

    def fresh():
        data = (LARGE + 7).view(Data)
        program = jax.make_jaxpr(lambda i: jnp.asarray(np.asarray(data))[i])(0)
        return hoisted(program)[1][0], weakref.ref(data)

    constant, alive = fresh()
    constant.on(HERE)
    jax.clear_caches()
    gc.collect()
    assert alive() is None
    assert constant.on(HERE)[3] == 10
