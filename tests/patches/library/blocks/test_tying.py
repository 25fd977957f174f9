"""The head uses the weights of the embedding."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches

KEY = jax.random.key(0)
TOKENS = jnp.array([[1, 2, 3]])


class Decoder(flax.linen.Module):
    bias: bool = True

    @flax.linen.compact
    def __call__(self, tokens):
        x = flax.linen.Embed(9, 4, name="embed")(tokens)
        x = flax.linen.Dense(4, name="mix")(x)
        return Head(self.bias, name="head")(x)


class Head(flax.linen.Module):
    bias: bool

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(9, use_bias=self.bias, name="logits")(x)


class Model(flax.linen.Module):
    bias: bool = True

    @flax.linen.compact
    def __call__(self, tokens):
        return Decoder(self.bias, name="decoder")(tokens)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_logits_are_products_with_the_embedding(bias, scaled):
    model = sj.patch(
        sj.symbolize(Model)(bias), f"tie_weights?{'yes' if scaled else 'no'}", inputs=TOKENS, strict=True
    )
    variables = model.init(KEY, TOKENS)
    params = variables["params"]["decoder"]
    assert set(params.get("head", {}).get("logits", {})) == ({"bias"} if bias else set())
    table = params["embed"]["embedding"]
    x = table[TOKENS] @ params["mix"]["kernel"] + params["mix"]["bias"]
    expected = x @ table.T / (2.0 if scaled else 1.0) + (params["head"]["logits"]["bias"] if bias else 0.0)
    np.testing.assert_allclose(model.apply(variables, TOKENS), expected, rtol=1e-4, atol=1e-5)


def test_gradients_of_both_meet():
    model = sj.patch(
        nn.Sequential([nn.Embed(9, 4), nn.Dense(9, use_bias=False)]), "tie_weights", inputs=TOKENS
    )
    params = model.init(KEY, TOKENS)["params"]
    assert params.keys() == {"layers_0"}

    def loss(table, head):
        return ((table[TOKENS] @ head.T) ** 2).sum()

    table = params["layers_0"]["embedding"]
    expected = sum(jax.grad(loss, (0, 1))(table, table))
    got = jax.jit(jax.grad(lambda p: (model.apply({"params": p}, TOKENS) ** 2).sum()))(params)
    np.testing.assert_allclose(got["layers_0"]["embedding"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "model", [nn.Sequential([nn.Embed(9, 4), nn.Dense(8)]), nn.Sequential([nn.Dense(9)])]
)
def test_what_does_not_fit(model):
    tokens = TOKENS if len(model.layers) > 1 else jnp.ones((1, 4))
    with pytest.raises(patches.PatchError, match="shows no heads as wide as an embedding has entries"):
        sj.patch(model, "tie_weights", inputs=tokens, strict=True)


def test_without_inputs_the_reason_is_said():
    with pytest.raises(patches.PatchError, match=r"are found by a call: give example inputs"):
        sj.patch(nn.Sequential([nn.Embed(9, 4), nn.Dense(9)]), "tie_weights", strict=True)
