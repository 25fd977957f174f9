"""What keeps shapes, or is not known."""

import jax
import jax.numpy as jnp
import pytest

from symjax.patches.analysis.axes import trace_axes

from .tracing import axes_of, shaped, shared


@pytest.mark.parametrize(
    ("function", "shapes", "classes"),
    [
        (lambda p: p["a"] + p["b"], {"a": (3, 4), "b": (3, 4)}, {"a0 b0", "a1 b1"}),
        (lambda p: p["a"] * p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jnp.cumsum(p["a"], 0) + p["b"], {"a": (3, 4), "b": (3, 4)}, {"a0 b0", "a1 b1"}),
        (lambda p: jnp.sort(p["a"], 1) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jnp.where(p["a"] > 0, p["a"], p["b"]), {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jax.nn.softmax(p["a"]) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
    ],
)  # fmt: skip
def test_which_axes_are_one(function, shapes, classes):
    assert shared(axes_of(function, **shapes)) == classes


def test_an_unknown_operation_pins_what_it_sees():
    axes = axes_of(lambda p: jnp.linalg.svd(p["a"], compute_uv=False)[0] * p["b"], a=(3, 4), b=(5,))
    assert all(number in axes.pinned for extent in axes.parameters["a"] for number in extent)
    assert not any(number in axes.pinned for number in axes.parameters["b"][0])


def test_random_numbers_and_positions_pin_lightly():
    def program(p):
        drawn = jax.random.normal(jax.random.key(0), p["a"].shape)
        return p["a"] + drawn, p["b"] + jnp.arange(5)

    axes = trace_axes(lambda p: sum(map(jnp.sum, program(p))), shaped(a=(4,), b=(5,)))
    assert [axes.loose[axes.parameters[name][0][0]] for name in "ab"] == [
        "an array of this size is drawn",
        "positions are counted along it",
    ]
    assert axes.pinned == {}
