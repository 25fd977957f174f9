"""Which models get a patch, and as what."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches.interior.attaching import makes_layers


def dense(k, v):
    return v.rebind(use_bias=False) if isinstance(v, nn.Dense) else v


no_bias = patches.layers(dense)


@sj.patcher(name="test_attaching.both")
def both(tree):
    return [patches.layers(dense), patches.traced("relu", "gelu")]


@sj.patcher(name="test_attaching.by_tree")
def by_tree(tree):
    """One whose rule hangs on the experiment, which the model alone does not tell."""
    kind = nn.Dense if isinstance(tree, dict) else nn.Conv
    return patches.layers(lambda k, v: v.rebind(use_bias=False) if isinstance(v, kind) else v)


def test_only_models_that_may_make_layers_get_it(net):
    tree = {"plain": nn.Sequential([nn.Dense(3)]), "theirs": net, "dense": nn.Dense(2)}
    patched = sj.patch(tree, no_bias)
    assert patched["theirs"].inside == (no_bias,)
    assert patched["plain"] == nn.Sequential([nn.Dense(3, use_bias=False)])
    assert patched["dense"] == nn.Dense(2, use_bias=False)


def test_the_outermost_model_gets_it(net):
    outer = nn.Sequential([net, nn.Dense(3)])
    assert sj.patch(outer, no_bias) == nn.Sequential([net, nn.Dense(3, use_bias=False)], inside=(no_bias,))


def test_with_inputs_only_where_it_changes_something(net, x):
    class Other(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.LayerNorm()(x)

    tree = {"a": net, "b": sj.symbolize(Other)()}
    patched = sj.patch(tree, no_bias, inputs={"a": x, "b": x})
    assert patched == {"a": net.rebind(inside=(no_bias,)), "b": tree["b"]}
    without = sj.patch(tree, no_bias)
    assert without["b"].inside == (no_bias,)


def test_example_inputs_of_the_experiment_are_used(net, x):
    class Experiment(sj.Object):
        model: nn.Module

        def example_inputs(self):
            return jax.ShapeDtypeStruct((2, 4), jnp.float32)

    conv = patches.layers(lambda k, v: v.rebind(use_bias=False) if isinstance(v, nn.Conv) else v)
    with pytest.warns(
        patches.PatchWarning,
        match="nothing inside of model matched, or it had its new value already; it calls Dense_0",
    ):
        assert sj.patch(Experiment(net), conv) == Experiment(net)


@pytest.mark.parametrize("inputs", [None, jnp.ones((2, 4))], ids=["without", "with"])
def test_a_patch_of_several_parts_stands_in_a_model_once(net, inputs):
    assert sj.patch(net, both(), inputs=inputs).inside == (both(),)


def test_two_patches_stand_in_it_in_their_order(net):
    assert sj.patch(net, [both(), no_bias, both()]).inside == (both(), no_bias, both())


def test_a_patch_is_asked_again_with_the_model_as_the_tree(net, x):
    model = sj.patch({"model": net}, by_tree())["model"]
    assert "bias" in model.init(jax.random.key(0), x)["params"]["head"]


def test_what_makes_layers(net):
    assert makes_layers(net)
    assert makes_layers(nn.Sequential([nn.relu, net]))
    assert not makes_layers(nn.Sequential([nn.Dense(3), nn.MultiHeadDotProductAttention(2)]))
    assert not makes_layers(patches.SeparableConv(3, 3))


def test_who_looks_for_activations_is_told_of_those_that_are_called(net, x):
    def rule(k, v):
        return nn.gelu if patches.has_role(v, "activation") else v

    with pytest.warns(patches.PatchWarning, match="are no layers: patches.traced reaches them"):
        sj.patch(net, patches.inside(rule, path="Block_0/**"), inputs=x)


def test_nothing_of_a_tree_without_models():
    with pytest.warns(patches.PatchWarning, match="no place matched"):
        sj.patch({"a": 1}, no_bias)
