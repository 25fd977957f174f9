"""Hill climbing: from a point to the best one beside it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms import HillClimbing, Random

from .variation.laws import decisions_that_differ

KEY = jax.random.key(0)
SPACE = search.space([search.oneof(list(range(4))) for _ in range(10)])
ask = jax.jit(lambda algorithm, state, key, n: algorithm.ask(state, key, n), static_argnums=3)
tell = jax.jit(lambda algorithm, state, dnas, rewards: algorithm.tell(state, dnas, rewards))


def told(algorithm, state, *pairs):
    for numbers, reward in pairs:
        dnas = search.DNA.from_numbers(SPACE.spec, [numbers])
        state = tell(algorithm, state, dnas, jnp.array([reward]))
    return state


def test_it_goes_to_the_best_and_looks_beside_it():
    climbing = HillClimbing()
    state = climbing.init(SPACE, KEY)
    first, state = ask(climbing, state, KEY, 8)
    assert len(np.unique(first.choices, axis=0)) == 8
    rewards = jnp.array([0.0, 5.0, jnp.nan, 1.0, -jnp.inf, 2.0, 3.0, 4.0])
    state = tell(climbing, state, first, rewards)
    beside, state = ask(climbing, state, KEY, 8)
    here = jax.tree.map(lambda genes: np.repeat(np.asarray(genes)[1:2], 8, axis=0), first)
    np.testing.assert_array_equal(decisions_that_differ(here, beside).sum(1), 1)
    # Worse ones do not count, nor those that failed; equal ones do.
    zeros = [0] * 10
    for reward, moves in ((4.0, False), (jnp.nan, False), (5.0, True), (6.0, True)):
        after = told(climbing, state, (zeros, reward))
        assert (np.asarray(after.own.choices)[0] == 0).all() == moves


def test_it_starts_anew_where_it_is_stuck():
    climbing = HillClimbing(patience=3)
    state = told(climbing, climbing.init(SPACE, KEY), ([0] * 10, 1.0))
    for reward in (0.0, 1.0):  # an equal one is no improvement
        state = told(climbing, state, ([1] * 10, reward))
        assert state.own.reward == 1
    better = told(climbing, state, ([2] * 10, 2.0), ([3] * 10, 0.0))
    assert (better.own.reward, better.own.stuck) == (2, 1)
    anew = told(climbing, state, ([1] * 10, 0.5))
    assert anew.own.reward == -jnp.inf
    dnas, _ = ask(climbing, anew, KEY, 8)
    assert (decisions_that_differ(dnas[np.zeros(8, int)], dnas).sum(1)[1:] > 2).all()


def test_patience_counts_what_is_beside():
    climbing = HillClimbing()
    assert climbing._patience(SPACE.spec) == 60
    assert climbing._patience(search.space([search.floatv(0.0, 1.0), search.oneof([1])]).spec) == 20
    assert climbing._patience(search.space([search.intv(1, 10**6)]).spec) == 1000
    assert HillClimbing(where=lambda point: False)._patience(SPACE.spec) == 1
    with pytest.raises(ValueError, match="patience is at least 1, got 0"):
        HillClimbing(0)


def test_a_search_is_one_program_and_beats_draws():
    target = jax.random.randint(jax.random.key(9), (10,), 0, 4)

    def best(algorithm, batch):
        def turn(state, key):
            dnas, state = algorithm.ask(state, key, batch)
            rewards = (dnas.choices == target).sum(1).astype(jnp.float32)
            return algorithm.tell(state, dnas, rewards), rewards.max()

        def run(key):
            state = algorithm.init(SPACE, jax.random.fold_in(key, 1))
            return jax.lax.scan(turn, state, jax.random.split(key, 256 // batch))[1].max()

        return jax.jit(jax.vmap(run))(jax.random.split(KEY, 8)).mean()

    assert best(HillClimbing(), 4) > 9.5 > 8 > best(Random(), 64)
