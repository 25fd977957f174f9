"""Normalization of every kind is Flax's, and stands in the place of any other."""

import flax.linen
import jax
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import Normalization
from symjax.patches.library.layers.normalization import kind_of

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (4, 5, 6)) + 1.0
FLAX = {
    "batch": flax.linen.BatchNorm(use_running_average=True, epsilon=1e-6),
    "group": flax.linen.GroupNorm(num_groups=2),
    "instance": flax.linen.InstanceNorm(),
    "layer": flax.linen.LayerNorm(),
    "rms": flax.linen.RMSNorm(),
}


@pytest.mark.parametrize("kind", FLAX)
def test_it_is_that_of_flax(kind):
    layer = Normalization(kind, groups=2, scale_init=nn.initializers.normal(1.0))
    variables = layer.init(KEY, X)
    expected = FLAX[kind].apply(variables, X)
    # What only batch normalization is told, another kind passes over.
    np.testing.assert_allclose(layer.apply(variables, X, use_running_average=True), expected, atol=1e-6)
    assert variables["params"].keys() == {"scale"} | ({"bias"} if kind != "rms" else set())


def test_groups_divide_the_features():
    x = jax.random.normal(KEY, (2, 3, 6))
    layer = Normalization("group", groups=32)
    expected = flax.linen.GroupNorm(num_groups=2).init_with_output(KEY, x)[0]
    np.testing.assert_allclose(layer.init_with_output(KEY, x)[0], expected, atol=1e-6)


def test_batch_statistics_are_used_where_they_may_change():
    layer = Normalization("batch")
    variables = layer.init(KEY, X)
    y, state = layer.apply(variables, X, mutable=["batch_stats"])
    np.testing.assert_allclose(y.mean((0, 1)), 0.0, atol=1e-5)
    np.testing.assert_allclose(state["batch_stats"]["mean"], 0.01 * X.mean((0, 1)), rtol=1e-4)
    np.testing.assert_allclose(layer.apply(variables, X), X, rtol=1e-5)
    told = Normalization("batch", use_running_average=True)
    np.testing.assert_allclose(told.apply(variables, X, mutable=["batch_stats"])[0], X, rtol=1e-5)


def test_nothing_can_be_normalized_by_itself():
    with pytest.raises(ValueError, match=r"needs an axis of positions, and gets \(4, 6\)"):
        Normalization("instance").init(KEY, X[:, 0])


def test_arguments_are_kept():
    old = nn.BatchNorm(use_running_average=True, momentum=0.9, epsilon=1e-3, use_scale=False, name="norm")
    new = Normalization(
        "layer", use_running_average=True, momentum=0.9, epsilon=1e-3, use_scale=False, name="norm"
    )
    assert sj.patch([old], "swap_normalization?layer") == [new]
    assert sj.patch([new], "swap_normalization?group&groups=2") == [new.rebind(kind="group", groups=2)]


def test_devices_are_those_of_a_batch():
    (new,) = sj.patch([nn.BatchNorm(axis_name="batch")], "swap_normalization?layer")
    jax.eval_shape(new.init, KEY, X)  # with the name, it would ask for an axis that is not there
    assert new.axis_name is None
    (kept,) = sj.patch([nn.LayerNorm(axis_name="features")], "swap_normalization?rms")
    assert kept.axis_name == "features"


@pytest.mark.parametrize(
    "layer",
    [
        nn.RMSNorm(),
        nn.LayerNorm(reduction_axes=(1, 2)),
        nn.BatchNorm(axis=1),
        nn.WeightNorm(nn.Dense(2)),
        nn.Dense(2),
    ],
)
def test_what_stays(layer):
    with pytest.warns(patches.PatchWarning, match="normalization"):
        assert sj.patch([layer], "swap_normalization?rms") == [layer]


def test_kinds():
    layers = [
        nn.BatchNorm(),
        nn.GroupNorm(),
        nn.InstanceNorm(),
        nn.LayerNorm(),
        nn.RMSNorm(),
        Normalization("rms"),
    ]
    assert [kind_of(layer) for layer in layers] == ["batch", "group", "instance", "layer", "rms", "rms"]
    assert kind_of(nn.WeightNorm(nn.Dense(2))) is None
    with pytest.raises(TypeError, match=r"swap_normalization\.to"):
        patches.from_uri("swap_normalization?other")


@pytest.mark.parametrize("kind", ["rms", "group", "layer", "instance"])
def test_inside_of_a_model(theirs, inputs, trains, kind):
    model = sj.patch(theirs, f"swap_normalization?{kind}", inputs=inputs, strict=True)
    params = trains(model)
    assert params["norm"].keys() == {"scale"} | ({"bias"} if kind != "rms" else set())
    assert "batch_stats" not in jax.eval_shape(model.init, KEY, inputs)


def test_batch_normalization_comes_into_a_model_that_knows_nothing_of_it(theirs, inputs, trains):
    model = sj.patch(theirs, "add_normalization?kind=batch&after=attention", inputs=inputs, strict=True)
    attention = trains(model)["block_0"]["MultiHeadDotProductAttention_0"]
    assert attention["after_0"].keys() == {"scale", "bias"}


def test_it_is_added_after_layers_of_a_role():
    model = sj.patch(nn.Sequential([nn.Conv(4, (3,)), nn.Dense(2)]), "add_normalization?rms")
    variables = model.init(KEY, X)
    assert variables["params"]["layers_0"]["after_0"]["scale"].shape == (4,)
    assert "after_0" not in variables["params"]["layers_1"]
    y = nn.Conv(4, (3,)).apply(
        {"params": {k: variables["params"]["layers_0"][k] for k in ("kernel", "bias")}}, X
    )
    expected = flax.linen.RMSNorm().init_with_output(KEY, y)[0]
    got = model.layers[0].apply({"params": variables["params"]["layers_0"]}, X)
    np.testing.assert_allclose(got, expected, atol=1e-6)


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.norm = nnx.BatchNorm(6, rngs=rngs)

    def __call__(self, x):
        return self.norm(x)


def test_inside_of_an_nnx_model():
    model = sj.build(sj.patch(sj.symbolize(NnxModel)(), "swap_normalization?rms"), rngs=nnx.Rngs(0))
    expected = flax.linen.RMSNorm(epsilon=1e-5).init_with_output(KEY, X)[0]
    np.testing.assert_allclose(model(X), expected, atol=1e-6)


@patches.role("residual_block", norm_first="pre")
class TheirResidual(sj.Object):
    pre: bool = True
    other: bool = True


class Config(sj.Object):
    prenorm: bool = True
    use_bias: bool = True


def test_its_place_is_what_the_block_says():
    tree = [TheirResidual(), Config()]
    assert sj.patch(tree, "place_normalization?post") == [TheirResidual(pre=False), Config(prenorm=False)]
    with pytest.warns(patches.PatchWarning):
        assert sj.patch(tree, "place_normalization?pre") is tree
