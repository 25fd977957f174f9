"""Running layers as nodes."""

import flax.linen
import jax
import jax.numpy as jnp

import symjax as sj
from symjax import linen as nn
from symjax import patches

KEY = jax.random.key(0)


def shown(model, *args):
    """What a rule is shown in a model: nodes by path."""
    nodes = {}

    def note(k, v):
        nodes.setdefault(str(k), v)
        return v

    jax.eval_shape(sj.patch(model, patches.inside(note)).init, KEY, *args)
    return nodes


def test_layers_of_plain_flax_are_shown_as_symbolic_nodes(net, x):
    nodes = shown(net, x)
    assert nodes["head"] == nn.Dense(3, name="head")
    assert sj.is_symbolic(nodes["Block_0"])
    assert nodes["Block_0"].features == 6
    assert nodes["Block_0.features"] == 6  # and what stands in their fields
    assert nodes["Dense_1"] == nn.Dense(5, name="Dense_1")


def test_defaults_are_those_of_the_symbolic_class(net, x):
    head = shown(net, x)["head"]
    assert head.kernel_init is nn.Dense(3).kernel_init
    assert sj.to_json(head) == sj.to_json(nn.Dense(3, name="head"))


class Given(flax.linen.Module):
    """A module that is given layers, in a list and in a named field."""

    layers: list
    last: flax.linen.Module

    @flax.linen.compact
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.last(x)


class Gives(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        shared = flax.linen.Dense(4)
        x = shared(x)
        return Given([shared, flax.linen.Dense(4), flax.linen.tanh], flax.linen.Dense(2, name="end"))(x)


def test_modules_in_fields_are_nodes_there_and_stay_who_they_are(x):
    model = sj.symbolize(Gives)()
    nodes = shown(model, x)
    assert nodes["Given_0"].last == nn.Dense(2, name="end")
    assert nodes["Given_0"].layers[2] is flax.linen.tanh
    wider = sj.patch(
        model, patches.inside(lambda k, v: v.rebind(use_bias=False) if isinstance(v, nn.Dense) else v)
    )
    assert jax.tree.map(jnp.shape, wider.init(KEY, x)["params"]) == {
        "Dense_0": {"kernel": (4, 4)},
        "Dense_1": {"kernel": (4, 4)},
        "end": {"kernel": (4, 2)},
    }


def test_a_class_that_is_local_is_shown_too(x):
    class Local(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(3)(x)

    class Root(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return Local()(x)

    assert isinstance(shown(sj.symbolize(Root)(), x)["Local_0"], Local)
