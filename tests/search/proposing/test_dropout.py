"""Rates of dropout by another name, in fields of models."""

import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, search
from symjax.search.proposing.calls import Calls

X = jax.ShapeDtypeStruct((2, 3), jnp.float32)


class Linen(nn.Module):
    rate: float = 0.1
    slope: float = 0.1

    @nn.compact
    def __call__(self, x, train: bool = False):
        return nn.Dropout(self.rate)(nn.leaky_relu(nn.Dense(2)(x), self.slope), deterministic=not train)


@sj.symbolize
class Nnx(nnx.Module):
    def __init__(self, rate: float = 0.1, slope: float = 0.1, *, rngs: nnx.Rngs):
        self.dense = nnx.Linear(3, 2, rngs=rngs)
        self.dropout = nnx.Dropout(rate, rngs=rngs)
        self.slope = slope

    def __call__(self, x):
        return self.dropout(jax.nn.leaky_relu(self.dense(x), self.slope))


@pytest.mark.parametrize("make", [Linen, Nnx])
def test_a_rate_is_known_by_the_layer_that_has_it(make):
    tree = {"model": make(), "rate": 0.1}
    calls = Calls.of(tree, X, None)
    rates = [path for path in ("model.rate", "model.slope", "rate") if calls.drops(sj.Path.parse(path))]
    assert rates == ["model.rate"]


@pytest.mark.parametrize("make", [Linen, Nnx])
def test_it_is_varied_as_a_rate_of_dropout(make):
    varied = search.propose({"model": make(rate=0.0)}, X, where=lambda k, v, p: k.key == "rate").varied
    assert varied == {"model.rate": search.floatv(0.0, 0.5)}
