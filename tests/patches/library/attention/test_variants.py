"""Patches of attention: in fields, inside of a model, in NNX; composed."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches
from symjax.patches import Attention, LinearBias, RelativeBias
from symjax.patches.library.attention.layer import OwnAttention
from symjax.patches.library.attention.variants import attention

CHANGES = {
    "multi_query": {"kv_heads": 1},
    "grouped_query?2": {"kv_heads": 2},
    "grouped_query?6": {"kv_heads": 2},
    "rotary_embedding?base=500": {"rotary_base": 500.0},
    "relative_attention_bias?8&16&no": {"position_bias": RelativeBias(8, 16, False)},
    "linear_attention_bias": {"position_bias": LinearBias()},
    "mup_attention?32": {"base_depth": 32},
}


@pytest.mark.parametrize("uri", CHANGES)
def test_a_field_is_replaced(uri):
    options = {"use_bias": False, "dropout_rate": 0.25, "kernel_init": nn.initializers.he_normal()}
    tree = [nn.MultiHeadDotProductAttention(4, **options), nn.SelfAttention(4), nn.Dense(4)]
    expected = [Attention(4, **options, **CHANGES[uri]), OwnAttention(4, **CHANGES[uri]), nn.Dense(4)]
    assert sj.patch(tree, uri) == expected


def test_normalized_queries_are_an_argument_of_flax():
    assert sj.patch([nn.MultiHeadDotProductAttention(4)], "normalize_queries") == [
        nn.MultiHeadDotProductAttention(4, normalize_qk=True)
    ]


def test_they_compose():
    (layer,) = sj.patch(
        [nn.SelfAttention(4)], "multi_query|rotary_embedding|linear_attention_bias|grouped_query?2"
    )
    assert layer == OwnAttention(4, kv_heads=2, rotary_base=1e4, position_bias=LinearBias())


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("grouped_query?0", "greater than or equal to 1"),
        ("rotary_embedding?1", "greater than 1"),
        ("relative_attention_bias?1", "greater than or equal to 2"),
        ("mup_attention?0", "greater than or equal to 1"),
    ],
)
def test_ranges(uri, message):
    with pytest.raises(ValueError, match=message):
        patches.from_uri(uri)


@pytest.mark.parametrize(
    "layer", [nn.Dense(4), nn.MultiHeadDotProductAttention(4, qkv_dot_general=jax.lax.dot_general)]
)
def test_what_stays(layer):
    with pytest.warns(patches.PatchWarning, match="attention"):
        assert sj.patch([layer], "multi_query") == [layer]


def test_inside_of_a_model(theirs, inputs, trains):
    model = sj.patch(
        theirs, "multi_query|relative_attention_bias?8|mup_attention?1", inputs=inputs, strict=True
    )
    params = trains(model)["block_1"]["MultiHeadDotProductAttention_0"]
    assert params["key"]["kernel"].shape == (4, 1, 2)
    assert params["query"]["kernel"].shape == (4, 2, 2)
    assert params["position_bias"]["bias"].shape == (8, 2)
    assert sj.from_json(sj.to_json(model)) == model


def test_inside_of_a_model_parameters_serve_on(theirs, inputs, their_variables):
    rotated = sj.patch(theirs, "rotary_embedding", inputs=inputs)
    attention = Attention(2, rotary_base=1e4)
    outputs = {}

    def watch(run, args, kwargs, context):
        y = run(*args, **kwargs)
        if context.method_name == "__call__" and context.module.name == "MultiHeadDotProductAttention_0":
            outputs.setdefault(context.module.path, (args[0], y))
        return y

    with flax.linen.intercept_methods(watch):
        rotated.apply(their_variables, inputs)
    x, y = outputs["block_0", "MultiHeadDotProductAttention_0"]
    params = their_variables["params"]["block_0"]["MultiHeadDotProductAttention_0"]
    np.testing.assert_allclose(y, attention.apply({"params": params}, x), atol=1e-6)


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.attention = nnx.MultiHeadAttention(num_heads=2, in_features=4, dropout_rate=0.1, rngs=rngs)

    def __call__(self, x, mask=None):
        return self.attention(x, mask=mask, decode=False, deterministic=True)


def test_inside_of_an_nnx_model(inputs):
    node = sj.patch(sj.symbolize(NnxModel)(), "multi_query|rotary_embedding")
    model = sj.build(node, rngs=nnx.Rngs(0))
    assert model.attention.key["kernel"].shape == (4, 1, 2)
    mask = flax.linen.make_causal_mask(jnp.ones((2, 6)))
    y = model(inputs, mask)
    assert y.shape == inputs.shape
    later = inputs.at[:, 3:].set(0.0)
    np.testing.assert_allclose(model(later, mask)[:, :3], y[:, :3], atol=1e-6)


def test_attention_of_something_else_is_none():
    assert attention(nn.Dense(3)) is None
    layer = Attention(2)
    assert attention(layer) is layer
