"""Layers of NNX made anew."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import Path, nnx
from symjax import linen as nn
from symjax.core.paths import ROOT
from symjax.patches import insert
from symjax.patches.interior.nnx.bridge import Bridge
from symjax.patches.interior.nnx.making import Maker, fitting, is_abstract, missing_in, mode_of
from symjax.patches.interior.nnx.views import Reader, abstract

from .networks import MLP, Scanned, streams

HERE = Path.parse("here")


def remade(layer, change, *, trained=True, around=()):
    """A layer as a rule has changed its node."""
    reader = Reader()
    maker = Maker(reader, streams(5), trained=trained)
    return maker.make(layer, change(reader.read(layer).node), HERE, around)


def test_what_a_variable_says_of_itself_is_kept_and_a_new_dtype_holds():
    layer = plain.Linear(2, 3, kernel_metadata={"note": "own"}, rngs=streams())
    new = remade(layer, lambda v: v.rebind(param_dtype=jnp.bfloat16))
    assert new.kernel.note == "own"
    assert new.kernel.dtype == jnp.bfloat16
    assert jnp.array_equal(new.kernel[...], layer.kernel[...].astype(jnp.bfloat16))
    wider = remade(layer, lambda v: v.rebind(out_features=4))
    assert wider.kernel.note == "own"
    assert wider.kernel.shape == (2, 4)


def test_a_variable_of_another_kind_is_new():
    layer = plain.BatchNorm(3, rngs=streams())
    layer.mean.set_value(jnp.full(3, 7.0))
    new = remade(layer, lambda v: nn.BatchNorm())  # Linen's, whose statistics are batch_stats as well
    assert jnp.array_equal(new.mean[...], layer.mean[...])
    own = plain.Linear(2, 3, rngs=streams())
    own.kernel = plain.Param(jnp.ones((2, 3)))

    class Other(plain.Module):
        def __init__(self, *, rngs):
            self.kernel = plain.BatchStat(jnp.zeros((2, 3)))

    assert (remade(own, lambda v: sj.symbolize(Other)()).kernel[...] == 0).all()


def test_the_state_of_randomness_goes_on():
    layer = plain.Dropout(0.5, rngs=plain.Rngs(0))
    layer(jnp.ones(3))
    new = remade(layer, lambda v: v.rebind(rate=0.25))
    assert new.rngs.count[...] == layer.rngs.count[...] == 1
    assert jnp.array_equal(jax.random.key_data(new.rngs.key[...]), jax.random.key_data(layer.rngs.key[...]))


def test_a_layer_in_the_new_one_is_the_old_one_itself():
    layer = plain.Linear(2, 3, rngs=streams())
    new = remade(layer, lambda v: nnx.LoRA(2, 1, 3, base_module=v))
    assert new.base_module is layer


def test_modules_and_functions_are_put_in_as_they_are():
    own = plain.Linear(2, 3, rngs=streams())
    assert remade(plain.Dropout(0.5), lambda v: own) is own
    assert remade(plain.Dropout(0.5), lambda v: plain.relu) is plain.relu


def test_a_layer_of_linen_where_a_layer_without_arguments_stood_in_a_stack():
    stack = Scanned(rngs=streams()).layers
    dropout = plain.Dropout(0.5)
    reader = Reader()
    new = Maker(reader, streams()).make(dropout, nnx.Linear(4, 4), HERE, [stack])
    assert new.kernel.shape == (3, 4, 4)


def test_linen_in_the_place_of_a_node():
    node = nnx.Conv(3, 4, (3, 3))
    new = fitting(node, nn.Conv(4, (3, 3)))
    assert (type(new).__name__, new.inputs) == ("Bridge", (((1, 32, 32, 3), "float32"),))
    assert fitting(node, insert(node, after=[nn.LayerNorm()])).inputs == (((1, 32, 32, 3), "float32"),)
    same = nnx.Conv(3, 4, (1, 1))
    assert fitting(node, same) is same

    class Bare(plain.Module):
        def __call__(self, x, y):
            return x

    with pytest.raises(ValueError, match=r"cannot stand for this Bare of NNX.*\(path=here\)"):
        fitting(sj.symbolize(Bare)(), nn.Dense(3), HERE)


def test_modes():
    model = MLP(rngs=streams())
    assert mode_of(model) == {}
    model.eval()
    assert mode_of(model) == {"deterministic": True, "use_running_average": True}
    model.pair[0].deterministic = False
    assert mode_of(model) == {}
    assert mode_of(plain.Linear(2, 3, rngs=streams())) == {}


def test_what_is_abstract_and_what_is_missing():
    assert is_abstract(abstract(nnx.Linear(2, 3)))
    assert not is_abstract(plain.Linear(2, 3, rngs=streams()))
    assert missing_in(nnx.Linear.partial(in_features=2)) == ["out_features"]


def test_of_a_bridge_the_inputs_are_known():
    bridge = Bridge(nn.Dense(3), (((2, 7, 4), "float32"),), rngs=streams())
    new = remade(bridge, lambda v: nn.Sequential([v, nn.Dense(2)]))
    assert new.inputs == bridge.inputs
    assert new.layers_0["kernel"].shape == (4, 3)
    kept = remade(bridge, lambda v: v.rebind(use_bias=False))
    assert jnp.array_equal(kept.kernel[...], bridge.kernel[...])
    assert ROOT != HERE


def test_dropout_in_a_stack_is_made_as_a_stack():
    @plain.split_rngs(splits=3)
    @plain.vmap(axis_size=3)
    def make(rngs):
        return plain.Sequential(plain.Dropout(0.5, rngs=rngs), plain.Linear(4, 4, rngs=rngs))

    stack = make(streams())
    dropout = stack.layers[0]
    new = remade(dropout, lambda v: v.rebind(rate=0.1), around=(stack,))
    assert new.rate == 0.1
    assert new.rngs.key[...].shape == dropout.rngs.key[...].shape == (3,)
