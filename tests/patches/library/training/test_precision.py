"""`change_dtype`: layers in fields and inside of models, configurations, and what is no dtype of a model."""

import dataclasses
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax, patches
from symjax.patches import change_dtype

from .experiments import Configured, X, config_dict


class Normed(flax.linen.Module):
    """Layers inside ``@compact``, with batch normalization and a switch."""

    dtype: Any = jnp.float32

    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Dense(5)(x)
        x = flax.linen.BatchNorm(use_running_average=not train)(x)
        return flax.linen.Dense(4, dtype=jnp.float32)(flax.linen.relu(x))


def dtypes(model, *args):
    """The dtypes of the parameters, and that of the outputs."""
    outputs, variables = jax.eval_shape(lambda: model.init_with_output(jax.random.key(0), X, *args))
    return {leaf.dtype.name for leaf in jax.tree.leaves(variables)}, outputs.dtype.name


def test_layers_in_fields():
    model = nn.Sequential([nn.Dense(5), nn.LayerNorm(), nn.relu, nn.Dense(4)])
    assert dtypes(model) == ({"float32"}, "float32")
    assert dtypes(sj.patch(model, "change_dtype")) == ({"float32"}, "bfloat16")
    assert dtypes(sj.patch(model, "change_dtype?float16&param_dtype=bfloat16")) == ({"bfloat16"}, "float16")


@pytest.mark.parametrize("train", [False, True])
def test_layers_inside(train):
    model = sj.patch(sj.symbolize(Normed)(), "change_dtype")
    assert model.dtype == jnp.bfloat16
    outputs, variables = model.init_with_output(jax.random.key(0), X, False)
    assert outputs.dtype == jnp.bfloat16
    assert {leaf.dtype.name for leaf in jax.tree.leaves(variables)} == {"float32"}
    outputs = model.apply(variables, X, train, mutable=["batch_stats"])[0]
    expected = Normed().apply(variables, X, train, mutable=["batch_stats"])[0]
    assert outputs.dtype == jnp.bfloat16
    np.testing.assert_allclose(np.float32(outputs), expected, atol=0.05)


def test_layers_of_nnx_nodes():
    layer = sj.patch(nnx.Linear(3, 4), "change_dtype")
    assert (layer.dtype, layer.param_dtype) == (jnp.bfloat16, jnp.float32)


def test_roles_with_other_names():
    @patches.role("dense", dtype="computes_in")
    class Layer(sj.Object):
        computes_in: Any = None
        dtype: str = "of something else"

    assert change_dtype("float16")([Layer()]) == [Layer(jnp.float16)]


def test_configurations():
    @dataclasses.dataclass
    class Config:
        dtype: Any = jnp.float32
        weight_dtype: str = "float32"
        token_dtype: Any = jnp.int32

    patched = change_dtype("bfloat16", param_dtype="bfloat16")(Configured(Config()))
    assert patched.config.dtype == jnp.bfloat16
    assert patched.config.weight_dtype == "bfloat16"
    assert patched.config.token_dtype == jnp.int32
    half = change_dtype("bfloat16")(Configured(config_dict()))
    assert half.config.half_precision is True
    assert change_dtype("float32")(half).config.half_precision is False


def test_what_is_no_dtype_of_a_model():
    @patches.role("dataset")
    class Data(sj.Object):
        dtype: str = "float32"

    tree = {
        "data": Data(),
        "init": nn.initializers.normal(0.1, dtype=jnp.float32),
        "tx": optax.adam(0.1, mu_dtype=jnp.float32),
        "tokens": {"dtype": jnp.int32},
    }
    with pytest.warns(patches.PatchWarning, match="booleans called mixed_precision"):
        assert change_dtype()(tree) == tree


def test_the_same_dtype_in_another_notation_is_no_change():
    with pytest.warns(patches.PatchWarning):
        sj.patch([nn.Dense(3, dtype=np.dtype("float32"))], "change_dtype?float32")


def test_names():
    with pytest.raises(TypeError, match="'bfloat16'"):
        sj.patch(nn.Dense(3), "change_dtype?int8")
