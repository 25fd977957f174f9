"""The operations of products, against formulas and against XLA."""

import jax
import jax.numpy as jnp
import pytest

from symjax import linen as nn
from symjax import patches
from symjax.patches.analysis.sizes.flops import product_flops


def count(function, *shapes):
    return product_flops(jax.make_jaxpr(function)(*map(jnp.ones, shapes)).jaxpr)


def test_products_of_matrices():
    assert count(lambda a, b: jnp.einsum("bij,bjk->bik", a, b), (2, 3, 4), (2, 4, 5)) == 2 * 2 * 3 * 4 * 5


def test_convolutions():
    def convolve(x, kernel):
        return jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=2
        )

    assert count(convolve, (1, 6, 6, 8), (3, 3, 4, 10)) == 2 * 36 * 10 * 9 * 4


@pytest.mark.parametrize(
    ("function", "times"),
    [
        (lambda a: jax.lax.scan(lambda c, _: (c @ a, None), a, None, length=7)[0], 7),
        (lambda a: jax.lax.cond(a.sum() > 0, lambda: a @ a @ a, lambda: a @ a), 2),
        (lambda a: jax.lax.while_loop(lambda c: c.sum() > 0, lambda c: c @ a, a), 1),
        (lambda a: jax.checkpoint(lambda c: jax.jit(jnp.dot)(c, a))(a), 1),
    ],
)
def test_loops_and_branches(function, times):
    assert count(function, (3, 3)) == times * 2 * 27


def test_nearly_all_that_xla_counts():
    model, x = nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(10)]), jnp.ones((8, 16))
    variables = jax.eval_shape(model.init, jax.random.key(0), x)
    products = product_flops(jax.make_jaxpr(model.apply)(variables, x).jaxpr)
    assert products < patches.cost(model, x).forward.flops < 1.2 * products
