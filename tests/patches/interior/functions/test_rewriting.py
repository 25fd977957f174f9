"""Programs with calls replaced."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxpr_as_fun

from symjax.patches.interior.functions.rewriting import Replacement, rewrite_program, trace

X = jnp.linspace(-2, 2, 6).reshape(2, 3)


def rewritten(function, old, new, **options):
    """A function with another one called inside."""

    def called(*args, **kwargs):
        program, arrays, finish = trace(function, *args, **kwargs)
        program, _ = rewrite_program(program, Replacement((old,), new, **options))
        return finish(jaxpr_as_fun(program)(*arrays))

    return called


def sights(function, old, new, *args, **options):
    return rewrite_program(trace(function, *args).program, Replacement((old,), new, **options))[1]


def in_scan(act, x):
    rows = jnp.stack([x, 2 * x])
    carry, rows = jax.lax.scan(lambda c, row: (act(c) + row, act(row)), x, rows, reverse=True)
    return carry + rows.sum(0)


def in_carried_scan(act, x):
    return jax.lax.scan(lambda c, _: (act(c), None), x, length=2)[0]


def in_map(act, x):
    return jax.lax.map(act, x)


def in_while(act, x):
    return jax.lax.while_loop(lambda c: act(c).sum() < 9, lambda c: act(c) + x + 1, x)


def in_for(act, x):
    return jax.lax.fori_loop(0, 3, lambda i, c: act(c) + i, x)


def in_branch(act, x):
    return jax.lax.cond(x.sum() > 0, jnp.sin, lambda x: act(x) + 1, x)


def in_switch(act, x):
    return jax.lax.switch(1, [jnp.sin, lambda x: act(x) + 1, jnp.cos], x)


PLACES = {
    "jit": lambda act, x: jax.jit(lambda x: act(x) * 2)(x),
    "remat": lambda act, x: jax.checkpoint(lambda x: act(x) * 2)(x),
    "vmap": lambda act, x: jax.vmap(lambda row: act(row) * 2)(x),
    "scan": in_scan,
    "carried scan": in_carried_scan,
    "map": in_map,
    "while": in_while,
    "fori_loop": in_for,
    "cond": in_branch,
    "switch": in_switch,
    "nested": lambda act, x: jax.jit(functools.partial(in_scan, jax.checkpoint(act)))(x),
}


def bent(x):
    return jnp.where(x > 0, x, 0.3 * x)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("old", [jax.nn.relu, jax.nn.gelu])
def test_every_program_within_is_entered(place, old):
    function = functools.partial(PLACES[place], old)
    new = rewritten(function, old, bent)
    expected = functools.partial(PLACES[place], bent)
    np.testing.assert_allclose(new(X), expected(X), rtol=1e-6)
    assert np.abs(new(X) - function(X)).max() > 0.1


@pytest.mark.parametrize("place", [place for place in PLACES if place not in ("while",)])
def test_gradients_are_those_of_the_function_written_so(place):
    function = functools.partial(PLACES[place], jax.nn.relu)
    new = jax.grad(lambda x: rewritten(function, jax.nn.relu, bent)(x).sum())
    expected = jax.grad(lambda x: PLACES[place](bent, x).sum())
    np.testing.assert_allclose(jax.jit(new)(X), expected(X), rtol=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_the_new_function_may_depend_on_what_is_traced(place):
    def leaky(slope):
        return lambda x: jnp.where(x > 0, x, slope * x)

    def outer(slope, x):
        return rewritten(functools.partial(PLACES[place], jax.nn.relu), jax.nn.relu, leaky(slope))(x)

    for slope in (0.1, 0.4):
        expected = PLACES[place](leaky(slope), X)
        np.testing.assert_allclose(outer(jnp.float32(slope), X), expected, rtol=1e-6)
        np.testing.assert_allclose(jax.jit(outer)(slope, X), expected, rtol=1e-6)
    both = jax.vmap(outer, (0, None))(jnp.array([0.1, 0.4]), X)
    np.testing.assert_allclose(both[1], expected, rtol=1e-6)


def test_nothing_is_different_where_nothing_matches():
    program = trace(lambda x: jax.nn.silu(x) + 1, X).program
    new, seen = rewrite_program(program, Replacement((jax.nn.relu,), jnp.sin))
    assert new is program
    assert seen == ()


def test_the_outermost_call_is_replaced_once():
    # Under its derivative rule `jax.nn.relu` is a `jax.jit` of the same name.
    seen = sights(jax.jit(jax.nn.relu), jax.nn.relu, jnp.sin, X)
    assert [(sight.name, sight.is_replaced) for sight in seen] == [("relu", True)]
    np.testing.assert_array_equal(rewritten(jax.jit(jax.nn.relu), jax.nn.relu, jnp.sin)(X), jnp.sin(X))


def test_one_may_call_what_it_replaces():
    def twice(x):
        return 2 * jax.nn.relu(x)

    np.testing.assert_array_equal(rewritten(jax.nn.relu, jax.nn.relu, twice)(X), twice(X))


def test_what_is_part_of_a_known_function_stays():
    def model(x):
        return jnp.tanh(x) + jax.nn.gelu(x) + jax.nn.silu(x) + jax.nn.glu(x[:, :2])

    options = {"among": (jax.nn.gelu,)}
    seen = sights(model, jnp.tanh, jnp.sin, X, **options)
    assert [(sight.name, sight.is_replaced) for sight in seen] == [("tanh", True), ("gelu", False)]
    new = rewritten(model, jnp.tanh, jnp.sin, **options)(X)
    np.testing.assert_allclose(new, model(X) - jnp.tanh(X) + jnp.sin(X), rtol=1e-5)
    # What belongs to functions of JAX is part of them, whether these are listed or not.
    assert not any(sight.is_replaced for sight in sights(model, jax.nn.sigmoid, jnp.sin, X, **options))


def test_scopes_choose():
    def model(x):
        with jax.named_scope("a"):
            x = jax.nn.relu(x) + 1
            with jax.named_scope("b"):
                x = jax.lax.scan(lambda c, _: (jax.nn.relu(c - 2), None), x, length=1)[0]
        return jax.nn.relu(x - 0.5)

    asked = []
    new = rewritten(
        model, jax.nn.relu, bent, where=lambda scopes: asked.append(scopes) or scopes == ("a", "b")
    )
    with_b = jax.nn.relu(bent(jax.nn.relu(X) + 1 - 2) - 0.5)
    np.testing.assert_allclose(new(X), with_b, rtol=1e-6)
    assert asked == [("a",), ("a", "b"), ()]


def squash():
    @jax.custom_vjp
    def squash(x):
        return jax.nn.relu(x) + 1

    squash.defvjp(lambda x: (squash(x), x), lambda x, g: (3 * g,))
    return squash


def test_a_function_with_a_derivative_of_its_own_is_never_cut_open():
    inner = squash()
    function = lambda x: jax.nn.relu(x) + inner(x)  # noqa: E731
    seen = sights(function, jax.nn.relu, bent, X)
    assert [(sight.is_replaced, sight.sealed) for sight in seen] == [(True, ""), (False, "squash")]
    np.testing.assert_allclose(rewritten(function, jax.nn.relu, bent)(X), bent(X) + inner(X))
    gradient = jax.grad(lambda x: rewritten(function, jax.nn.relu, bent)(x).sum())(X)
    np.testing.assert_allclose(gradient, jax.grad(lambda x: bent(x).sum())(X) + 3)


def test_it_is_replaced_with_its_derivative():
    inner = squash()
    new = rewritten(lambda x: 2 * inner(x), inner, jnp.sin)
    np.testing.assert_allclose(jax.grad(lambda x: new(x).sum())(X), 2 * jnp.cos(X), rtol=1e-6)
    # And a new function comes with its own.
    new = rewritten(lambda x: 2 * jax.nn.relu(x), jax.nn.relu, inner)
    np.testing.assert_allclose(jax.grad(lambda x: new(x).sum())(X), jnp.full_like(X, 6))


@pytest.mark.parametrize(
    "inner",
    [
        jax.nn.relu,
        jax.jit(lambda x: jnp.sin(jax.nn.relu(x))),
        jax.checkpoint(lambda x: jnp.sin(jax.nn.relu(x))),
        lambda x: jax.lax.cond(x.sum() > 0, jax.nn.relu, jnp.sin, x),
    ],
)
def test_a_derivative_that_is_taken_inside_is_refused(inner):
    def gradient(x):
        with jax.named_scope("loss"):
            return jax.grad(lambda x: inner(x).sum())(x)

    with pytest.raises(ValueError, match=r"takes a derivative of relu in loss.*jax.grad\(patches.rewrite"):
        rewritten(gradient, jax.nn.relu, jnp.sin)(X)


def test_a_new_function_gets_as_many_operands_as_it_requires():
    model = functools.partial(jax.nn.leaky_relu, negative_slope=0.2)
    unary = rewritten(model, jax.nn.leaky_relu, lambda x, slope=7.0: slope * x)
    np.testing.assert_array_equal(unary(X), 7 * X)
    binary = rewritten(model, jax.nn.leaky_relu, lambda x, slope: slope * x)
    np.testing.assert_allclose(binary(X), 0.2 * X, rtol=1e-6)
    every = rewritten(model, jax.nn.leaky_relu, lambda *operands: sum(operands))
    np.testing.assert_allclose(every(X), X + 0.2, rtol=1e-6)
    with pytest.raises(TypeError, match=r"<lambda> requires 2 arguments; relu, in whose place .* is given 1"):
        rewritten(jax.nn.relu, jax.nn.relu, lambda x, y: x)(X)


def test_results_must_have_the_shapes_of_the_old_ones():
    with pytest.raises(ValueError, match=r"shapes \[\(2,\)\] in place of \[\(2, 3\)\]") as caught:
        rewritten(jax.nn.relu, jax.nn.relu, lambda x: x.sum(1))(X)
    assert caught.value.__notes__[-1] == "while it is called in place of relu"
    with pytest.raises(ValueError, match=r"\[\(2, 3\), \(2, 3\)\] in place of"):
        rewritten(jax.nn.relu, jax.nn.relu, lambda x: (x, x))(X)


def test_and_get_their_types():
    half = X.astype(jnp.bfloat16)
    new = rewritten(jax.nn.relu, jax.nn.relu, lambda x: x.astype(jnp.float32) * 1.5)(half)
    assert new.dtype == jnp.bfloat16
    np.testing.assert_array_equal(new, (half.astype(jnp.float32) * 1.5).astype(jnp.bfloat16))


def test_weakly_typed_operands():
    np.testing.assert_allclose(rewritten(lambda x: jax.nn.relu(x) * X, jax.nn.relu, bent)(-2.0), -0.6 * X)
    np.testing.assert_allclose(jax.jit(rewritten(lambda x: jax.nn.gelu(x), jax.nn.gelu, bent))(-2.0), -0.6)


@pytest.mark.parametrize("new", [lambda x: x, lambda x: 1.0 + 0 * X, lambda x: X, lambda x: jnp.ones((2, 3))])
def test_a_new_function_may_pass_on_its_operand_or_a_constant(new):
    function = lambda x: jax.jit(lambda x: jax.nn.relu(x) + 1)(x)  # noqa: E731
    np.testing.assert_array_equal(rewritten(function, jax.nn.relu, new)(X), new(X) + 1)


def test_several_results():
    @jax.jit
    def both(x, y):
        return x + y, {"product": x * y}

    def model(x, y):
        total, rest = both(x, y)
        return total / rest["product"]

    new = rewritten(model, both, lambda x, y: (x, y))
    np.testing.assert_allclose(new(X, X + 5), X / (X + 5))


def test_the_new_function_may_have_an_effect():
    seen = []

    def noisy(x):
        jax.debug.callback(lambda x: seen.append(x.shape), x)
        return x

    function = lambda x: jax.checkpoint(lambda x: jax.nn.relu(x) + 1)(x)  # noqa: E731
    new = jax.jit(rewritten(function, jax.nn.relu, noisy))
    np.testing.assert_array_equal(new(X), X + 1)
    jax.effects_barrier()
    assert seen == [(2, 3)]
    program, _ = rewrite_program(trace(function, X).program, Replacement((jax.nn.relu,), noisy))
    (checkpoint,) = program.eqns
    assert program.effects
    assert checkpoint.effects


def test_collectives_know_their_axis():
    def model(x):
        return jax.lax.psum(jax.nn.relu(x), "batch")

    new = jax.vmap(rewritten(model, jax.nn.relu, bent), axis_name="batch")(X)
    np.testing.assert_allclose(new[0], bent(X).sum(0), rtol=1e-6)


@pytest.mark.parametrize("old", [jax.nn.relu, jax.nn.gelu])
def test_programs_on_several_devices(old):
    mesh = jax.make_mesh((2,), ("rows",), axis_types=(jax.sharding.AxisType.Auto,))
    rows = jax.sharding.PartitionSpec("rows")

    def model(act, x, check):
        def local(x):
            return act(x) + jax.lax.psum(act(x).sum(), "rows")

        return jax.shard_map(local, mesh=mesh, in_specs=rows, out_specs=rows, check_vma=check)(x)

    new = rewritten(lambda x: model(old, x, False), old, bent)
    np.testing.assert_allclose(new(X), model(bent, X, False), rtol=1e-6)
    with pytest.raises(NotImplementedError, match="possible with check_vma=False alone"):
        rewritten(lambda x: model(jax.nn.relu, x, True), jax.nn.relu, bent)(X)


def test_arrays_are_traced_and_all_else_is_as_it_is():
    def model(x, scales, *, train, name, rows):
        assert train is True
        assert name == "relu"
        assert isinstance(scales["b"], float)
        assert isinstance(x, jax.core.Tracer)
        assert isinstance(scales["a"], jax.core.Tracer)
        assert rows.dtype == object
        y = getattr(jax.nn, name)(x) * scales["a"] * scales["b"]
        return {"y": y, "x": x, "train": train, "names": [name, None]}

    rows = np.array(["a", None], dtype=object)
    scales = {"a": np.float32(2) * np.ones(3), "b": 3.0}
    new = rewritten(model, jax.nn.relu, bent)(X, scales, train=True, name="relu", rows=rows)
    np.testing.assert_allclose(new.pop("y"), 6 * bent(X), rtol=1e-6)
    np.testing.assert_array_equal(new.pop("x"), X)
    assert new == {"train": True, "names": ["relu", None]}


def test_random_numbers_stay():
    def model(key, x):
        return jax.nn.relu(x) * jax.random.bernoulli(key, 0.5, x.shape)

    key = jax.random.key(0)
    new = rewritten(model, jax.nn.relu, lambda x: x)(key, X)
    np.testing.assert_array_equal(new, X * jax.random.bernoulli(key, 0.5, X.shape))


def test_it_compiles_to_the_program_that_is_written_so():
    def model(act):
        return lambda x: act(jnp.sin(act(x) @ x.T))

    new = jax.jit(rewritten(model(jax.nn.relu), jax.nn.relu, jax.nn.silu)).lower(X).compile()
    expected = jax.jit(model(jax.nn.silu)).lower(X).compile()
    assert new.cost_analysis() == expected.cost_analysis()
