"""A mixture of experts is the sum that the papers have, and one expert is the module itself."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import MixtureOfExperts
from symjax.patches.library.blocks.experts import balance, combination

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 6, 4))
LAYER = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(4)])


def expert(params, index, x):
    return LAYER.apply({"params": jax.tree.map(lambda leaf: leaf[index], params["expert"])}, x)


def test_one_expert_is_the_module():
    layer = MixtureOfExperts(LAYER, experts=1)
    params = layer.init(KEY, X)["params"]
    np.testing.assert_allclose(layer.apply({"params": params}, X), expert(params, 0, X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("top", [1, 2, 3])
def test_the_formula(top):
    layer = MixtureOfExperts(LAYER, experts=3, top=top, capacity=3.0)  # there is a place for all
    params = layer.init(KEY, X)["params"]
    probabilities = jax.nn.softmax(X @ params["router"]["kernel"])
    outputs = jnp.stack([expert(params, index, X) for index in range(3)], axis=-2)
    least = jnp.sort(probabilities)[..., 3 - top][..., None]
    weights = jnp.where(probabilities >= least, probabilities, 0)
    if top > 1:
        weights /= weights.sum(-1, keepdims=True)
    expected = (weights[..., None] * outputs).sum(-2)
    np.testing.assert_allclose(layer.apply({"params": params}, X), expected, rtol=1e-4, atol=1e-5)


def test_what_has_no_place_adds_nothing():
    layer = MixtureOfExperts(LAYER, experts=2, capacity=0.5)  # 3 of 12 positions for each
    params = layer.init(KEY, X)["params"]
    params["router"]["kernel"] = jnp.zeros((4, 2)).at[:, 0].set(100.0)
    x = jnp.abs(X)  # all go to the first
    y = layer.apply({"params": params}, x).reshape(-1, 4)
    np.testing.assert_allclose(y[:3], expert(params, 0, x).reshape(-1, 4)[:3], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(y[3:], 0.0)


def test_first_choices_have_places_before_second_ones():
    probabilities = jnp.array([[0.6, 0.4], [0.3, 0.7]])
    combine = combination(probabilities, top=2, capacity=1)
    np.testing.assert_allclose(combine[:, :, 0], [[0.6, 0.0], [0.0, 0.7]], rtol=1e-6)


def test_balance():
    assert balance(jnp.full((4, 4), 0.25)).item() == 1.0
    layer = MixtureOfExperts(LAYER, experts=2)
    _, state = layer.apply(layer.init(KEY, X), X, mutable=["intermediates"])
    assert 0.5 <= state["intermediates"]["load_balance"][0] <= 2.0


class FeedForward(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train=False):
        y = flax.linen.Dense(8)(x)
        y = flax.linen.Dropout(0.5, deterministic=not train)(flax.linen.relu(y))
        return flax.linen.Dense(x.shape[-1])(y)


class Model(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train=False):
        return flax.linen.Dense(3)(x + FeedForward(name="mlp")(x, train=train))


def test_inside_of_a_model():
    model = sj.patch(sj.symbolize(Model)(), "mixture_of_experts?experts=3&top=2", inputs=X, strict=True)
    params = model.init(KEY, X)["params"]
    assert params["mlp"]["expert"]["Dense_0"]["kernel"].shape == (3, 4, 8)
    assert params["mlp"]["router"]["kernel"].shape == (4, 3)

    def loss(params):
        return (model.apply({"params": params}, X, train=True, rngs={"dropout": KEY}) ** 2).sum()

    gradients = jax.jit(jax.grad(loss))(params)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
    assert jnp.abs(gradients["mlp"]["router"]["kernel"]).max() > 0
    assert sj.from_json(sj.to_json(model)) == model


def test_among_other_layers_there_is_no_module_to_choose(theirs, inputs):
    with pytest.raises(patches.PatchError, match="shows no feed-forwards in modules of their own"):
        sj.patch(theirs, "mixture_of_experts?2", inputs=inputs, strict=True)


def test_further_arrays_are_refused():
    class Masked(nn.Module):
        @flax.linen.compact
        def __call__(self, x, mask):
            return flax.linen.Dense(4)(x * mask)

    with pytest.raises(ValueError, match="further arrays cannot go along"):
        MixtureOfExperts(Masked()).init(KEY, X, X)


@pytest.mark.parametrize(
    "uri", ["mixture_of_experts?0", "mixture_of_experts?2&3", "mixture_of_experts?capacity=0"]
)
def test_ranges(uri):
    with pytest.raises(ValueError, match=r"greater than|most probable"):
        sj.patch([LAYER], uri)
