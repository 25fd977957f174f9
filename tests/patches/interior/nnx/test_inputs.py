"""With what layers of NNX are called."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import Path, nnx
from symjax import linen as nn
from symjax.patches import Inputs
from symjax.patches.interior.nnx.bridge import Bridge
from symjax.patches.interior.nnx.inputs import inputs_of, recorded, tried
from symjax.patches.interior.nnx.views import abstract

from .networks import IMAGES, MLP, Config, ResNet, Scanned, X, streams


def test_each_layer_s_input_is_recorded_and_nothing_computed():
    model = plain.eval_shape(lambda: ResNet(Config(), rngs=plain.Rngs(0)))
    calls = {str(path): shapes for path, shapes in recorded(model, Inputs(IMAGES)).items()}
    assert calls["blocks[1].norm1"] == (((2, 4, 4, 8), "float32"),)
    assert calls["head"] == (((2, 8), "float32"),)
    assert calls[""] == (((2, 4, 4, 3), "float32"),)


def test_within_transforms_too_and_each_time_anew():
    class Jitted(plain.Module):
        def __init__(self):
            self.stack = Scanned(rngs=streams())

        @plain.jit
        def __call__(self, x):
            return self.stack(x)

    model = Jitted()
    for _ in range(2):
        calls = recorded(model, Inputs(X))
        assert calls[Path.parse("stack.layers.layers[0]")] == (((3, 4), "float32"),)
    assert type(model.stack) is Scanned


def test_arguments_that_are_no_arrays_reach_the_model():
    class Flagged(plain.Module):
        def __init__(self):
            self.one, self.other = plain.Dropout(0.0), plain.Dropout(0.0)

        def encode(self, x, mask, flag=True):
            return (self.one if flag else self.other)(x)

    calls = recorded(Flagged(), Inputs(X, None, flag=False, method="encode"))
    assert list(map(str, calls)) == ["other"]


@pytest.mark.parametrize(
    ("node", "shape", "dtype"),
    [
        (nnx.Linear(4, 3), (1, 4), "float32"),
        (nnx.Conv(4, 3, (3, 3), padding="VALID"), (1, 32, 32, 4), "float32"),
        (nnx.Conv(4, 3, 3), (1, 32, 4), "float32"),
        (nnx.BatchNorm(4), (1, 4), "float32"),
        (nnx.GroupNorm(6, num_groups=2), (1, 6), "float32"),
        (nnx.LinearGeneral((2, 3), (4,), axis=(-2, -1)), (1, 2, 3), "float32"),
        (nnx.MultiHeadAttention(2, 4, decode=False), (1, 4), "float32"),
        (nnx.Embed(5, 4), (1,), "int32"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_arguments_tell_an_input(node, shape, dtype):
    assert tried(abstract(node), node) == ((shape, dtype),)


def test_what_they_do_not_tell():
    class Two(plain.Module):
        def __call__(self, x, y):
            return x + y

    assert tried(Two(), sj.symbolize(Two)()) is None


def test_what_was_recorded_counts_first_and_a_bridge_knows():
    node = nnx.Linear(4, 3)
    path = Path.parse("a")
    known = (((2, 7, 4), "float32"),)
    assert inputs_of(abstract(node), node, path, {path: known}) == known
    assert inputs_of(abstract(node), node, path, {}) == (((1, 4), "float32"),)
    bridge = Bridge(nn.Dense(3), known, rngs=streams())
    assert inputs_of(bridge, bridge.linen, path, {}) == known


def test_of_a_stack_it_is_that_of_one():
    layer = Scanned(rngs=streams()).layers.layers[0]
    assert inputs_of(layer, nnx.Linear(4, 4), Path.parse("a"), {}) == (((1, 4), "float32"),)
    assert jnp.ndim(layer.kernel[...]) == 3
    assert not isinstance(layer.kernel[...], jax.ShapeDtypeStruct)


def test_mlp_inputs_of_layers_in_containers():
    calls = recorded(MLP(rngs=streams()), Inputs(X))
    assert {str(path) for path in calls} == {
        *("", "hidden[0]", "hidden[1]", "named.norm", "pair[0]", "pair[1]")
    }
