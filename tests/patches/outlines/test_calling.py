"""Abstract calls of models of all kinds."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax.patches import Inputs, models, outline

X = jax.ShapeDtypeStruct((2, 8, 8, 3), jnp.float32)


class ConvNet(flax.linen.Module):
    """As people write them: every layer inside, a required flag, dropout, batch normalization."""

    width: int = 4

    @flax.linen.compact
    def __call__(self, x, train):
        x = flax.linen.Conv(self.width, (3, 3))(x)
        x = flax.linen.BatchNorm(use_running_average=not train)(x)
        x = flax.linen.Dropout(0.5, deterministic=not train)(x)
        return flax.linen.Dense(5)(x.reshape(x.shape[0], -1))

    def encode(self, x):
        return x.mean()


@sj.symbolize
class NnxNet(flax_nnx.Module):
    def __init__(self, width, *, rngs):
        self.conv = flax_nnx.Conv(3, width, (3, 3), rngs=rngs)
        self.norm = flax_nnx.BatchNorm(width, rngs=rngs)
        self.drop = flax_nnx.Dropout(0.5, rngs=rngs)
        self.layers = flax_nnx.List([flax_nnx.Linear(width, width, rngs=rngs) for _ in range(2)])

    def __call__(self, x):
        x = self.drop(self.norm(self.conv(x)))
        for layer in self.layers:
            x = layer(x)
        return x


@sj.role("dense", features="units")
class Units(sj.Object):
    units: int


class Plain(sj.Object):
    layer: Units

    def init(self, key, x):
        return {"kernel": jax.random.normal(key, (x.shape[-1], self.layer.units))}

    def apply(self, params, x, deterministic, key=None):
        assert deterministic
        assert key is not None
        return x @ params["kernel"]


def outlined(node, *args, train=None, **kwargs):
    (model,) = models(node)
    return outline(model, Inputs(*args, **kwargs), train)


def shapes(tree):
    return jax.tree.map(lambda leaf: leaf.shape, tree)


@pytest.mark.parametrize("train", [False, True])
def test_a_linen_model(train):
    told = outlined(sj.symbolize(ConvNet)(), X, train=train)
    assert shapes(told.params["Conv_0"]) == {"kernel": (3, 3, 3, 4), "bias": (4,)}
    assert told.variables.keys() == {"params", "batch_stats"}
    assert told.collections.keys() == {"batch_stats"}
    assert told.outputs.shape == (2, 5)
    assert told.train is train


@pytest.mark.parametrize(
    ("args", "kwargs", "train"),
    [
        ((X, True), {}, True),
        ((X,), {"train": True}, True),
        ((X,), {"train": False}, False),
        ((X,), {}, False),
    ],
)
def test_the_inputs_may_say_whether_the_model_trains(args, kwargs, train):
    told = outlined(sj.symbolize(ConvNet)(), *args, **kwargs)
    assert told.train is train
    draws = [eqn for eqn in told.jaxpr().eqns if "random_bits" in str(eqn)]
    assert bool(draws) is train


def test_another_method():
    assert outlined(sj.symbolize(ConvNet)(), X, method="encode").outputs.shape == ()


def test_the_name_stack_of_the_jaxpr_names_the_layers():
    told = outlined(sj.symbolize(ConvNet)(), X)
    stacks = {str(eqn.source_info.name_stack) for eqn in told.jaxpr().eqns}
    assert any("Conv_0" in stack for stack in stacks)
    assert told.init_jaxpr().jaxpr.outvars


@pytest.mark.parametrize("built", [False, True])
def test_an_nnx_model(built):
    node = NnxNet(4)
    told = outlined(sj.build(node) if built else node, X, train=True)
    assert shapes(told.params["layers"][1]) == {"kernel": (4, 4), "bias": (4,)}
    assert shapes(told.variables["batch_stats"]) == {"norm": {"mean": (4,), "var": (4,)}}
    assert told.collections.keys() == told.variables.keys() - {"params"}
    assert told.outputs.shape == (2, 8, 8, 4)
    assert told.jaxpr().out_avals[0].shape == (2, 8, 8, 4)


def test_an_nnx_model_trains_only_when_it_is_to():
    told = outlined(NnxNet(4), X, train=False), outlined(NnxNet(4), X, train=True)
    assert ["random_bits" in str(each.jaxpr()) for each in told] == [False, True]


def test_a_program_computes_what_the_model_does():
    node = NnxNet(4)
    program = outlined(node, X).program
    x = jax.random.normal(jax.random.key(1), X.shape)
    variables = program.init(jax.random.key(0), (x,))
    outputs, _ = program.apply(variables, jax.random.key(2), (x,), False)
    module = sj.build(node, rngs=flax_nnx.Rngs(jax.random.key(0)))
    module.eval()
    assert jnp.allclose(outputs, module(x), atol=1e-6)


def test_a_plain_object():
    told = outlined(Plain(Units(7)), X)
    assert shapes(told.variables) == {"params": {"kernel": (3, 7)}}
    assert told.outputs.shape == (2, 8, 8, 7)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="neither `init` and `apply` nor `__call__`"):
        outlined(Units(3), X)


@pytest.mark.parametrize(
    ("node", "args", "note"),
    [
        (nn.Sequential([nn.Dense(4), nn.Conv(3, (3,) * 5)]), (X,), "layers[1]: Conv("),
        (sj.symbolize(ConvNet)(), (jax.ShapeDtypeStruct((8,), jnp.float32),), "Conv_0: Conv("),
        (NnxNet(4), (jax.ShapeDtypeStruct((8, 8, 4), jnp.float32),), "conv: Conv("),
    ],
)
def test_an_error_names_the_layer_at_fault(node, args, note):
    with pytest.raises(Exception) as caught:
        outlined(node, *args)
    assert any(text.startswith(note) for text in caught.value.__notes__)


class Parallel(flax.linen.Module):
    """Statistics over all devices, as public code has them; the axis is bound by whoever trains."""

    @flax.linen.compact
    def __call__(self, x, train):
        x = flax.linen.BatchNorm(use_running_average=not train, axis_name="batch")(x)
        return x - jax.lax.pmean(x, "devices") if train else x


class CalledWithRngs(flax_nnx.Module):
    def __init__(self, *, rngs):
        self.drop = flax_nnx.Dropout(0.5)

    def __call__(self, x, rngs):
        return self.drop(x, rngs=rngs)


@pytest.mark.parametrize("train", [False, True])
def test_named_axes_have_one_item(train):
    told = outlined(sj.symbolize(Parallel)(), X, train=train)
    assert told.outputs == X
    assert told.jaxpr().out_avals[0].shape == X.shape


def test_other_unknown_names_are_errors():
    class Misspelt(flax.linen.Module):
        def __call__(self, x):
            return y  # noqa: F821

    with pytest.raises(NameError, match="name 'y'"):
        outlined(sj.symbolize(Misspelt)(), X)


@pytest.mark.parametrize("train", [False, True])
def test_an_nnx_model_gets_the_rngs_that_its_call_takes(train):
    assert outlined(sj.symbolize(CalledWithRngs)(), X, train=train).outputs == X
