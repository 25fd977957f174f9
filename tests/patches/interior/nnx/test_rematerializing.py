"""Layers of NNX that are computed again: the same layer, of a class that calls it so."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import symjax as sj
from symjax import nnx as sj_nnx
from symjax.patches.interior.nnx.graph import own_class
from symjax.patches.interior.nnx.rematerializing import RematerializedNode, policy_of, rematerialized
from symjax.patches.interior.nnx.views import Reader

X = jnp.ones((2, 3))


class Gated(nnx.Module):
    """Takes a switch, and another module as an argument."""

    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.width = width
        self.dense = nnx.Linear(width, width, rngs=rngs)

    def __call__(self, x, other=None, *, flip=False):
        y = self.dense(x)
        if flip:
            y = -y
        return y if other is None else other(y)


def test_it_stays_the_layer_with_its_parameters():
    layer = Gated(3, rngs=nnx.Rngs(0))
    expected = layer(X)
    again = rematerialized(layer)
    assert again is layer
    assert isinstance(again, Gated)
    assert policy_of(again) == (None,)
    assert own_class(type(again)) is Gated
    assert jnp.allclose(again(X), expected)
    assert jnp.allclose(again(X, flip=True), -expected)
    assert type(rematerialized(again)) is type(again)


@pytest.mark.parametrize("policy", [None, "dots_saveable"])
def test_what_is_kept(policy):
    layer = rematerialized(Gated(3, rngs=nnx.Rngs(0)), policy)
    graph, state = nnx.split(layer)
    jaxpr = jax.make_jaxpr(lambda state: nnx.merge(graph, state)(X))(state)
    (part,) = [eqn for eqn in jaxpr.eqns if "policy" in eqn.params]
    assert part.params["policy"] is (policy and jax.checkpoint_policies.dots_saveable)


def test_modules_among_the_arguments():
    layer, other = Gated(3, rngs=nnx.Rngs(0)), nnx.BatchNorm(3, rngs=nnx.Rngs(0))
    plain = nnx.clone(other)
    expected = layer(X, plain)
    assert jnp.allclose(rematerialized(layer)(X, other), expected)
    assert jnp.allclose(other.mean[...], plain.mean[...])  # what it learned there


def test_nodes_are_built_and_read_back():
    node = RematerializedNode(sj_nnx.Linear(3, 4), "dots_saveable")
    layer = sj.build(node, rngs=nnx.Rngs(0))
    assert isinstance(layer, nnx.Linear)
    assert policy_of(layer) == ("dots_saveable",)
    assert policy_of(nnx.Linear(3, 4, rngs=nnx.Rngs(0))) is None
    read = Reader().read(layer).node
    assert (read.policy, read.layer.out_features) == ("dots_saveable", 4)
    assert sj.from_json(sj.to_json(node)) == node
