"""A layer of NNX inside of a Linen layer."""

from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.patches import built, has_role
from symjax.patches.interior.nnx.in_linen import InLinen, in_linen

from .networks import X, shapes, streams

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "node", [nnx.Linear(4, 3), nnx.LoRALinear(4, 3, lora_rank=2), nnx.MultiHeadAttention(2, 4, decode=False)]
)
def test_numbers_and_names_are_those_of_nnx(node):
    layer = InLinen(node)
    variables = layer.init(KEY, X)
    model = sj.build(node)
    params = variables["params"]
    flat = {
        "/".join(map(str, path)): value for path, value in plain.traversals.flatten_mapping(params).items()
    }
    assert {path: value.shape for path, value in flat.items() if "lora" not in path} == {
        path: shape for path, shape in shapes(model).items() if "lora" not in path
    }
    plain.update(model, plain.State(dict(params)))
    model.eval()
    assert jnp.allclose(layer.apply(variables, X), model(X), atol=1e-6)


def test_batch_statistics_and_dropout_by_the_convention():
    norm = InLinen(nnx.BatchNorm(4, momentum=0.5))
    variables = norm.init(KEY, X)
    assert set(variables) == {"params", "batch_stats"}
    outputs, changed = norm.apply(variables, X, mutable=["batch_stats"])
    assert not jnp.array_equal(changed["batch_stats"]["mean"], variables["batch_stats"]["mean"])
    assert jnp.allclose(outputs.mean(0), 0, atol=1e-5)
    assert jnp.allclose(norm.apply(variables, X), X, atol=1e-4)  # by running averages, which have not moved
    dropout = InLinen(nnx.Dropout(0.5))
    assert jnp.array_equal(dropout.apply({}, X), X)
    assert not jnp.array_equal(dropout.apply({}, X, rngs={"dropout": KEY}), X)


class Doubled(nn.Module):
    """A layer around another one, as the library's are."""

    layer: Any

    @flax.linen.compact
    def __call__(self, x):
        return 2 * self.layer.clone(parent=self.scope.rewound())(x)


def test_a_rule_may_wrap_a_layer_of_nnx_in_linen_and_its_parameters_are_kept():
    layer = plain.Linear(4, 3, rngs=streams())
    new = built(plain.Sequential(layer), lambda k, v: Doubled(v) if has_role(v, "dense") else v)
    assert shapes(new) == {"layers/0/kernel": (4, 3), "layers/0/bias": (3,)}
    assert jnp.allclose(new(X), 2 * layer(X), atol=1e-6)
    assert in_linen(nn.Dense(3)) == nn.Dense(3)


def test_in_a_tree_too():
    new = sj.patch(
        nnx.Sequential(nnx.Linear(4, 3)),
        sj.patches.layers(lambda k, v: Doubled(v) if has_role(v, "dense") else v),
    )
    assert sj.from_json(sj.to_json(new)) == new
    model = sj.build(new)
    assert shapes(model) == {"layers/0/kernel": (4, 3), "layers/0/bias": (3,)}
