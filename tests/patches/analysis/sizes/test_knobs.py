"""The numbers that sizes hang on: of fields, and of modules made inside."""

import flax.linen as nn
import jax
import pytest

import symjax as sj
from symjax import linen, nnx
from symjax.core.paths import Path
from symjax.patches.analysis.sizes.knobs import Modules, field_knobs, is_depthwise
from symjax.patches.analysis.sizes.probe import Probe
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.inputs import Inputs

IMAGES = Inputs(jax.ShapeDtypeStruct((1, 4, 4, 3), "float32"))


class Residual(nn.Module):
    channels: int

    @nn.compact
    def __call__(self, x):
        return x + nn.Conv(self.channels, (3, 3))(x)


class Net(linen.Module):
    head: nn.Module = linen.Dense(2)
    stem: int = 6

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.stem, (1, 1))(x)
        x = Residual(6)(x)
        x = nn.Conv(12, (3, 3), feature_group_count=2)(x)
        x = nn.Conv(12, (3, 3), feature_group_count=12)(nn.GroupNorm(4)(x))
        x = nn.MultiHeadDotProductAttention(3, qkv_features=9)(x.reshape(1, 16, -1))
        return self.head(x)


def probe_of(tree, inputs=IMAGES):
    (model,) = models(tree)
    return Probe.of(tree, model, inputs)


@pytest.fixture(scope="module")
def probe():
    return probe_of(Net())


@pytest.fixture(scope="module")
def modules(probe):
    return Modules(probe.base)


def knobs_of(modules):
    return {
        f"{knob.module or knob.paths[0]}: {knob.argument}": knob
        for module in modules.called
        for knob in modules.knobs(module)
    }


def test_arguments_that_axes_grow_with(modules):
    knob = knobs_of(modules)["Conv_1: features"]
    assert (knob.value, knob.module, knob.paths) == (12, "Conv_1", ())
    assert set(knob.places) == {("params/Conv_1/kernel", 3), ("params/Conv_1/bias", 0)}


def test_a_block_is_a_module_like_any_other(modules):
    knob = knobs_of(modules)["Residual_0: channels"]
    assert ("params/Residual_0/Conv_0/kernel", 3) in knob.places
    assert modules.has_parts(knob)
    assert not modules.has_parts(knobs_of(modules)["Conv_1: features"])


def test_a_layer_in_a_field_is_changed_there(modules):
    knob = knobs_of(modules)["head.features: features"]
    assert (knob.module, knob.paths) == (None, (Path.parse("head.features"),))


def test_depthwise_convolutions_have_companions(modules):
    assert knobs_of(modules)["Conv_2: features"].companions == (Path.parse("feature_group_count"),)
    assert knobs_of(modules)["Conv_1: features"].companions == ()
    assert is_depthwise(linen.Conv(8, (3, 3), feature_group_count=8))
    assert not is_depthwise(linen.Conv(8, (3, 3), feature_group_count=4))


def test_numbers_of_groups_and_heads_are_no_knobs(modules):
    assert sorted(modules.counts()) == [1, 1, 2, 3, 4]
    assert not any(name.endswith(("group_count", "num_heads", "num_groups")) for name in knobs_of(modules))


def test_axes_that_number_heads(modules):
    base = "params/MultiHeadDotProductAttention_0"
    assert set(modules.numbered()) == {
        *[(f"{base}/{name}/kernel", 1) for name in ("query", "key", "value")],
        *[(f"{base}/{name}/bias", 0) for name in ("query", "key", "value")],
        (f"{base}/out/kernel", 0),
    }


def test_widths_among_the_fields(probe):
    knobs = field_knobs(probe.integers)
    assert [str(knob) for knob in knobs] == []  # the residual block insists on its own
    assert [effect.kind for effect in probe.integers if str(effect.path) == "stem"] == ["tied"]


class OtherNet(nnx.Module):
    def __init__(self, *, rngs):
        self.stem = nnx.Linear(3, 6, rngs=rngs)
        self.depthwise = nnx.Conv(6, 6, (3, 3), feature_group_count=6, rngs=rngs)

    def __call__(self, x):
        return self.depthwise(self.stem(x))


def test_layers_of_nnx_have_knobs_for_what_they_get():
    knobs = knobs_of(Modules(probe_of(sj.symbolize(OtherNet)()).base))
    assert knobs["stem: in_features"].places == (("params/stem/kernel", 0),)
    assert knobs["stem: out_features"].value == 6
    assert set(map(str, knobs["depthwise: out_features"].companions)) == {
        "feature_group_count",
        "in_features",
    }


class Pair(nnx.Module):
    def __init__(self, layers):
        self.layers = nnx.List(layers)

    def __call__(self, x):
        return self.layers[1](self.layers[0](x))


def test_layers_in_a_field_of_nnx_are_changed_there():
    model = sj.symbolize(Pair)([nnx.Linear(3, 4), nnx.Linear(4, 2)])
    knobs = knobs_of(Modules(probe_of(model).base))
    assert {str(path) for knob in knobs.values() for path in knob.paths} == {
        f"layers[{i}].{name}" for i in (0, 1) for name in ("in_features", "out_features")
    }
