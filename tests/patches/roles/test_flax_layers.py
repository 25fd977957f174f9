"""The layers of Flax come with their roles."""

import types

import flax.linen
import jax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import has_role, member
from symjax.patches.roles import flax_layers

LAYERS = {
    "convolution": [nn.Conv(1, (3,)), nn.ConvTranspose(1, (3,)), nn.ConvLocal(1, (3,))],
    "dense": [nn.Dense(1), nn.DenseGeneral(1)],
    "normalization": [nn.BatchNorm(), nn.LayerNorm(), nn.RMSNorm(), nn.GroupNorm(), nn.InstanceNorm()],
    "dropout": [nn.Dropout(0.5)],
    "embedding": [nn.Embed(3, 4)],
    "attention": [nn.MultiHeadDotProductAttention(2), nn.MultiHeadAttention(2), nn.SelfAttention(2)],
    "activation": [nn.relu, nn.gelu, nn.silu, nn.swish, nn.tanh, jax.nn.relu, jax.numpy.tanh, nn.PReLU()],
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_flax_come_marked(name):
    assert all(has_role(layer, name) for layer in LAYERS[name])
    others = [layer for other, layers in LAYERS.items() if other != name for layer in layers]
    assert not any(has_role(layer, name) for layer in others)


def test_so_do_unsymbolized_layers_and_subclasses():
    class Mine(flax.linen.Conv):
        pass

    assert has_role(flax.linen.Conv(1, (3,)), "convolution")
    assert has_role(Mine(1, (3,)), "convolution")


@pytest.mark.parametrize("value", [nn.softmax, nn.glu, nn.log_softmax, nn.Sequential([]), nn.max_pool])
def test_outputs_and_containers_are_no_layers(value):
    assert not any(has_role(value, name) for name in LAYERS)


def test_a_namespace_may_call_arguments_otherwise():
    class Wide(sj.Object):
        out_features: int = 3

    namespace = types.SimpleNamespace(Wide=Wide)
    flax_layers.mark_layers(namespace, {"Wide": ("dense",)}, {"Wide": {"features": "out_features"}})
    assert member(Wide(), "dense", "features") == "out_features"
