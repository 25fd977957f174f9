"""Programs within programs; and that what is said of a whole program is true."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from symjax.patches.analysis.axes import trace_axes

from .tracing import axes_of, shaped, shared


@pytest.mark.parametrize(
    ("function", "shapes", "classes"),
    [
        (lambda p: jax.checkpoint(jnp.sin)(p["a"]) + p["b"], {"a": (4,), "b": (4,)}, {"a0 b0"}),
        (lambda p: jax.jit(jnp.dot)(p["a"], p["b"]), {"a": (3, 4), "b": (4, 5)}, {"a1 b0"}),
        (lambda p: jax.lax.scan(lambda c, x: (c + x, c), p["a"], p["b"])[0], {"a": (4,), "b": (6, 4)}, {"a0 b1"}),
        (lambda p: jax.lax.fori_loop(0, 3, lambda i, c: c + p["b"], p["a"]), {"a": (4,), "b": (4,)}, {"a0 b0"}),
        (lambda p: jax.lax.cond(p["a"].sum() > 0, lambda: p["a"], lambda: p["b"]), {"a": (4,), "b": (4,)},
         {"a0 b0"}),
    ],
)  # fmt: skip
def test_which_axes_are_one(function, shapes, classes):
    assert shared(axes_of(function, **shapes)) == classes


# What the rules say is true: where a class grows, the program still runs if the parameters grow as they say.


def attention(p, x):
    x = p["embedding"][x]
    q, k, v = (jnp.einsum("bld,dhe->blhe", x, p[name]) for name in ("q", "k", "v"))
    weights = jax.nn.softmax(jnp.einsum("blhe,bmhe->bhlm", q, k))
    x = x + jnp.einsum("bhlm,bmhe,hed->bld", weights, v, p["out"])
    a, b = jnp.split(x @ p["up"], 2, axis=-1)
    x = x + (a * jax.nn.gelu(b)) @ p["down"]
    scale = p["scale"].reshape(1, 1, -1)
    return (x * scale)[:, 0] @ p["head"]


ATTENTION = shaped(
    embedding=(9, 6),
    **dict.fromkeys("qkv", (6, 2, 4)),
    out=(2, 4, 6),
    up=(6, 10),
    down=(5, 6),
    scale=(6,),
    head=(6, 3),
)


def _conv(x, kernel, groups=1):
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=groups
    )


def dense_net(p, x):
    """Concatenation, depthwise convolution, squeeze-and-excitation, pooling, flattening."""
    x = _conv(x, p["stem"])
    for name in ("a", "b"):
        y = _conv(x, p[f"reduce_{name}"])
        y = _conv(y, p[f"depthwise_{name}"], groups=y.shape[-1])
        gate = jax.nn.sigmoid(jax.nn.relu(y.mean((1, 2)) @ p[f"down_{name}"]) @ p[f"up_{name}"])
        x = jnp.concatenate([x, y * gate[:, None, None]], axis=-1)
    x = nn.max_pool(x, (2, 2), (2, 2))
    return jax.nn.relu(x.reshape(x.shape[0], -1) @ p["hidden"]) @ p["head"]


DENSE_NET = shaped(
    stem=(3, 3, 3, 4),
    reduce_a=(1, 1, 4, 6),
    reduce_b=(1, 1, 10, 7),
    depthwise_a=(3, 3, 1, 6),
    depthwise_b=(3, 3, 1, 7),
    down_a=(6, 2),
    down_b=(7, 3),
    up_a=(2, 6),
    up_b=(3, 7),
    hidden=(2 * 2 * 17, 5),
    head=(5, 3),
)


def recurrent(p, x):
    def step(carry, x):
        carry = jnp.tanh(carry @ p["hidden"] + x @ p["inputs"] + p["bias"])
        return carry, carry

    x = p["embedding"][x]
    carry = jnp.zeros((x.shape[0], p["bias"].shape[0]))
    _, there = jax.lax.scan(step, carry, x.swapaxes(0, 1))
    _, back = jax.lax.scan(step, carry, x.swapaxes(0, 1), reverse=True)
    return jnp.concatenate([there, back], axis=-1) @ p["head"]


RECURRENT = shaped(embedding=(9, 5), inputs=(5, 4), hidden=(4, 4), bias=(4,), head=(8, 3))

TOKENS, IMAGES = jnp.zeros((2, 5), int), jnp.zeros((2, 4, 4, 3))


@pytest.mark.parametrize(
    ("program", "parameters", "x", "free"),
    [
        (attention, ATTENTION, TOKENS, 5),  # the stream, heads, two head sizes, the half of a gated layer
        (dense_net, DENSE_NET, IMAGES, 6),  # the stem, two growths, two squeezes, the hidden layer
        (recurrent, RECURRENT, TOKENS, 2),
    ],
)
def test_a_class_that_grows_leaves_a_program_that_runs(program, parameters, x, free):
    axes = trace_axes(program, parameters, x)
    classes = [number for number in axes.places() if number not in axes.pinned]
    assert len(classes) == free
    before = jax.eval_shape(program, parameters, x)
    for number in classes:
        shapes = axes.shapes({number: 2 * axes.size((number,))})
        assert any(shapes[name] != leaf.shape for name, leaf in parameters.items())
        assert jax.eval_shape(program, shaped(**shapes), x) == before
