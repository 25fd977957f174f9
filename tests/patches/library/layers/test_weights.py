"""Kernels are normalized as the papers have it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import WeightNormalized, WeightStandardized

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 6, 4))


@pytest.mark.parametrize("layer", [nn.Dense(3), nn.Conv(3, (3,), use_bias=False), nn.DenseGeneral((2, 3))])
def test_at_first_the_layer_stays(layer):
    (normalized,) = sj.patch([layer], "weight_norm")
    variables = layer.init(KEY, X)
    own = normalized.init(KEY, X)
    norms = own["params"].pop("kernel_norm")
    jax.tree.map(np.testing.assert_array_equal, own, variables)
    own["params"]["kernel_norm"] = norms
    np.testing.assert_allclose(normalized.apply(own, X), layer.apply(variables, X), rtol=1e-5, atol=1e-6)


def test_direction_and_length():
    layer = WeightNormalized(nn.Dense(3, use_bias=False))
    v, g = jax.random.normal(KEY, (4, 3)), jnp.array([1.0, 2.0, 3.0])
    w = g * v / jnp.sqrt((v**2).sum(0))
    params = {"params": {"kernel": 7.0 * v, "kernel_norm": g}}
    np.testing.assert_allclose(layer.apply(params, X), X @ w, rtol=1e-4, atol=1e-5)


def test_heads_have_a_length_for_each_feature():
    (layer,) = sj.patch([nn.DenseGeneral((2, 3))], "weight_norm")
    assert layer.init(KEY, X)["params"]["kernel_norm"].shape == (2, 3)


def test_standardized_weights():
    layer = WeightStandardized(nn.Conv(5, (3,), use_bias=False))
    kernel = layer.init(KEY, X)["params"]["kernel"]
    used = (kernel - kernel.mean((0, 1))) / kernel.std((0, 1))
    expected = nn.Conv(5, (3,), use_bias=False).apply({"params": {"kernel": used}}, X)
    np.testing.assert_allclose(layer.apply({"params": {"kernel": kernel}}, X), expected, rtol=1e-4, atol=1e-5)


def test_where_they_stand():
    tree = [nn.Conv(2, 3), nn.Dense(2), nn.ConvTranspose(2, 3, transpose_kernel=True), nn.LayerNorm()]
    assert sj.patch(tree, "weight_norm") == [WeightNormalized(tree[0]), WeightNormalized(tree[1]), *tree[2:]]
    assert sj.patch(tree, "standardize_weights") == [WeightStandardized(tree[0]), *tree[1:]]


@pytest.mark.parametrize("uri", ["weight_norm", "standardize_weights", "weight_norm|lora?2|add_dropout"])
def test_inside_of_a_model(theirs, inputs, trains, uri):
    params = trains(sj.patch(theirs, uri, inputs=inputs, strict=True))
    assert ("kernel_norm" in params["conv"]) == ("weight_norm" in uri)
    assert ("lora_a" in params["head"]) == ("lora" in uri)


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.conv = nnx.Conv(4, 3, (3,), rngs=rngs)

    def __call__(self, x):
        return self.conv(x)


def test_inside_of_an_nnx_model():
    layer = sj.build(sj.patch(sj.symbolize(NnxModel)(), "weight_norm"), rngs=nnx.Rngs(0)).conv
    assert layer.kernel_norm.shape == (3,)
    params = {"kernel": layer.kernel[...], "bias": layer.bias[...]}
    np.testing.assert_allclose(layer(X), nn.Conv(3, (3,)).apply({"params": params}, X), rtol=1e-5, atol=1e-6)
    layer.kernel_norm[...] *= 2
    doubled = {**params, "kernel": 2 * params["kernel"]}
    np.testing.assert_allclose(layer(X), nn.Conv(3, (3,)).apply({"params": doubled}, X), rtol=1e-5, atol=1e-5)


def test_twice_is_once():
    tree = sj.patch([nn.Dense(2)], "weight_norm")
    with pytest.warns(patches.PatchWarning):
        assert sj.patch(tree, "weight_norm") == tree
