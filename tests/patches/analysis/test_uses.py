"""Along which axes of its parameters a program sums products."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from symjax.patches.analysis.uses import uses_of

X = jnp.ones((2, 4))
W = jnp.ones((4, 4))


def used(function, *operands):
    return uses_of(jax.make_jaxpr(function)(*operands).jaxpr)


def conv(w, x):
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@pytest.mark.parametrize(
    ("function", "operands", "axes"),
    [
        (lambda w, x: x @ w, (W, X), {0}),
        (lambda w, x: x @ w.T, (W, X), {1}),
        (lambda w, x: x @ (w.astype(jnp.bfloat16).astype(x.dtype) * 2.0 / 3.0), (W, X), {0}),
        (lambda w, x: x @ w.reshape(4, 4), (jnp.ones((2, 2, 4)), X), {0, 1}),
        (lambda w, x: x @ w[None, :, :, None].squeeze((0, 3)), (W, X), {0}),
        (lambda w, x: jnp.einsum("bi,ihd->bhd", x, w), (jnp.ones((4, 2, 3)), X), {0}),
        (conv, (jnp.ones((3, 3, 1, 2)), jnp.ones((1, 5, 5, 1))), {0, 1, 2}),
        (lambda b, x: x + b, (jnp.ones(4), X), set()),
        (lambda table, ids: table[ids], (W, jnp.array([1, 2])), set()),
        (jax.checkpoint(lambda w, x: jnp.tanh(x @ w)), (W, X), {0}),
        (jax.jit(lambda w, x: lax.cond(x[0, 0] > 0, lambda: x @ w, lambda: x)), (W, X), {0}),
        (lambda w, x: lax.while_loop(lambda x: x[0, 0] < 1, lambda x: x @ w, x), (W, X), {0}),
        (lambda w, x: lax.scan(lambda x, w: (x @ w, None), x, w)[0], (jnp.ones((3, 4, 4)), X), {1}),
        (lambda w, x: lax.fori_loop(0, 3, lambda _, x: x @ w, x), (W, X), {0}),
    ],
)
def test_the_axes_that_are_summed_over(function, operands, axes):
    assert set(map(frozenset, used(function, *operands)[0])) == {frozenset(axes)}


def test_each_use_is_listed():
    assert used(lambda table, ids: table[ids] @ table.T, W, jnp.array([1, 2]))[0] == [
        frozenset(),
        frozenset({1}),
    ]


def test_what_meets_another_array_is_followed_no_further():
    def biased(bias, w, x):
        return (x + bias) @ w

    assert used(biased, jnp.ones(4), W, X)[0] == [frozenset()]


def test_a_parameter_that_is_not_used():
    assert 0 not in used(lambda w, x: x + 1, W, X)


def test_a_reshape_that_cuts_an_axis_ends_the_way():
    assert used(lambda w, x: x @ w.reshape(4, 2), jnp.ones((2, 4)), X)[0] == [frozenset()]
