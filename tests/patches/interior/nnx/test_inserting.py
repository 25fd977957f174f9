"""Layers before and after a layer of NNX."""

import functools

import jax.numpy as jnp
import pytest
from flax import nnx as plain

import symjax as sj
from symjax import linen as nn
from symjax import nnx
from symjax.patches import built, has_role, insert
from symjax.patches.interior.nnx.inserting import around, is_insertion, wants_inputs

from .networks import MLP, X, shapes, streams


def around_dense(**others):
    return lambda k, v: insert(v, **others) if has_role(v, "dense") else v


def test_it_runs_in_order_and_the_parameters_stay_where_they_are():
    node = insert(
        nnx.Linear(4, 3), before=[nnx.LayerNorm(4), plain.relu], after=[plain.tanh, nnx.Linear(3, 2)]
    )
    model = sj.build(node)
    assert type(model).__name__ == "Linear"
    assert isinstance(model, plain.Linear)
    assert set(shapes(model)) == {
        *("kernel", "bias", "before_0/scale", "before_0/bias", "after_1/kernel", "after_1/bias")
    }
    x = plain.relu(model.before_0(X))
    hidden = plain.tanh(x @ model.kernel[...] + model.bias[...])
    assert jnp.allclose(model(X), model.after_1(hidden), atol=1e-6)


def test_layers_of_linen_are_made_for_what_reaches_them():
    node = insert(nnx.Linear(4, 3), before=[nn.Dense(5), nn.Dense(4)], after=[nn.LayerNorm()])
    assert wants_inputs(node)
    assert not wants_inputs(node.rebind(inputs=(((1, 4), "float32"),)))
    model = built(plain.Linear(4, 3, rngs=streams()), lambda k, v: node if not k else v)
    assert shapes(model) == {
        "kernel": (4, 3),
        "bias": (3,),
        "before_0/kernel": (4, 5),
        "before_0/bias": (5,),
        "before_1/kernel": (5, 4),
        "before_1/bias": (4,),
        "after_0/scale": (3,),
        "after_0/bias": (3,),
    }
    with pytest.raises(ValueError, match="with what it will be called is not known"):
        sj.build(node)


def test_in_a_built_model_the_layer_is_the_same():
    model = MLP(rngs=streams())
    model.eval()
    new = built(model, around_dense(after=[nnx.Dropout(0.5)]))
    assert {path for path in shapes(new) if "after" not in path} == set(shapes(model))
    assert new.hidden[1] is new.stem
    assert jnp.array_equal(new(X), model(X))
    assert plain.jit(lambda model, x: model(x))(new, X).shape == (3, 2)


def test_later_patches_see_the_layer_and_what_stands_around_it():
    rules = [
        around_dense(after=[nn.LayerNorm()]),
        lambda k, v: v.rebind(out_features=7) if str(k) == "" and has_role(v, "dense") else v,
        around_dense(before=[plain.tanh]),
        lambda k, v: nn.RMSNorm() if has_role(v, "normalization") else v,
    ]
    layer = plain.Linear(4, 3, rngs=streams())
    for model in (built(layer, rules), functools.reduce(built, rules, layer)):
        assert shapes(model) == {"kernel": (4, 7), "bias": (7,), "after_0/scale": (7,)}
        before, after = around(model)
        assert before == [plain.tanh]
        assert [type(part.linen).__name__ for part in after] == ["RMSNorm"]
        assert model(X).shape == (3, 7)


def test_a_node_of_it_is_saved():
    node = insert(nnx.Linear(4, 3), after=[nnx.Dropout(0.5)])
    assert is_insertion(node)
    assert sj.from_json(sj.to_json(node)) == node
    assert around(plain.Linear(4, 3, rngs=streams())) is None
    assert insert(nnx.Linear(4, 3)) == nnx.Linear(4, 3)
