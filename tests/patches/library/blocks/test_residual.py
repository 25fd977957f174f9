"""Residual connections are added, dropped and scaled as the papers have it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import LayerScale, Residual, StochasticDepth

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (64, 4))


@pytest.mark.parametrize("features", [4, 3])
def test_inputs_are_added_where_they_fit(features):
    layer = nn.Dense(features)
    variables = layer.init(KEY, X)
    y = layer.apply(variables, X)
    np.testing.assert_array_equal(Residual(layer).apply(variables, X), X + y if features == 4 else y)


def test_once_is_enough(theirs, inputs, their_variables):
    once, twice = (
        sj.patch(theirs, uri) for uri in ("add_skip_connections", "add_skip_connections|add_skip_connections")
    )
    np.testing.assert_array_equal(once.apply(their_variables, inputs), twice.apply(their_variables, inputs))
    tree = sj.patch([nn.Dense(4)], "add_skip_connections")
    with pytest.warns(patches.PatchWarning):
        assert sj.patch(tree, "add_skip_connections") == tree


def test_skips_inside_of_models(theirs, inputs, their_variables, trains):
    model = sj.patch(theirs, "add_skip_connections", inputs=inputs, strict=True)
    trains(model)
    assert not jnp.allclose(model.apply(their_variables, inputs), theirs.apply(their_variables, inputs))


class Narrowing(nn.Module):
    keeps: bool = False

    @nn.compact
    def __call__(self, x):
        return nn.Dense(2)(nn.Dense(4 if self.keeps else 3)(x))


@pytest.mark.parametrize("model", [Narrowing(), nn.Sequential([nn.Dense(3), nn.Dense(2)])])
def test_a_model_whose_layers_all_change_the_shape_has_no_place_for_skips(model):
    with pytest.raises(
        patches.PatchError, match="looks for convolutions and dense layers that keep the shape"
    ):
        sj.patch(model, "add_skip_connections", inputs=X, strict=True)


@pytest.mark.parametrize(
    ("model", "place"),
    [
        (Narrowing(keeps=True), sj.Path.parse("inside") / "Dense_1"),
        (nn.Sequential([nn.Dense(4), nn.Dense(2)]), sj.Path.parse("layers[0]")),
        (nn.Sequential([Narrowing(keeps=True)]), sj.Path.parse("inside") / "layers_0/Dense_1"),
    ],
)
def test_what_changes_the_shape_is_no_place(model, place):
    assert patches.add_skip_connections().matched(model, X) == (place,)
    sj.patch(model, patches.add_skip_connections().expects(1), inputs=X)


def test_without_inputs_it_is_known_when_the_model_runs():
    model = sj.patch(Narrowing(), "add_skip_connections", strict=True)
    with pytest.raises(patches.PatchError, match="changed nothing inside of the model"):
        jax.eval_shape(model.init, KEY, X)
    tree = [nnx.Linear(4, 3)]
    with pytest.warns(patches.PatchWarning):
        assert sj.patch(tree, "add_skip_connections") == tree


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.linear = nnx.Linear(4, 4, rngs=rngs)

    def __call__(self, x):
        return self.linear(x)


def test_skips_inside_of_an_nnx_model():
    model = sj.build(sj.patch(sj.symbolize(NnxModel)(), "add_skip_connections"), rngs=nnx.Rngs(0))
    expected = X + X @ model.linear.kernel[...] + model.linear.bias[...]
    np.testing.assert_allclose(model(X), expected, rtol=1e-5)


def test_a_block_runs_or_is_skipped_example_by_example():
    block = StochasticDepth(Residual(nn.Dense(4)), 0.25)
    variables = block.init(KEY, X)
    whole = block.apply(variables, X)
    np.testing.assert_array_equal(whole, Residual(nn.Dense(4)).apply(variables, X))
    y = block.apply(variables, X, rngs={"dropout": KEY})
    skipped = (y == X).all(1)
    np.testing.assert_allclose(y[~skipped], (X + (whole - X) / 0.75)[~skipped], rtol=1e-5, atol=1e-6)
    assert 4 <= skipped.sum() <= 28  # 16 are expected of 64
    none = block.rebind(rate=0.0)
    np.testing.assert_allclose(none.apply(variables, X, rngs={"dropout": KEY}), whole, rtol=1e-6)


def test_deeper_blocks_are_skipped_more_often(theirs, inputs, their_variables, trains):
    model = sj.patch(theirs, "stochastic_depth?0.4", inputs=inputs, strict=True)
    assert {path: block.rate for path, block in model.inside[0].around.items()} == {
        "block_0": 0.2,
        "block_1": 0.4,
    }
    trains(model)
    np.testing.assert_allclose(
        model.apply(their_variables, inputs), theirs.apply(their_variables, inputs), rtol=1e-6
    )
    assert sj.from_json(sj.to_json(model)) == model


@patches.role("residual_block")
class Marked(nn.Module):
    width: int = 4


def test_a_marked_block_needs_no_inputs():
    (block,) = sj.patch([Marked()], "stochastic_depth?0.3")
    assert (type(block), block.layer, block.rate) == (StochasticDepth, Marked(), 0.3)


def test_no_block_is_the_reason():
    with pytest.raises(patches.PatchError, match="a call of <root> shows no residual blocks"):
        sj.patch(nn.Sequential([nn.Dense(4)]), "stochastic_depth", inputs=X, strict=True)


def test_blocks_of_a_scan_are_named_where_none_is_seen(scanned):
    with pytest.raises(patches.PatchError, match=r"shows no residual blocks; what nn\.scan.*: blocks$"):
        sj.patch(scanned, "stochastic_depth", inputs=X, strict=True)


@patches.role("feed_forward")
class MarkedFeedForward(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(4)(nn.Dense(8)(x))


def test_a_marked_feed_forward_is_scaled_once():
    model = nn.Sequential([MarkedFeedForward()])
    assert patches.layer_scale().matched(model, X) == (sj.Path.parse("inside") / "layers_0",)


def test_scales_begin_small(theirs, inputs, trains):
    model = sj.patch(theirs, "layer_scale?0.01", inputs=inputs, strict=True)
    scale = trains(model)["block_0"]["MultiHeadDotProductAttention_0"]["after_0"]["scale"]
    np.testing.assert_allclose(scale, 0.01)
    assert patches.layer_scale().matched(theirs, inputs) == tuple(
        sj.Path.parse("inside") / f"block_{i}/{name}"
        for name in ("MultiHeadDotProductAttention_0", "down")
        for i in range(2)
    )
    np.testing.assert_allclose(LayerScale(0.5).apply({"params": {"scale": 2 * jnp.ones(4)}}, X), 2 * X)


@pytest.mark.parametrize("uri", ["stochastic_depth?1", "stochastic_depth?-0.1", "layer_scale?0"])
def test_ranges(uri):
    with pytest.raises(ValueError, match=r"less than|greater than"):
        patches.from_uri(uri)
