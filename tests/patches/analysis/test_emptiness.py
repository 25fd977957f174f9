"""Windows that fit nowhere, in programs of JAX."""

import jax
import jax.numpy as jnp
import pytest
from flax import linen as nn

from symjax.patches.analysis.emptiness import emptied

SMALL = jax.ShapeDtypeStruct((1, 1, 1, 3), "float32")


def emptied_by(function, *shapes):
    return emptied(jax.make_jaxpr(function)(*(shapes or [SMALL])).jaxpr)


def pool(x):
    return nn.max_pool(x, (2, 2), strides=(2, 2))


def reduce(x):
    """A sum that JAX does not know: the primitive has a program of its own."""
    return jax.lax.reduce_window(x, 1.0, lambda a, b: a * b + 1, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def convolve(x):
    return jax.lax.conv_general_dilated(x, jnp.ones((1, 3, 2, 2)), (1, 1), "VALID")


@pytest.mark.parametrize(
    ("function", "operation", "after"),
    [
        (pool, "reduce_window_max", (1, 0, 0, 3)),
        (reduce, "reduce_window", (1, 0, 0, 3)),
        (jax.jit(pool), "reduce_window_max", (1, 0, 0, 3)),
        (lambda x: nn.avg_pool(x, (2, 2), (2, 2)), "reduce_window_sum", (1, 0, 0, 3)),
        (lambda x: convolve(x.transpose(0, 3, 1, 2)), "conv_general_dilated", (1, 1, 0, 0)),
        (lambda x: jax.lax.scan(lambda carry, _: (carry, pool(x)), 0, None, 2), "reduce_window_max", None),
    ],
)
def test_windows_that_fit_nowhere(function, operation, after):
    found = emptied_by(function)
    assert found.operation == operation
    assert after is None or found.after == after
    assert 0 not in found.before


@pytest.mark.parametrize(
    "function",
    [
        lambda x: pool(jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))),
        lambda x: x[:, :0] + 1,
        lambda x: jnp.concatenate([jnp.zeros((1, 0, 1, 3)), x], axis=1),
        lambda x: pool(x[:, :0, :0]),  # which was empty before
    ],
)
def test_what_fits_and_what_is_empty_on_purpose(function):
    assert emptied_by(function) is None


def test_the_first_scope_that_computes_with_nothing_is_named():
    def program(x):
        with jax.named_scope("outer"):
            x = pool(x)
            with jax.named_scope("inner"):
                return jnp.sin(x)

    assert str(emptied_by(program)) == (
        "reduce_window_max in outer makes an empty array (1, 0, 0, 3) of (1, 1, 1, 3), and outer/inner computes with "
        "nothing"
    )
