"""`matched`: what a patch changes, before anything runs."""

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.core.paths import Path

no_bias = patches.layers(lambda k, v: v.rebind(use_bias=False) if patches.has_role(v, "dense") else v)


def test_layers_in_fields_and_inside_in_order(net, x):
    tree = {"a": nn.Dense(3), "model": net}
    shape = jax.ShapeDtypeStruct((2, 4), jnp.float32)
    expected = ["Dense_0", "Block_0/wide", "Block_0/narrow", "Dense_1", "head"]
    for inputs in (x, shape, patches.Inputs(x), {"model": x}):
        matches = (
            no_bias.matched(tree, inputs) if inputs is not x else no_bias.matched(tree, {"model": inputs})
        )
        assert matches == (Path(("a",)), *[Path(("model", "inside", name)) for name in expected])


def test_without_inputs_a_model_is_one_place(net):
    assert no_bias.matched(net) == (Path(("inside",)),)


def test_arguments_of_the_call_by_name():
    class Two(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x, *, scale, train=True):
            return flax.linen.Dense(3)(x) * scale if train else flax.linen.Dense(3)(x)

    model = sj.symbolize(Two)()
    x = jnp.ones((1, 2))
    assert len(no_bias.matched(model, patches.Inputs(x, scale=x[0, 0], train=True))) == 1


def test_several_positional_arguments():
    class Pair(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, a, b):
            return flax.linen.Dense(3)(a) + flax.linen.Dense(3)(b)

    assert len(no_bias.matched(sj.symbolize(Pair)(), jnp.ones((1, 2)), jnp.ones((1, 5)))) == 2


def test_nothing_is_computed_or_changed(net, x):
    before = sj.to_json(net)
    with jax.disable_jit(False):
        no_bias.matched(net, x)
    assert sj.to_json(net) == before
