"""Layers before and after another one, which keeps the names of its parameters."""

from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.patches import insert
from symjax.patches.interior.inserting import inserts

X = jnp.arange(6.0).reshape(2, 3)


def test_all_are_called_in_order():
    layer = insert(nn.Dense(2, use_bias=False), before=[jnp.square, nn.Dense(3)], after=[nn.relu])
    variables = layer.init(jax.random.key(0), X)
    params = variables["params"]
    assert params.keys() == {"kernel", "before_1"}
    hidden = X**2 @ params["before_1"]["kernel"] + params["before_1"]["bias"]
    np.testing.assert_allclose(layer.apply(variables, X), jax.nn.relu(hidden @ params["kernel"]), rtol=1e-5)


def test_nothing_inserted_is_the_layer():
    layer = nn.Dense(2)
    assert insert(layer) is layer
    with pytest.raises(TypeError, match="modules can be inserted around"):
        insert(3, after=[nn.relu])


def test_whether_a_parent_inserts():
    around = insert(nn.Dense(2), before=[nn.LayerNorm()])
    assert inserts(around, nn.LayerNorm())
    assert not inserts(around, nn.Dense(2))
    assert not inserts(around.layer, nn.LayerNorm())


class Holder(nn.Module):
    """A layer in a field, and one that is made inside."""

    layer: Any

    @flax.linen.compact
    def __call__(self, x):
        return nn.Dense(2)(self.layer(x))


@pytest.mark.parametrize(
    "uri", ["add_normalization?rms&dense", "add_normalization?rms&dense|add_normalization?rms&dense"]
)
def test_a_layer_gets_once_what_a_patch_inserts(uri):
    model = sj.patch(Holder(nn.Dense(4)), uri)
    shapes = jax.tree.map(jnp.shape, jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, 3))))[
        "params"
    ]
    assert shapes["layer"] == {"kernel": (3, 4), "bias": (4,), "after_0": {"scale": (4,)}}
    assert shapes["Dense_0"] == {"kernel": (4, 2), "bias": (2,), "after_0": {"scale": (2,)}}


def test_insertions_around_one_layer_have_names_of_their_own():
    model = sj.patch(
        Holder(nn.Dense(4)), "add_normalization?rms&dense|add_dropout|add_normalization?layer&dense"
    )
    wrapped = [insert(insert(nn.Dense(4), after=[nn.LayerNorm()]), after=[nn.RMSNorm()]), model]
    params = [jax.eval_shape(m.init, jax.random.key(0), jnp.ones((1, 3)))["params"] for m in wrapped]
    assert params[0].keys() == {"kernel", "bias", "after_0", "after_1"}
    assert params[0]["after_0"].keys() == {"scale"}
    assert params[0]["after_1"].keys() == {"scale", "bias"}
    assert params[1]["layer"].keys() == {"kernel", "bias", "after_0", "after_1"}
