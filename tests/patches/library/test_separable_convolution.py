"""`SeparableConv` is the convolution that it says, and `apply_sepconv` puts it in the right places."""

import functools
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import SeparableConv, apply_sepconv, patch

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strides": 2, "use_bias": False},
        {"strides": (2, 1), "padding": "VALID"},
        {"padding": ((1, 0), (2, 1)), "kernel_dilation": 2},
        {"padding": "CIRCULAR", "input_dilation": 1},
        {"padding": ((1, 1), (0, 1)), "input_dilation": 2},
    ],
)
def test_it_is_the_convolution_with_the_product_of_its_kernels(options):
    x = jax.random.normal(KEY, (2, 9, 8, 3))
    separable = SeparableConv(5, (3, 2), bias_init=nn.initializers.normal(1.0), **options)
    params = separable.init(KEY, x)["params"]
    kernel = params["depthwise"]["kernel"][:, :, 0, :, None] * params["pointwise"]["kernel"][0, 0]
    full = {"kernel": kernel, **({"bias": params["pointwise"]["bias"]} if separable.use_bias else {})}
    expected = flax.linen.Conv(5, (3, 2), **options).apply({"params": full}, x)
    np.testing.assert_allclose(separable.apply({"params": params}, x), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "x"), [(3, (2, 9, 4)), ((3,), (2, 9, 4)), ((2, 3, 2), (1, 5, 5, 5, 4)), ((3, 3), (8, 8, 4))]
)
def test_any_number_of_dimensions(size, x):
    x = jnp.ones(x)
    layer = SeparableConv(6, size)
    assert layer.apply(layer.init(KEY, x), x).shape == (*x.shape[:-1], 6)


def test_parameters_have_the_type_that_is_asked_for():
    layer = SeparableConv(6, (3, 3), dtype=jnp.bfloat16, param_dtype=jnp.float16)
    y, variables = layer.init_with_output(KEY, jnp.ones((1, 4, 4, 2)))
    assert y.dtype == jnp.bfloat16
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {np.dtype(jnp.float16)}


def test_it_is_a_symbolic_module():
    layer = SeparableConv(6, (3, 3), strides=2)
    assert sj.is_symbolic(layer)
    assert layer == sj.from_json(sj.to_json(layer))
    assert layer.rebind(features=7).features == 7
    assert patches.has_role(layer, "convolution")


def test_all_arguments_are_taken_over():
    options = {
        "strides": (2, 1),
        "padding": "VALID",
        "input_dilation": 2,
        "kernel_dilation": (1, 2),
        "use_bias": False,
        "dtype": jnp.bfloat16,
        "param_dtype": jnp.float16,
        "precision": "highest",
        "kernel_init": nn.initializers.normal(0.1),
        "bias_init": nn.initializers.ones,
        "name": "stem",
    }
    assert apply_sepconv()([nn.Conv(7, (3, 2), **options)]) == [SeparableConv(7, (3, 2), **options)]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv(8, (1, 1)),
        nn.Conv(8, 1),
        nn.Conv(8, (3, 3), feature_group_count=2),
        nn.Conv(8, (3, 3), mask=jnp.ones((3, 3, 4, 8))),
        nn.Conv(8, (3, 3), conv_general_dilated=jax.lax.conv_general_dilated),
        nn.ConvTranspose(8, (3, 3)),
        nn.ConvLocal(8, (3, 3)),
        nn.Dense(8),
        SeparableConv(8, (3, 3)),
    ],
)
def test_what_stays(layer):
    with pytest.warns(patches.PatchWarning, match="apply_sepconv changed nothing"):
        assert apply_sepconv()([layer]) == [layer]


def test_a_patched_model_trains():
    model = patch(nn.Sequential([nn.Conv(8, (3, 3)), nn.relu, nn.Conv(4, (1, 1))]), "apply_sepconv#1")
    x = jnp.ones((2, 6, 6, 3))
    variables = model.init(KEY, x)
    assert jax.tree.map(jnp.shape, variables["params"]["layers_0"]) == {
        "depthwise": {"kernel": (3, 3, 1, 3)},
        "pointwise": {"kernel": (1, 1, 3, 8), "bias": (8,)},
    }
    gradients = jax.jit(jax.grad(lambda v: (model.apply(v, x) ** 2).sum()))(variables)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_code_that_shares_no_class_with_flax():
    @patches.role("convolution", features="filters", kernel_size="size", use_bias="bias")
    class TheirConv(sj.Object):
        filters: int
        size: tuple[int, ...]
        bias: bool = True

    assert apply_sepconv()([TheirConv(8, (3, 3), bias=False), TheirConv(8, (1, 1))]) == [
        SeparableConv(8, (3, 3), use_bias=False),
        TheirConv(8, (1, 1)),
    ]


class Block(nn.Module):
    """As Flax's ResNet has it: the classes of its layers are fields."""

    conv: Any = nn.Conv
    norm: Any = nn.LayerNorm

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = self.conv(4, (3, 3))(x)
        return self.norm()(self.conv(2, kernel_size=(1, 1))(x))


@pytest.mark.parametrize(
    "conv", [nn.Conv, flax.linen.Conv, functools.partial(flax.linen.Conv, use_bias=False)]
)
def test_layers_are_replaced_that_a_class_in_a_field_makes(conv):
    model = patch(Block(conv=conv), "apply_sepconv", strict=True)
    assert model.conv == Block(conv=conv).conv
    x = jnp.ones((1, 5, 5, 3))
    params = model.init(KEY, x)["params"]
    bias = {} if type(conv) is functools.partial else {"bias": (4,)}
    assert jax.tree.map(jnp.shape, params["Conv_0"]) == {
        "depthwise": {"kernel": (3, 3, 1, 3)},
        "pointwise": {"kernel": (1, 1, 3, 4), **bias},
    }
    assert params["Conv_1"].keys() == {"kernel", *(["bias"] if bias else [])}
    assert sj.from_json(sj.to_json(model)) == model


@pytest.mark.parametrize("conv", [nn.ConvTranspose, SeparableConv])
def test_layers_of_other_kinds_stay(conv):
    with pytest.warns(patches.PatchWarning, match="nothing inside of <root> matched"):
        patch(Block(conv=conv), "apply_sepconv", inputs=jnp.ones((1, 5, 5, 3)))
