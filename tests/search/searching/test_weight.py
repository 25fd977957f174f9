"""How much a trial computes."""

import math

import jax
import jax.numpy as jnp
import pytest

from symjax.search.searching.weight import weight

X = jnp.ones((4, 8))


def of(fn, *args, limit=math.inf):
    return weight(jax.make_jaxpr(fn)(*args), limit)


def test_products_and_convolutions_count_each_multiplication():
    assert of(lambda x: x @ jnp.ones((8, 16)), X) - of(lambda x: jnp.ones((8, 16)), X) == 4 * 8 * 16
    image, kernel = jnp.ones((1, 3, 6, 6)), jnp.ones((5, 3, 2, 2))
    assert of(lambda a, b: jax.lax.conv(a, b, (1, 1), "VALID"), image, kernel) == 5 * 25 * 3 * 4


def test_reductions_count_what_they_read():
    assert of(jnp.sum, X) == 32


def test_loops_count_their_turns_and_branches_the_dearest():
    assert of(lambda x: jax.lax.scan(lambda y, _: (jnp.sin(y), None), x, length=7)[0], X) == 7 * 32
    dear = of(lambda x: jax.lax.cond(x[0, 0] > 0, lambda: jnp.exp(jnp.sin(x)), lambda: x), X)
    assert 64 <= dear < 96 + 8


def test_what_is_jitted_counts():
    assert of(jax.jit(jnp.exp), X) == 32


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: jax.lax.while_loop(lambda y: y[0, 0] < 9, lambda y: y * 2, x),
        lambda x: jax.pure_callback(lambda y: y, jax.ShapeDtypeStruct(X.shape, X.dtype), x),
    ],
)
def test_what_nobody_knows_is_dear(fn):
    assert of(fn, X) == math.inf


def test_counting_stops_at_the_limit():
    def long(x):
        for _ in range(50):
            x = jnp.sin(x)
        return x

    assert of(long, X) == 50 * 32
    assert 100 < of(long, X, limit=100.0) <= 132
