"""What each operation says of axes, as classes that parameters share; and that what it says is true."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from symjax.patches.analysis.axes import trace_axes


def shaped(**shapes):
    return {name: jax.ShapeDtypeStruct(shape, "float32") for name, shape in shapes.items()}


def axes_of(function, *inputs, **shapes):
    """The axes of a function of parameters and inputs; its outputs are summed up, lest they pin."""
    return trace_axes(lambda p, *x: jnp.sum(function(p, *x)), shaped(**shapes), *inputs)


def shared(axes):
    """The classes that several axes share, as ``a0 b1``."""
    places = axes.places().values()
    return {" ".join(f"{name}{axis}" for name, axis in its) for its in places if len(its) > 1}


@pytest.mark.parametrize(
    ("function", "shapes", "classes"),
    [
        (lambda p: p["a"] + p["b"], {"a": (3, 4), "b": (3, 4)}, {"a0 b0", "a1 b1"}),
        (lambda p: p["a"] * p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: p["a"] @ p["b"], {"a": (3, 4), "b": (4, 4)}, {"a1 b0"}),
        (lambda p: jnp.einsum("bi,bij->bj", p["a"], p["b"]), {"a": (3, 4), "b": (3, 4, 5)}, {"a0 b0", "a1 b1"}),
        (lambda p: p["a"].T + p["b"], {"a": (3, 4), "b": (4, 3)}, {"a0 b1", "a1 b0"}),
        (lambda p: p["a"].sum(0) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jnp.argmax(p["a"], 1) + p["b"], {"a": (3, 4), "b": (3,)}, {"a0 b0"}),
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
        (lambda p: jnp.cumsum(p["a"], 0) + p["b"], {"a": (3, 4), "b": (3, 4)}, {"a0 b0", "a1 b1"}),
        (lambda p: jnp.sort(p["a"], 1) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jax.lax.top_k(p["a"], 2)[0] + p["b"], {"a": (3, 4), "b": (3, 1)}, {"a0 b0"}),
        (lambda p: jnp.where(p["a"] > 0, p["a"], p["b"]), {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jax.nn.softmax(p["a"]) + p["b"], {"a": (3, 4), "b": (4,)}, {"a1 b0"}),
        (lambda p: jax.checkpoint(jnp.sin)(p["a"]) + p["b"], {"a": (4,), "b": (4,)}, {"a0 b0"}),
        (lambda p: jax.jit(jnp.dot)(p["a"], p["b"]), {"a": (3, 4), "b": (4, 5)}, {"a1 b0"}),
        (lambda p: jax.lax.scan(lambda c, x: (c + x, c), p["a"], p["b"])[0], {"a": (4,), "b": (6, 4)}, {"a0 b1"}),
        (lambda p: jax.lax.fori_loop(0, 3, lambda i, c: c + p["b"], p["a"]), {"a": (4,), "b": (4,)}, {"a0 b0"}),
        (lambda p: jax.lax.cond(p["a"].sum() > 0, lambda: p["a"], lambda: p["b"]), {"a": (4,), "b": (4,)},
         {"a0 b0"}),
        (lambda p: jax.lax.ragged_dot(p["a"], p["b"], jnp.array([1, 2])), {"a": (3, 4), "b": (2, 4, 5)}, {"a1 b1"}),
    ],
)  # fmt: skip
def test_an_operation_says_which_axes_are_one(function, shapes, classes):
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


def test_an_unknown_operation_pins_what_it_sees():
    axes = axes_of(lambda p: jnp.linalg.svd(p["a"], compute_uv=False)[0] * p["b"], a=(3, 4), b=(5,))
    assert all(number in axes.pinned for extent in axes.parameters["a"] for number in extent)
    assert not any(number in axes.pinned for number in axes.parameters["b"][0])


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
