"""What changes shapes."""

import jax
import jax.numpy as jnp
import pytest

from .tracing import axes_of, shared


@pytest.mark.parametrize(
    ("function", "shapes", "classes"),
    [
        (lambda p: p["a"].T + p["b"], {"a": (3, 4), "b": (4, 3)}, {"a0 b1", "a1 b0"}),
        (lambda p: p["a"].reshape(12) + p["b"], {"a": (3, 4), "b": (12,)}, {"a0 b0", "a1 b0"}),
        (lambda p: p["a"].reshape(3, 2, 2) + p["b"], {"a": (3, 4), "b": (2, 2)}, {"a1 b0", "a1 b1"}),
        (lambda p: p["a"][:, None, :] * p["b"], {"a": (3, 4), "b": (5, 4)}, {"a1 b1"}),
        (lambda p: jnp.concatenate([p["a"], p["b"]], 1) @ p["c"], {"a": (3, 4), "b": (3, 5), "c": (9, 2)},
         {"a0 b0", "a1 c0", "b1 c0"}),
        (lambda p: jnp.stack([p["a"], p["b"]], 1), {"a": (3,), "b": (3,)}, {"a0 b0"}),
        (lambda p: sum(jnp.unstack(p["a"], axis=1)) + p["b"], {"a": (3, 2), "b": (3,)}, {"a0 b0"}),
        (lambda p: jnp.multiply(*jnp.split(p["a"], 2, -1)) + p["b"], {"a": (6,), "b": (3,)}, {"a0 b0"}),
        (lambda p: p["a"][:4] + p["b"] + p["a"][4:].sum(), {"a": (6,), "b": (4,)}, {"a0 b0"}),
        (lambda p: p["a"][::2] + p["b"], {"a": (6,), "b": (3,)}, {"a0 b0"}),
        (lambda p: jnp.tile(p["a"], (2, 3)) + p["b"], {"a": (1, 4), "b": (12,)}, {"a1 b0"}),
        (lambda p: jnp.repeat(p["a"], 3) + p["b"], {"a": (4,), "b": (12,)}, {"a0 b0"}),
        (lambda p: jnp.pad(p["a"], ((0, 0), (1, 2))) + p["b"], {"a": (3, 4), "b": (3, 7)}, {"a0 b0", "a1 b1"}),
        (lambda p: jnp.take(p["a"], jnp.arange(3), axis=0) + p["b"], {"a": (5, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: p["a"].at[1].set(p["b"]), {"a": (5, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jax.lax.dynamic_slice(p["a"], (p["i"].astype(int), 0), (2, 4)) + p["b"],
         {"a": (5, 4), "b": (4,), "i": ()}, {"a1 b0"}),
        (lambda p: jax.lax.dynamic_update_slice(p["a"], p["b"], (1, 0)), {"a": (5, 4), "b": (2, 4)}, {"a1 b1"}),
    ],
)  # fmt: skip
def test_which_axes_are_one(function, shapes, classes):
    assert shared(axes_of(function, **shapes)) == classes


def test_what_is_cut_off_and_never_used_is_pinned():
    axes = axes_of(lambda p: p["a"][:4], a=(6,))
    kept, rest = axes.terms(axes.parameters["a"][0][0])
    assert not axes.pinned.keys() & set(kept)
    assert axes.pinned[rest[0]] == "it is looked up by index"


def test_a_reshape_that_mixes_axes_pins_them():
    axes = axes_of(lambda p: p["a"].reshape(3, 4), a=(4, 3))
    assert {axes.pinned[number] for extent in axes.parameters["a"] for number in extent} == {
        "a reshape mixes it with other axes"
    }
