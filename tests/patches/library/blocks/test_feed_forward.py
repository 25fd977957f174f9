"""Feed-forwards are gated as the paper has it, wherever they are written."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import Gated

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 3, 4))


class FeedForward(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train=False):
        h = flax.linen.relu(flax.linen.Dense(8)(x))
        return flax.linen.Dense(x.shape[-1])(flax.linen.Dropout(0.5, deterministic=not train)(h))


class InSetup(flax.linen.Module):
    def setup(self):
        self.up = flax.linen.Dense(8)
        self.down = flax.linen.Dense(4)

    def __call__(self, x):
        return self.down(flax.linen.relu(self.up(x)))


class Model(flax.linen.Module):
    part: type
    remat: bool = False

    @flax.linen.compact
    def __call__(self, x):
        part = flax.linen.remat(self.part) if self.remat else self.part
        return part(name="part")(x)


def by_hand(params, up, down):
    gate = params[f"{up}_gate"]
    h = jax.nn.relu(X @ params[up]["kernel"] + params[up]["bias"]) * (X @ gate["kernel"] + gate["bias"])
    return h @ params[down]["kernel"] + params[down]["bias"]


@pytest.mark.parametrize("remat", [False, True])
@pytest.mark.parametrize(
    ("part", "up", "down"), [(FeedForward, "Dense_0", "Dense_1"), (InSetup, "up", "down")]
)
@pytest.mark.parametrize("inputs", [None, X])
def test_the_formula(part, up, down, remat, inputs):
    model = sj.patch(sj.symbolize(Model)(part, remat), "gated_feed_forward", inputs=inputs)
    variables = model.init(KEY, X)
    assert variables["params"]["part"].keys() == {up, down, f"{up}_gate"}
    np.testing.assert_allclose(
        model.apply(variables, X), by_hand(variables["params"]["part"], up, down), rtol=1e-4, atol=1e-5
    )


def test_a_gate_of_ones_changes_nothing():
    layer = nn.Sequential([nn.Dense(8), nn.gelu, nn.Dense(4)])
    variables = layer.init(KEY, X)
    gate = {"kernel": jnp.zeros((4, 8)), "bias": jnp.ones(8)}
    params = {"params": {**variables["params"], "layers_0_gate": gate}}
    np.testing.assert_allclose(Gated(layer).apply(params, X), layer.apply(variables, X), rtol=1e-6)


def test_inside_of_a_block_with_attention(theirs, inputs, trains):
    model = sj.patch(theirs, "gated_feed_forward", inputs=inputs, strict=True)
    params = trains(model)
    assert set(params["block_1"]) - set(theirs.init(KEY, inputs)["params"]["block_1"]) == {"up_gate"}
    assert sj.from_json(sj.to_json(model)) == model


def test_with_other_patches_of_the_same_layers(theirs, inputs, trains):
    for uri in ("gated_feed_forward|lora?2|add_dropout?0.5", "lora?2|add_dropout?0.5|gated_feed_forward"):
        params = trains(sj.patch(theirs, uri, inputs=inputs))["block_0"]
        assert params["up_gate"].keys() == params["up"].keys() == {"kernel", "bias", "lora_a", "lora_b"}


class Projections(flax.linen.Module):
    """Attention written by hand, with heads that are wider than the model."""

    @flax.linen.compact
    def __call__(self, x):
        q, k, v = (flax.linen.Dense(8)(x) for _ in range(3))
        return flax.linen.Dense(4)(jax.nn.softmax(q @ k.swapaxes(-1, -2)) @ v)


class SwiGLU(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(4)(jax.nn.silu(flax.linen.Dense(8)(x)) * flax.linen.Dense(8)(x))


class Narrow(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(4)(flax.linen.Dense(2)(x))


@pytest.mark.parametrize("part", [Projections, SwiGLU, Narrow])
def test_what_is_no_feed_forward(part):
    model = sj.symbolize(Model)(part)
    with pytest.raises(patches.PatchError, match="shows no feed-forwards"):
        sj.patch(model, "gated_feed_forward", inputs=X, strict=True)
    looked_at = sj.patch(model, "gated_feed_forward")
    shapes = [jax.tree.map(jnp.shape, jax.eval_shape(m.init, KEY, X)) for m in (model, looked_at)]
    assert shapes[0] == shapes[1]


def test_a_gate_that_is_there_is_left_alone(theirs, inputs):
    gated = sj.patch(theirs, "gated_feed_forward", inputs=inputs)
    with pytest.raises(patches.PatchError, match="shows no feed-forwards"):
        sj.patch(gated, "gated_feed_forward", inputs=inputs, strict=True)


def test_a_marked_module():
    @patches.role("feed_forward")
    class Marked(nn.Module):
        width: int = 4

    (gated,) = sj.patch([Marked()], "gated_feed_forward")
    assert (type(gated), gated.layer, gated.deep) == (Gated, Marked(), False)
