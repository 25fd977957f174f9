"""Which equations are the call of a function."""

import functools
from collections import Counter

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import Var

from symjax.patches.interior.functions.calls import Recognizer, Source, is_derivative, is_of_jax, scopes_of
from symjax.patches.roles.flax_layers import ACTIVATIONS

ALL = tuple(dict.fromkeys(getattr(jax.nn, name) for name in ACTIVATIONS))


def calls_in(function, *functions, names=(), at=((2, 3), jnp.float32)):
    """The calls in a program of one array, each as the functions that it may be, or its name."""
    program = jax.make_jaxpr(function)(jax.ShapeDtypeStruct(*at)).jaxpr
    uses = Counter([v for eqn in program.eqns for v in eqn.invars if isinstance(v, Var)])
    uses.update([v for v in program.outvars if isinstance(v, Var)])
    recognizer = Recognizer(functions or ALL, frozenset(names))
    calls, position = [], 0
    while position < len(program.eqns):
        call = recognizer.call_at(program, position, uses)
        if call:
            calls.append(call.functions or call.name)
        position += len(call.eqns) if call else 1
    return calls


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
@pytest.mark.parametrize("function", ALL, ids=lambda function: function.__name__)
def test_each_activation_is_found_and_taken_for_no_other(function, dtype):
    calls = calls_in(lambda x: 2 * function(x + 1), at=((2, 3), dtype))
    assert calls == [(function,)]


@pytest.mark.parametrize("function", [jax.nn.relu, jax.nn.gelu, jnp.tanh, jax.nn.silu])
def test_also_where_it_is_mapped_and_where_two_follow_each_other(function):
    def twice(x):
        return function(function(x))

    assert calls_in(twice) == calls_in(jax.vmap(twice)) == [(function,)] * 2


def test_whatever_its_switches_and_its_other_arguments_are():
    assert calls_in(functools.partial(jax.nn.gelu, approximate=False)) == [(jax.nn.gelu,)]
    assert calls_in(functools.partial(jax.nn.gelu, approximate=True)) == [(jax.nn.gelu,)]
    assert calls_in(functools.partial(jax.nn.leaky_relu, negative_slope=0.3)) == [(jax.nn.leaky_relu,)]


def test_a_partial_is_found_with_its_arguments_alone():
    steep, flat = (functools.partial(jax.nn.leaky_relu, negative_slope=slope) for slope in (0.5, 0.1))
    assert calls_in(steep, steep) == [(steep,)]
    assert calls_in(flat, steep) == []
    exact = functools.partial(jax.nn.gelu, approximate=False)
    assert calls_in(exact, exact) == [(exact,)]
    assert calls_in(jax.nn.gelu, exact) == []


def test_a_function_that_jax_does_not_call_as_a_whole_is_found_by_its_equations():
    def mine(x):
        return x * jnp.tanh(jnp.exp(x))

    assert calls_in(lambda x: mine(x) + 1, mine) == [(mine,)]
    assert calls_in(lambda x: x * jnp.tanh(x), mine) == []


def test_of_several_calls_that_begin_at_an_equation_it_is_the_longest():
    def scaled(x):
        return 1.7 * jnp.tanh(x)

    for functions in ([jnp.tanh, scaled], [scaled, jnp.tanh]):
        assert calls_in(lambda x: scaled(x) + 1, *functions) == [(scaled,)]
        assert calls_in(lambda x: 2 * jnp.tanh(x), *functions) == [(jnp.tanh,)]


def test_unless_a_part_of_it_is_used_elsewhere():
    def mine(x):
        return x * jnp.exp(x)

    def other(x):
        y = jnp.exp(x)
        return x * y + y

    assert calls_in(mine, mine) == [(mine,)]
    assert calls_in(other, mine) == []


def test_numbers_and_parameters_of_equations_count():
    def double(x):
        return 2 * jnp.sum(x, axis=0)

    assert calls_in(lambda x: 2 * jnp.sum(x, axis=0), double) == [(double,)]
    assert calls_in(lambda x: 3 * jnp.sum(x, axis=0), double) == []
    assert calls_in(lambda x: 2 * jnp.sum(x, axis=1), double) == []


def test_functions_of_one_name_are_told_apart_by_where_they_are_defined():
    def relu(x):
        return jnp.maximum(x, 0)

    mine = jax.jit(relu)
    assert calls_in(mine) == []
    assert calls_in(mine, names=["relu"]) == ["relu"]
    assert calls_in(mine, mine) == [(mine,)]
    assert calls_in(jax.nn.relu, mine) == []


def test_custom_derivatives_are_calls_under_their_names():
    @jax.custom_vjp
    def mine(x):
        return x

    mine.defvjp(lambda x: (x, None), lambda _, g: (g,))
    assert calls_in(mine, mine) == [(mine,)]
    assert calls_in(mine, names=["mine"]) == ["mine"]


def test_what_a_function_closes_over_is_no_operand():
    def operands(x):
        @jax.jit
        def mine(y, z):
            return x * y + z

        program = jax.make_jaxpr(lambda y: mine(y, y))(x).jaxpr
        call = Recognizer((mine,)).call_at(program, 0, Counter())
        assert call.operands == tuple(program.invars) * 2
        return x

    jax.make_jaxpr(operands)(1.0)


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.bool_])
def test_equations_of_integers_are_no_nonlinearity(dtype):
    assert calls_in(lambda x: x * 2, lambda x: x * 2, at=((2,), dtype)) == []


def test_a_function_that_cannot_be_called_with_one_array_is_not_found_by_its_equations():
    assert calls_in(lambda x: x + x, lambda x, y: x + y) == []


def test_sources():
    assert Source.of(jax.nn.relu).name == "relu"
    assert Source.of(jax.nn.relu).place.rpartition(":")[0].endswith("functions.py")
    assert Source.of(max) == Source("max")


def test_where_equations_stand():
    def scoped(x):
        with jax.named_scope("outer"), jax.named_scope("inner"):
            return jax.vmap(jnp.sin)(x)

    (eqn,) = jax.make_jaxpr(scoped)(jnp.ones(2)).jaxpr.eqns
    assert scopes_of(eqn) == ("outer", "inner")
    assert not is_derivative(eqn)
    assert not is_of_jax(eqn)
    assert all(is_derivative(eqn) for eqn in jax.make_jaxpr(jax.grad(jnp.sin))(1.0).jaxpr.eqns)
    (eqn,) = jax.make_jaxpr(jax.nn.silu)(1.0).jaxpr.eqns
    assert is_of_jax(eqn)
