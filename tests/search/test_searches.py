"""Searches over models that train by a loop of their own: compiled and by the host, they are the same."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen

import symjax as sj
from symjax import search
from symjax.search.algorithms.evolution import mutators, selectors
from symjax.search.algorithms.evolution.evolution import Evolution

KEY = jax.random.key(0)
ROWS = jax.random.normal(jax.random.key(1), (64, 6))
DATA = (ROWS, (jnp.sin(2 * ROWS[:, 0]) + ROWS[:, 1] > 0).astype(jnp.int32))
AGEING = Evolution(
    selectors.Tournament(size=3) >> mutators.Uniform(),
    population_init=6,
    population_update=selectors.Last(6),
)


class Net(linen.Module):
    """A small network with batch normalization and dropout."""

    width: int = 8
    dropout: float = 0.1

    @linen.compact
    def __call__(self, x, train):
        x = linen.Dense(self.width)(x)
        x = linen.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        x = linen.Dropout(self.dropout, deterministic=not train)(linen.relu(x))
        return linen.Dense(2)(x)


class Training(sj.Object):
    """Trains it, and says how well it does."""

    width: int = 8
    rate: float = 0.01
    decay: float = 1e-4
    dropout: float = 0.1
    steps: int = 12

    def run(self, key, data):
        x, y = data
        model = Net(self.width, self.dropout)
        variables = model.init({"params": key, "dropout": key}, x, train=False)
        optimizer = optax.adamw(self.rate, weight_decay=self.decay)

        def loss(params, stats, key):
            logits, updated = model.apply(
                {"params": params, "batch_stats": stats},
                x,
                train=True,
                rngs={"dropout": key},
                mutable=["batch_stats"],
            )
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), updated["batch_stats"]

        def step(carry, key):
            params, stats, state = carry
            (value, stats), grads = jax.value_and_grad(loss, has_aux=True)(params, stats, key)
            updates, state = optimizer.update(grads, state, params)
            return (optax.apply_updates(params, updates), stats, state), value

        params, stats = variables["params"], variables["batch_stats"]
        carry = params, stats, optimizer.init(params)
        (params, stats, _), losses = jax.lax.scan(step, carry, jax.random.split(key, self.steps))
        logits = model.apply({"params": params, "batch_stats": stats}, x, train=False)
        return {"accuracy": (logits.argmax(-1) == y).mean(), "loss": losses[-1], "losses": losses}


RATES = {
    "rate": search.oneof([1e-3, 1e-2, 1e-1]),
    "decay": search.oneof([0.0, 1e-3]),
}
HOW = {"objective": "loss", "mode": "min", "batch": 4}


def searched(space, trials=18, **how):
    return search.run(AGEING, Training.run, space, trials, KEY, DATA, **{**HOW, **how})


@pytest.mark.slow
def test_a_training_that_is_compiled_together_with_evolution_is_that_of_the_host():
    space = search.space(Training(**RATES))
    mine, theirs = searched(space, compiled=True), searched(space, compiled=False)
    assert mine.dnas == theirs.dnas
    for name in ("accuracy", "loss", "losses"):
        np.testing.assert_array_equal(mine[name], theirs[name])
    assert mine["losses"].shape == (18, 12)
    assert mine.best().metrics["loss"] == theirs.best().metrics["loss"] < 0.5


def test_what_the_model_asks_of_a_number_is_named():
    space = search.space(Training(dropout=search.oneof([0.0, 0.2]), **RATES))
    with pytest.raises(
        ValueError, match="dropout decides on the structure; the function cannot trace dropout: "
    ):
        searched(space, compiled=True)  # Dropout compares its rate with zero


@pytest.mark.slow
def test_a_width_is_a_program_each_and_evolution_goes_on_over_them():
    space = search.space(Training(width=search.oneof([4, 16]), rate=search.floatv(1e-3, 0.3, "log")))
    results = searched(space)
    assert {trial.values["width"] for trial in results} == {4, 16}
    assert set(results.states) == {"ok"}
    with pytest.raises(ValueError, match="cannot be compiled into one program: width decides"):
        searched(space, compiled=True)
