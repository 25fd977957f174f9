"""New equations for a program."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Var, jaxpr_as_fun

from symjax.patches.interior.functions.equations import (
    fitting,
    inlined,
    program_of,
    rebuilt,
    required,
)

FLOAT = jax.ShapeDtypeStruct((2,), jnp.float32)


def called(function):
    """The program of a call in the place of an equation."""
    (at,) = jax.make_jaxpr(jnp.cos)(FLOAT).jaxpr.eqns
    return program_of(function, at.invars, at)


@pytest.mark.parametrize("function", [lambda x: [x], lambda x: [x + 1] * 2, lambda x: [np.ones(2), x]])
def test_each_result_is_one_of_an_equation(function):
    program = called(function)
    computed = [var for eqn in program.jaxpr.eqns for var in eqn.outvars]
    assert len(set(program.jaxpr.outvars)) == len(function(jnp.ones(2)))
    assert all(any(result is var for var in computed) for result in program.jaxpr.outvars)
    for a, b in zip(jaxpr_as_fun(program)(jnp.full(2, 3.0)), function(jnp.full(2, 3.0)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_inlined_equations_have_variables_of_their_own():
    with jax.named_scope("outer"):
        host = jax.make_jaxpr(lambda x: jnp.cos(x))(jnp.ones(2))
    (at,) = host.jaxpr.eqns
    program = called(lambda x: [jnp.sin(jnp.sin(x)) + 1]).jaxpr
    twice = [inlined(program, host.jaxpr.invars, host.jaxpr.outvars, at) for _ in range(2)]
    inner = [{var for eqn in eqns[:-1] for var in eqn.outvars} for eqns in twice]
    assert not inner[0] & inner[1]
    assert all(eqns[0].invars == host.jaxpr.invars for eqns in twice)
    assert all(eqns[-1].outvars == host.jaxpr.outvars for eqns in twice)
    assert all(isinstance(var, Var) for eqns in twice for eqn in eqns for var in eqn.outvars)


def test_an_equation_whose_programs_cannot_get_constants_is_named():
    (eqn,) = jax.make_jaxpr(lambda x: jnp.sin(x))(1.0).jaxpr.eqns
    with pytest.raises(NotImplementedError, match="cannot be handed into sin"):
        rebuilt(eqn, {})


@pytest.mark.parametrize(
    ("function", "count"),
    [
        (lambda x: x, 1),
        (lambda x, y: x, 2),
        (lambda x, y=1, *, z=2: x, 1),
        (lambda x=1: x, 1),
        (lambda *xs: xs, None),
        (jax.nn.gelu, 1),
        (functools.partial(jax.nn.leaky_relu, negative_slope=0.1), 1),
        (max, None),
    ],
)
def test_how_many_operands_a_function_requires(function, count):
    assert required(function) == (count if function is not max else required(max))
    assert required(max) in (1, None)  # builtins have signatures in some versions of Python only


def test_results_are_fitted_in_type_and_checked_in_shape():
    half = jax.ShapeDtypeStruct((2,), jnp.bfloat16)
    (result,) = fitting(lambda x: {"only": x * 2}, [half])(jnp.ones(2))
    assert (result.dtype, result.tolist()) == (jnp.bfloat16, [2, 2])
    with pytest.raises(ValueError, match=r"shapes \[\(\)\] in place of \[\(2,\)\]"):
        fitting(jnp.sum, [half])(jnp.ones(2))
