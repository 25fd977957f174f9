"""Which models stand in a tree, whatever they are written in."""

import flax.linen
import jax
import jax.numpy as jnp
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax, patches
from symjax.patches import models


class Experiment(sj.Object):
    model: object
    optimizer: optax.GradientTransformation = optax.sgd(0.1)


def listed(tree):
    return [(str(model.path), model.kind, model.is_layer) for model in models(tree)]


class Compact(flax.linen.Module):
    width: int = 4

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(self.width)(x)


@sj.symbolize
def compact(width: int) -> Compact:
    return Compact(width)


class Net(flax_nnx.Module):
    def __init__(self, width, *, rngs):
        self.layer = flax_nnx.Linear(width, width, rngs=rngs)

    def __call__(self, x):
        return self.layer(x)


@sj.symbolize
def net(width: int) -> Net:
    return sj.symbolize(Net)(width)


@sj.role("dense", features="units")
class Units(sj.Object):
    units: int


class Pair(sj.Object):
    """A model in plain JAX."""

    first: Units
    second: Units

    def init(self, key):
        return {"kernel": jnp.ones((self.first.units, self.second.units))}

    def apply(self, params, x):
        return x @ params["kernel"]


def test_linen_modules_and_functions_that_build_them():
    assert listed(Experiment(Compact())) == [("model", "linen", False)]
    assert listed(Experiment(compact(3))) == [("model", "linen", False)]
    assert listed(Compact()) == [("", "linen", False)]


def test_nodes_of_nnx_and_modules_that_are_built():
    node = sj.symbolize(Net)(3)
    assert listed(Experiment(node)) == [("model", "nnx", False)]
    assert listed(Experiment(net(3))) == [("model", "nnx", False)]
    assert listed(Experiment(sj.build(node))) == [("model", "nnx", False)]
    assert listed(nnx.Linear(2, 3)) == [("", "nnx", True)]


def test_a_module_in_a_model_is_part_of_it():
    outer = nn.Sequential([nn.Dense(3), nn.Sequential([nn.Dense(4)])])
    assert listed([outer, {"again": outer}]) == [("[0]", "linen", False), ("[1].again", "linen", False)]


def test_layers_that_lie_in_no_model():
    assert listed(Experiment([nn.Dense(3), nn.relu, Units(4)])) == [
        ("model[0]", "linen", True),
        ("model[2]", "plain", True),
    ]


def test_an_object_that_holds_layers_and_can_be_called_is_a_model():
    assert listed(Experiment(Pair(Units(3), Units(4)))) == [("model", "plain", False)]


def test_a_tree_without_models_and_what_patches_bring():
    assert listed({"rate": 0.1, "key": jax.random.key(0)}) == []
    assert listed(Experiment(patches.on_value(1, nn.Dense(3)))) == []
