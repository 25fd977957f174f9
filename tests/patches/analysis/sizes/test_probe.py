"""A model that is called with other values of its fields; `test_effects.py` has what fields do."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax.core.paths import Path
from symjax.patches.analysis.sizes.probe import Probe
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs


@sj.symbolize
class Net(nn.Module):
    width: int = 4
    classes: int = 2

    @nn.compact
    def __call__(self, x):
        if self.width > 100:
            raise ValueError("too wide")
        return nn.Dense(self.classes)(nn.Dense(self.width)(x))


WIDTH, CLASSES = Path.parse("model.width"), Path.parse("model.classes")


@pytest.fixture(scope="module")
def probe():
    tree = {"model": Net()}
    (model,) = models(tree)
    return Probe.of(tree, model, Inputs(jax.ShapeDtypeStruct((3, 5), "float32")))


def test_a_call_tells_shapes_and_operations(probe):
    reply = probe.called({WIDTH: 6})
    assert sorted(reply.params.values()) == [(2,), (5, 6), (6,), (6, 2)]
    assert reply.shapes_of_outputs == (3, 2)
    assert reply.flops == 2 * 3 * (5 * 6 + 6 * 2)


def test_outputs_must_keep_their_shape(probe):
    assert probe.called_alike({WIDTH: 6}) == probe.called({WIDTH: 6})
    assert probe.called_alike({}) == probe.called({WIDTH: 4})
    with pytest.raises(ValueError, match="too wide"):
        probe.called_alike({WIDTH: 200})
    with pytest.raises(ValueError, match=r"would be of shape \(3, 7\) instead of \(3, 2\)"):
        probe.called_alike({CLASSES: 7})


def test_one_of_something_tells_of_parts_alone():
    @sj.symbolize
    class Broadcast(nn.Module):
        width: int = 5

        @nn.compact
        def __call__(self, x):
            return nn.Dense(self.width)(x) + jnp.ones(5)

    (model,) = models(Broadcast())
    (effect,) = Probe.of(Broadcast(), model, Inputs(jnp.ones((2, 3)))).integers
    assert (effect.kind, effect.tried) == ("tied", None)  # a width of 1 would be added, and mean nothing
