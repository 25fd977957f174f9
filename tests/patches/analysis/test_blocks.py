"""One abstract call tells of feed-forwards and residual blocks."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import Inputs
from symjax.patches.analysis.blocks import FeedForward, blocks, paths_shown
from symjax.patches.outlines.finding import models

X = jnp.ones((2, 5, 4))


def seen(part):
    class Model(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(3)(part(name="part")(x))

    (model,) = models(sj.symbolize(Model)())
    return blocks(model, Inputs(X))


def part(function):
    """A module that computes a function of itself and its inputs, in `@compact`."""

    class Part(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return function(x)

    return Part


def dense(x):
    return flax.linen.Dense(x.shape[-1])(x)


RESIDUAL = {
    "plain": lambda x: x + dense(x),
    "after an activation": lambda x: flax.linen.relu(dense(x) + x),
    "after another one": lambda x: flax.linen.silu(x + dense(x)),
    "twice": lambda x: (lambda y: y + dense(y))(x + dense(x)),
    "in another type": lambda x: (x.astype(jnp.bfloat16) + dense(x).astype(jnp.bfloat16)).astype(x.dtype),
}
OTHER = {
    "nothing is added": dense,
    "a constant is added": lambda x: x + jnp.ones(x.shape),
    "a parameter is added": lambda x: x + flax.linen.Embed(5, 4)(jnp.arange(5)),
    "another shape": lambda x: flax.linen.Dense(7)(x),
    "normalized afterwards": lambda x: flax.linen.LayerNorm()(x + dense(x)),
    "a softmax afterwards": lambda x: jax.nn.softmax(x + dense(x)),
    "multiplied": lambda x: x * dense(x),
}


@pytest.mark.parametrize("name", RESIDUAL)
def test_residual_blocks(name):
    assert seen(part(RESIDUAL[name])).residual == (("part",),)


@pytest.mark.parametrize("name", OTHER)
def test_other_modules(name):
    assert seen(part(OTHER[name])).residual == ()


def test_a_stack_of_blocks_is_none_itself():
    block = part(RESIDUAL["plain"])
    stack = part(lambda x: block(name="b")(block(name="a")(x)))
    assert seen(stack).residual == (("part", "a"), ("part", "b"))


def mlp(x):
    y = flax.linen.Dropout(0.1, deterministic=True)(flax.linen.gelu(flax.linen.Dense(8)(x)))
    return flax.linen.Dense(4)(y)


@pytest.mark.parametrize("lift", [lambda cls: cls, flax.linen.remat, flax.linen.jit])
def test_feed_forwards(lift):
    (block,) = seen(lift(part(mlp))).feed_forwards()
    assert block == FeedForward(("part",), "Dense_0", "Dense_1", 8, True)


def test_a_feed_forward_among_other_layers():
    (block,) = seen(part(lambda x: mlp(flax.linen.LayerNorm()(x)))).feed_forwards()
    assert not block.alone


@pytest.mark.parametrize(
    "function",
    [
        lambda x: flax.linen.Dense(4)(flax.linen.Dense(2)(x)),
        lambda x: flax.linen.Dense(5)(flax.linen.Dense(8)(x)),
        lambda x: flax.linen.Dense(4)(flax.linen.Dense(8)(x) * flax.linen.Dense(8)(x)),
        lambda x: flax.linen.MultiHeadDotProductAttention(2, qkv_features=8)(x),
    ],
)
def test_no_feed_forwards(function):
    assert seen(part(function)).feed_forwards() == []


def test_visits_are_in_order_and_have_shapes():
    found_visits = seen(part(mlp)).visits
    shapes = {paths_shown([visit.path]): visit.outputs.shape for visit in found_visits}
    assert list(shapes) == ["<root>", "part", "part/Dense_0", "part/Dropout_0", "part/Dense_1", "Dense_0"]
    assert shapes["part/Dense_0"] == (2, 5, 8)


def test_fields_are_visited_too():
    (model,) = models(nn.Sequential([nn.Dense(4), nn.Dense(8), nn.Dense(4)]))
    assert [visit.path for visit in blocks(model, Inputs(X)).with_role("dense")] == [
        ("layers_0",), ("layers_1",), ("layers_2",),
    ]  # fmt: skip


class Repeated(flax.linen.Module):
    """A block that a scan runs, with or without remat, or remat alone."""

    lifts: tuple[str, ...]

    @flax.linen.compact
    def __call__(self, x):
        block = flax.linen.remat(Step) if "remat" in self.lifts else Step
        if "scan" in self.lifts:
            block = flax.linen.scan(block, variable_axes={"params": 0}, split_rngs={"params": True}, length=2)
        return block(name="blocks")(x, None)[0]


class Step(flax.linen.Module):
    """A residual block."""

    @flax.linen.compact
    def __call__(self, x, _):
        return x + flax.linen.Dense(x.shape[-1])(x), None


@pytest.mark.parametrize(
    ("lifts", "unseen", "scanned"),
    [
        ((), False, False),
        (("scan",), True, True),
        (("remat",), True, False),
        (("scan", "remat"), True, False),
    ],
)
def test_what_lifted_transforms_run_is_named(lifts, unseen, scanned):
    (model,) = models(sj.symbolize(Repeated)(lifts))
    seen = blocks(model, Inputs(jnp.ones((2, 4))))
    assert (seen.unseen, seen.scanned) == tuple((("blocks",),) if part else () for part in (unseen, scanned))
