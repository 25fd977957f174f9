"""Calls that serve models with and without dropout, batch normalization, flags and further collections."""

import flax.linen as fnn
import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import symjax as sj
from symjax import linen as nn

X = jnp.ones((4, 3))
KEY = jax.random.key(0)


class Flagged(fnn.Module):
    """A model that is told by an argument, called by one of several names."""

    def __call__(self, x, train=None):
        return train


class Deterministic(fnn.Module):
    def __call__(self, x, *, deterministic):
        return deterministic


class Averaging(fnn.Module):
    def __call__(self, x, use_running_average=False):
        return use_running_average

    def encode(self, x, is_training):
        return is_training


class Noisy(fnn.Module):
    """A model that draws from a key of a name of its own."""

    def __call__(self, x):
        return x + jax.random.normal(self.make_rng("noise"), x.shape)


class Counting(fnn.Module):
    @fnn.compact
    def __call__(self, x):
        calls = self.variable("counts", "calls", lambda: 0)
        if self.is_mutable_collection("counts") and not self.is_initializing():
            calls.value += 1
        self.sow("intermediates", "x", x)
        return x


@pytest.mark.parametrize("train", [False, True])
def test_a_model_is_told_in_its_own_words_whether_it_trains(train):
    def told(model, **kwargs):
        return sj.apply(model, {}, X, key=KEY, train=train, **kwargs)[0]

    assert told(Flagged()) is train
    assert told(Deterministic()) is not train
    assert told(Averaging()) is not train
    assert told(Averaging(), method="encode") is train
    assert told(Averaging(), method=Averaging.encode) is train


def test_a_flag_that_the_call_gives_is_left_alone():
    assert sj.apply(Flagged(), {}, X, False, key=KEY, train=True)[0] is False
    assert sj.apply(Deterministic(), {}, X, deterministic=True, key=KEY, train=True)[0] is True


def test_collections_are_carried_and_change_while_training():
    model = Counting()
    variables = sj.init(model, KEY, X)
    assert variables == {"counts": {"calls": 0}}
    _, kept = sj.apply(model, variables, X)
    assert kept == {"counts": {"calls": 0}}
    _, counted = sj.apply(model, variables, X, key=KEY, train=True)
    assert counted == {"counts": {"calls": 1}}
    _, sown = sj.apply(model, variables, X, mutable=["intermediates"])
    assert sown.keys() == {"counts", "intermediates"}


def test_parameters_are_not_among_the_collections():
    model = nn.Dense(2)
    variables = sj.init(model, KEY, X)
    outputs, collections = sj.apply(model, variables, X)
    assert collections == {}
    assert (outputs == model.apply(variables, X)).all()


def test_any_name_of_a_key_is_served():
    first, second = (sj.apply(Noisy(), {}, X, key=jax.random.key(seed))[0] for seed in (0, 1))
    assert not (first == second).any()
    by_name, _ = sj.apply(Noisy(), {}, X, key={"noise": KEY})
    assert (by_name == Noisy().apply({}, X, rngs={"noise": KEY})).all()


def test_the_dropout_key_is_the_one_that_was_given():
    model = nn.Dropout(0.5, deterministic=False)
    dropped, _ = sj.apply(model, {}, X, key=KEY, train=True)
    assert (dropped == model.apply({}, X, rngs={"dropout": KEY})).all()


def test_training_needs_a_key():
    with pytest.raises(TypeError, match="needs key="):
        sj.apply(nn.Dense(2), sj.init(nn.Dense(2), KEY, X), X, train=True)


def test_a_function_that_builds_a_model_is_one():
    @sj.symbolize
    def dense(width: int) -> fnn.Dense:
        return fnn.Dense(width)

    variables = sj.init(dense(2), KEY, X)
    assert sj.apply(dense(2), variables, X)[0].shape == (4, 2)


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match=r"expected a Flax Linen module.*module\.train\(\)"):
        sj.apply(nnx.Linear(3, 2, rngs=nnx.Rngs(0)), {}, X)
