"""Products, convolutions, sums over axes."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from .tracing import axes_of, shared


@pytest.mark.parametrize(
    ("function", "shapes", "classes"),
    [
        (lambda p: p["a"] @ p["b"], {"a": (3, 4), "b": (4, 4)}, {"a1 b0"}),
        (lambda p: jnp.einsum("bi,bij->bj", p["a"], p["b"]), {"a": (3, 4), "b": (3, 4, 5)}, {"a0 b0", "a1 b1"}),
        (lambda p: p["a"].sum(0) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jnp.argmax(p["a"], 1) + p["b"], {"a": (3, 4), "b": (3,)}, {"a0 b0"}),
        (lambda p: jax.lax.top_k(p["a"], 2)[0] + p["b"], {"a": (3, 4), "b": (3, 1)}, {"a0 b0"}),
        (lambda p: jax.lax.ragged_dot(p["a"], p["b"], jnp.array([1, 2])), {"a": (3, 4), "b": (2, 4, 5)}, {"a1 b1"}),
    ],
)  # fmt: skip
def test_which_axes_are_one(function, shapes, classes):
    assert shared(axes_of(function, **shapes)) == classes


def convolution(groups, p):
    return jax.lax.conv_general_dilated(
        p["c"], p["k"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=groups
    )


@pytest.mark.parametrize(
    ("groups", "kernel", "classes"),
    [
        (1, (3, 3, 8, 5), {"c3 k2"}),
        (8, (3, 3, 1, 8), {"c3 k3"}),  # depthwise
        (8, (3, 3, 1, 16), {"c3 k3"}),  # depthwise, two for each channel
        (2, (3, 3, 4, 6), {"c3 k2", "c3 k3"}),  # two groups: their number, and the channels of each
    ],
)
def test_a_convolution_in_groups(groups, kernel, classes):
    axes = axes_of(functools.partial(convolution, groups), c=(1, 6, 6, 8), k=kernel)
    assert shared(axes) == classes
    assert all(axes.parameters["k"][axis][0] in axes.pinned for axis in (0, 1))


def test_channels_go_through_pooling_and_positions_do_not():
    axes = axes_of(lambda p: nn.max_pool(p["a"], (2, 2), (2, 2)) + p["b"], a=(1, 6, 6, 8), b=(3, 3, 8))
    assert shared(axes) == {"a3 b2"}
