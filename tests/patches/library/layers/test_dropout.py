"""Rates of dropout are set, and dropout is added where nothing knew of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, patches

KEY = jax.random.key(0)


def test_rates_are_set_where_there_are_some():
    tree = [
        nn.Dropout(0.5, deterministic=True),
        nn.MultiHeadDotProductAttention(2, dropout_rate=0.5),
        nn.MultiHeadDotProductAttention(2),
        nn.Dense(2),
    ]
    new = sj.patch(tree, "set_dropout?0.2")
    assert new == [
        nn.Dropout(0.2, deterministic=True),
        nn.MultiHeadDotProductAttention(2, dropout_rate=0.2),
        *tree[2:],
    ]


@pytest.mark.parametrize(
    "uri", ["set_dropout?1", "set_dropout?-0.1", "add_dropout?1.0", "add_dropout?before=head"]
)
def test_what_is_no_rate_or_role_is_refused(uri):
    with pytest.raises((ValueError, TypeError), match=r"rate|before"):
        patches.from_uri(uri)


def test_inside_of_a_model(theirs, inputs, their_variables):
    def dropped(model):
        return model.apply(
            their_variables, inputs, train=True, rngs={"dropout": KEY}, mutable=["batch_stats"]
        )[0]

    half, less = (sj.patch(theirs, f"set_dropout?{rate}", inputs=inputs) for rate in (0.5000001, 0.25))
    np.testing.assert_allclose(dropped(half), dropped(theirs), rtol=1e-4)
    assert not jnp.allclose(dropped(less), dropped(theirs))


def test_one_program_serves_all_rates(theirs, inputs, their_variables):
    traced = []

    @jax.jit
    def run(model):
        traced.append(model)
        return model.apply(
            their_variables, inputs, train=True, rngs={"dropout": KEY}, mutable=["batch_stats"]
        )[0]

    first, second = (run(sj.patch(theirs, f"set_dropout?{rate}")) for rate in (0.25, 0.5))
    assert len(traced) == 1
    assert not jnp.allclose(first, second)


def test_added_dropout_drops_inputs_where_there_is_a_key():
    model = sj.patch(nn.Sequential([nn.Dense(1, use_bias=False), nn.relu]), "add_dropout?0.5")
    x = jnp.ones((1, 1000))
    params = {"params": {"layers_0": {"kernel": jnp.ones((1000, 1))}}}
    assert model.apply(params, x).item() == 1000
    dropped = model.apply(params, x, rngs={"dropout": KEY}).item()
    assert dropped % 2 == 0  # what is kept counts twice
    assert 900 < dropped < 1100
    assert dropped != 1000


def test_added_inside_of_a_model(theirs, inputs, their_variables, trains):
    model = sj.patch(theirs, "add_dropout?0.5&convolution", inputs=inputs, strict=True)
    trains(model)
    np.testing.assert_allclose(model.apply(their_variables, inputs), theirs.apply(their_variables, inputs))
    assert jax.tree.structure(model.init(KEY, inputs)) == jax.tree.structure(their_variables)


class NnxModel(nnx.Module):
    def __init__(self, *, rngs):
        self.linear = nnx.Linear(6, 2, rngs=rngs)

    def __call__(self, x):
        return self.linear(x)


def test_added_inside_of_an_nnx_model():
    model = sj.build(sj.patch(sj.symbolize(NnxModel)(), "add_dropout?0.5"), rngs=nnx.Rngs(0))
    x = jnp.ones((3, 6))
    model.eval()
    np.testing.assert_allclose(model(x), x @ model.linear.kernel[...] + model.linear.bias[...], rtol=1e-6)
    model.train()
    assert not jnp.allclose(model(x), model(x))
