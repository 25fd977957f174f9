"""Dropout rates are leaves: one program serves all rates, with the numbers of Flax's own code."""

from collections.abc import Callable
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import search

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (2, 4, 8))
RATES = (0.0, 0.25, 1.0)


class Block(flax.linen.Module):
    """As anybody has it: layers of plain Flax, made as it runs."""

    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return flax.linen.Dropout(self.rate, deterministic=False)(2 * x)


class SetUp(flax.linen.Module):
    rate: float

    def setup(self) -> None:
        self.drop = flax.linen.Dropout(self.rate)

    def __call__(self, x: Any) -> Any:
        return self.drop(x, deterministic=False)


class Rematerialized(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return flax.linen.remat(Block)(self.rate)(x)


class Scanned(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        scan = flax.linen.scan(Carried, split_rngs={"dropout": True}, length=3)
        return scan(self.rate)(x, None)[0]


class Carried(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any, _: Any) -> tuple[Any, None]:
        return Block(self.rate)(x), None


class Mapped(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return flax.linen.vmap(Block, split_rngs={"dropout": True})(self.rate)(x)


class Attending(flax.linen.Module):
    rate: float

    @flax.linen.compact
    def __call__(self, x: Any) -> Any:
        return flax.linen.MultiHeadDotProductAttention(
            2, dropout_rate=self.rate, deterministic=False, broadcast_dropout=False
        )(x)


PLAIN = (Block, SetUp, Rematerialized, Scanned, Mapped, Attending)
MODELS: dict[str, tuple[Callable[[float], Any], Callable[[float], Any]]] = {
    "symbolic Dropout": (
        lambda rate: nn.Dropout(rate, deterministic=False),
        lambda rate: flax.linen.Dropout(rate, deterministic=False),
    ),
    "symbolic attention": (
        lambda rate: nn.SelfAttention(2, dropout_rate=rate, deterministic=False),
        lambda rate: flax.linen.SelfAttention(2, dropout_rate=rate, deterministic=False),
    ),
    **{cls.__name__: (sj.symbolize(cls), cls) for cls in PLAIN},
}


def run(model: Any, variables: Any, x: jax.Array) -> Any:
    return model.apply(variables, x, rngs={"dropout": KEY})


@pytest.mark.filterwarnings("ignore:.*SelfAttention.*:DeprecationWarning")
@pytest.mark.parametrize(("adopted", "plain"), MODELS.values(), ids=MODELS)
def test_one_program_serves_all_rates_with_the_numbers_of_flax(adopted: Any, plain: Any) -> None:
    variables = plain(0.0).init({"params": KEY, "dropout": KEY}, X)
    traced = jax.jit(lambda *arguments: run(*arguments))  # a cache of its own
    for rate in RATES:
        if rate == 1.0 and "ttenti" in type(plain(rate)).__name__:
            continue  # Flax divides 0 by 0 there
        expected = jax.jit(lambda variables, x, rate=rate: run(plain(rate), variables, x))(variables, X)
        np.testing.assert_allclose(traced(adopted(rate), variables, X), expected, rtol=1e-5, atol=1e-6)
    assert traced._cache_size() == 1


@pytest.mark.parametrize(("adopted", "plain"), MODELS.values(), ids=MODELS)
@pytest.mark.filterwarnings("ignore:.*SelfAttention.*:DeprecationWarning")
def test_a_rate_that_is_a_number_gives_the_program_of_flax(adopted: Any, plain: Any) -> None:
    variables = plain(0.0).init({"params": KEY, "dropout": KEY}, X)
    for rate in (0.0, 0.25, 1.0):
        programs = [
            str(jax.make_jaxpr(lambda variables, x, model=model: run(model, variables, x))(variables, X))
            for model in (adopted(rate), plain(rate))
        ]
        assert programs[0] == programs[1]


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_gradients_are_those_of_flax_and_never_nan(rate: float) -> None:
    def loss(x: jax.Array, model: Any) -> jax.Array:
        return (run(model, {}, x) ** 2).sum()

    traced = jax.jit(jax.grad(loss))(X, nn.Dropout(rate, deterministic=False))
    np.testing.assert_allclose(traced, jax.grad(loss)(X, flax.linen.Dropout(rate, deterministic=False)), 1e-5)
    of_rate = jax.grad(lambda model: loss(X, model))(nn.Dropout(rate, deterministic=False))
    assert np.isfinite(of_rate.rate)


def test_rates_are_mapped() -> None:
    models = jax.tree.map(lambda _: jnp.asarray(RATES), nn.Dropout(0.5, deterministic=False))
    outputs = jax.vmap(lambda model: run(model, {}, X))(models)
    for rate, output in zip(RATES, outputs, strict=True):
        expected = run(flax.linen.Dropout(rate, deterministic=False), {}, X)
        np.testing.assert_allclose(output, expected, rtol=1e-5)


def test_a_traced_rate_keeps_a_narrow_dtype() -> None:
    model = nn.Dropout(0.25, deterministic=False)
    assert jax.eval_shape(run, model, {}, X.astype(jnp.bfloat16)).dtype == jnp.bfloat16


def test_deterministic_layers_need_no_key_for_a_traced_rate() -> None:
    model = nn.Dropout(0.25, deterministic=True)
    assert (jax.jit(lambda model: model.apply({}, X))(model) == X).all()


def test_parameters_are_made_under_jit() -> None:
    made = jax.jit(lambda model: model.init({"params": KEY, "dropout": KEY}, X))(
        sj.symbolize(Attending)(0.25)
    )
    chosen = Attending(0.25).init({"params": KEY, "dropout": KEY}, X)
    assert jax.tree.structure(made) == jax.tree.structure(chosen)


def test_a_rate_is_a_lane_in_a_search() -> None:
    class Experiment(sj.Object):
        model: nn.Module

        def run(self, key: jax.Array) -> dict[str, Any]:
            output = self.model.apply({}, jnp.ones(10_000), rngs={"dropout": key})
            return {"zeros": (output == 0).mean()}

    space = search.space(Experiment(sj.symbolize(Block)(search.floatv(0.1, 0.9))))
    dnas = space.sample(KEY, 4)
    plan = search.plan(Experiment.run, space, dnas, KEY)
    assert "lanes: model.rate" in str(plan)
    zeros = search.evaluate(Experiment.run, space, dnas, KEY).metrics["zeros"]
    np.testing.assert_allclose(zeros, dnas.floats[:, 0], atol=0.02)


def test_a_question_that_is_not_about_0_or_1_is_not_answered_for_a_traced_rate() -> None:
    class Halving(nn.Dropout):
        def __call__(self, inputs: Any) -> Any:
            return inputs if self.rate < 0.5 else inputs / 2

    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(lambda model: model.apply({}, X))(Halving(0.25))
