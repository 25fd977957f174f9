"""Channels are weighted as the paper has it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import SqueezeExcitation

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 3, 5, 8))


def test_the_formula():
    layer = SqueezeExcitation(ratio=4)
    params = layer.init(KEY, X)["params"]
    params = jax.tree.map(lambda leaf: jax.random.normal(KEY, leaf.shape), params)
    z = X.mean((1, 2))
    hidden = jax.nn.relu(z @ params["reduce"]["kernel"] + params["reduce"]["bias"])
    weights = jax.nn.sigmoid(hidden @ params["expand"]["kernel"] + params["expand"]["bias"])
    np.testing.assert_allclose(
        layer.apply({"params": params}, X), X * weights[:, None, None, :], rtol=1e-5, atol=1e-6
    )


def test_open_gates_change_nothing():
    layer = SqueezeExcitation(ratio=4)
    params = jax.tree.map(jnp.zeros_like, layer.init(KEY, X)["params"])
    params["expand"]["bias"] += 100.0
    np.testing.assert_array_equal(layer.apply({"params": params}, X), X)


def test_an_image_alone_has_no_batch():
    layer = SqueezeExcitation(ratio=4, positions=2)
    variables = layer.init(KEY, X)
    np.testing.assert_allclose(layer.apply(variables, X[0]), layer.apply(variables, X)[0], rtol=1e-6)


def test_where_it_stands():
    tree = [nn.Conv(8, (3, 3), dtype=jnp.bfloat16), nn.Conv(8, 3), nn.Conv(8, (1, 1)), nn.Dense(8)]
    image, line, *rest = sj.patch(tree, "squeeze_excite?4")
    assert image.layer == tree[0]
    assert image.after == (SqueezeExcitation(4, 2, jnp.bfloat16),)
    assert line.after == (SqueezeExcitation(4, 1),)
    assert rest == tree[2:]


def test_inside_of_a_model(theirs, inputs, trains):
    params = trains(sj.patch(theirs, "squeeze_excite?ratio=2", inputs=inputs, strict=True))
    assert params["conv"].keys() == {"kernel", "bias", "after_0"}
    assert params["pointwise"].keys() == {"kernel", "bias"}


def test_ranges():
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        patches.from_uri("squeeze_excite?0")
