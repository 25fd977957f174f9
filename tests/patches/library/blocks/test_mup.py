"""Heads begin with a variance that shrinks with the square of their inputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import FanInScaled

KEY = jax.random.key(0)


@pytest.mark.parametrize("width", [16, 64, 256])
def test_the_variance_of_the_paper(width):
    init = FanInScaled(nn.initializers.lecun_normal(), base_width=16)
    values = init(KEY, (width, 200), jnp.float32)
    assert values.dtype == jnp.float32
    np.testing.assert_allclose(values.var(), 16 / width**2, rtol=0.1)


def test_the_head_alone_is_scaled(theirs, inputs, their_variables, trains):
    model = sj.patch(theirs, "mup_initialization?base_width=1", inputs=inputs, strict=True)
    params = trains(model)
    head = params.pop("head")
    others = {**their_variables["params"]}
    np.testing.assert_allclose(head["kernel"], others.pop("head")["kernel"] / 2, rtol=1e-6)  # 4 inputs
    jax.tree.map(np.testing.assert_array_equal, params, others)
    assert sj.from_json(sj.to_json(model)) == model


def test_without_dense_layers_there_is_a_reason():
    with pytest.raises(patches.PatchError, match="shows no dense layers"):
        sj.patch(
            nn.Sequential([nn.Conv(2, (3,))]), "mup_initialization", inputs=jnp.ones((1, 4, 2)), strict=True
        )
