"""LoRA is the layer it adapts, at first; a product of two matrices is one layer."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import FactorizedDense, LowRankAdapted, is_lora

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 5, 4))


def test_the_formula():
    layer = LowRankAdapted(nn.Dense(3), rank=2, alpha=6.0, features=3)
    params = layer.init(KEY, X)["params"]
    plain = {"kernel": params["kernel"], "bias": params["bias"]}
    np.testing.assert_array_equal(layer.apply({"params": params}, X), nn.Dense(3).apply({"params": plain}, X))
    a, b = jax.random.normal(KEY, (4, 2)), jax.random.normal(KEY, (2, 3))
    trained = {**params, "lora_a": {"kernel": a}, "lora_b": {"kernel": b}}
    expected = X @ (params["kernel"] + 3.0 * a @ b) + params["bias"]
    np.testing.assert_allclose(layer.apply({"params": trained}, X), expected, rtol=1e-4, atol=1e-5)


def test_layers_of_several_axes():
    (layer,) = sj.patch([nn.DenseGeneral((2, 3), axis=(-2, -1))], "lora?rank=2")
    params = layer.init(KEY, X)["params"]
    assert params["lora_a"]["kernel"].shape == (5, 4, 2)
    assert params["lora_b"]["kernel"].shape == (2, 2, 3)
    assert layer.apply({"params": params}, X).shape == (2, 2, 3)


def test_inside_of_a_model(theirs, inputs, their_variables, trains):
    model = sj.patch(theirs, "lora?rank=2", inputs=inputs, strict=True)
    params = trains(model)
    for layer in (
        params["head"],
        params["block_0"]["up"],
        params["block_0"]["MultiHeadDotProductAttention_0"]["query"],
    ):
        assert layer.keys() == {"kernel", "bias", "lora_a", "lora_b"}
    np.testing.assert_allclose(
        model.apply(model.init(KEY, inputs), inputs), theirs.apply(their_variables, inputs), rtol=1e-6
    )


def test_the_added_parameters_alone_are_trained():
    model = sj.patch(nn.Sequential([nn.Dense(3)]), "lora?rank=2")
    params = model.init(KEY, X)["params"]
    train = optax.chain(
        optax.masked(optax.sgd(0.1), is_lora),
        optax.masked(optax.set_to_zero(), lambda tree: jax.tree.map(lambda new: not new, is_lora(tree))),
    )
    gradients = jax.tree.map(jnp.ones_like, params)
    updates, _ = train.update(gradients, train.init(params), params)
    changed = jax.tree.map(lambda update: bool((update != 0).any()), updates)
    assert changed == is_lora(params)
    assert changed["layers_0"]["kernel"] is False
    assert changed["layers_0"]["lora_b"]["kernel"] is True


def test_once_is_enough(theirs, inputs):
    once, twice = (sj.patch(theirs, uri) for uri in ("lora?2", "lora?2|lora?3"))
    shapes = [jax.tree.map(jnp.shape, jax.eval_shape(model.init, KEY, inputs)) for model in (once, twice)]
    assert shapes[0] == shapes[1]
    with pytest.warns(patches.PatchWarning):
        assert sj.patch(sj.patch([nn.Dense(3)], "lora"), "lora") == sj.patch([nn.Dense(3)], "lora")


def test_a_product_of_two_matrices():
    layer = FactorizedDense(6, rank=2)
    params = layer.init(KEY, X)["params"]
    expected = X @ params["narrow"]["kernel"] @ params["wide"]["kernel"] + params["wide"]["bias"]
    np.testing.assert_allclose(layer.apply({"params": params}, X), expected, rtol=1e-4, atol=1e-5)
    assert FactorizedDense(2, rank=2).init(KEY, X)["params"].keys() == {"wide"}


def test_factorized_inside_of_a_model(theirs, inputs, trains):
    params = trains(sj.patch(theirs, "factorize_dense?1", inputs=inputs, strict=True))
    assert params["head"].keys() == {"narrow", "wide"}
    # The projections of attention are matrices of several heads.
    assert params["block_0"]["MultiHeadDotProductAttention_0"]["query"].keys() == {"kernel", "bias"}


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.linear = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, x):
        return self.linear(x)


def test_inside_of_an_nnx_model():
    model = sj.build(sj.patch(sj.symbolize(NnxModel)(), "lora?2"), rngs=nnx.Rngs(0))
    layer = model.linear
    assert layer.lora_a["kernel"].shape == (4, 2)
    np.testing.assert_allclose(model(X), X @ layer.kernel[...] + layer.bias[...], rtol=1e-5)


@pytest.mark.parametrize("uri", ["lora?rank=0", "lora?alpha=0", "factorize_dense?0"])
def test_ranges(uri):
    with pytest.raises(ValueError, match="greater than"):
        patches.from_uri(uri)
