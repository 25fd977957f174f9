"""NSGA-II."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms import NSGA2, Random
from symjax.search.algorithms.evolution import mutators, recombinators, selectors

KEY = jax.random.key(0)
SPACE = search.space([search.floatv(0.0, 1.0) for _ in range(8)])


def zdt1(floats):
    """Zitzler, Deb and Thiele 2000, T1: what is to be small."""
    first, rest = floats[:, 0], 1 + 9 * floats[:, 1:].mean(axis=1)
    return jnp.stack([first, rest * (1 - jnp.sqrt(first / rest))], axis=1)


def hypervolume(points, worst=(1.1, 6.0)):
    """How much of the rectangle below the worst point two objectives dominate."""
    volume, best = 0.0, worst[1]
    for first, second in sorted(points[(points < worst).all(axis=1)].tolist()):
        volume += (worst[0] - first) * max(best - second, 0.0)
        best = min(best, second)
    return volume


def searched(algorithm, batch=16, steps=32):
    """What came of a search."""

    @jax.jit
    def run(algorithm, state, keys):
        def step(state, key):
            dnas, state = algorithm.ask(state, key, batch)
            points = zdt1(dnas.floats)
            return algorithm.tell(state, dnas, -points), points

        return jax.lax.scan(step, state, keys)

    state, points = run(algorithm, algorithm.init(SPACE, KEY, 2), jax.random.split(KEY, steps))
    return state, np.asarray(points).reshape(-1, 2)


def test_it_comes_near_the_front():
    state, points = searched(NSGA2(16))
    _, drawn = searched(Random())
    # The front itself dominates 6.26 of it.
    assert hypervolume(points) > 5.4 > 4.5 > hypervolume(drawn)
    population = np.asarray(state.own.population.rewards)
    assert hypervolume(-population) > 0.98 * hypervolume(points)


def test_the_best_of_all_live():
    algorithm = NSGA2(4)
    dnas = SPACE.sample(KEY, 6)
    rewards = np.array([[0, 0], [4, 1], [1, 4], [np.nan, 9], [3, 3], [2, 0.5]], np.float32)
    state, tell = algorithm.init(SPACE, KEY, 2), jax.jit(algorithm.tell)
    for part in (slice(3), slice(3, 6)):
        state = tell(state, dnas[part], rewards[part])
    assert sorted(state.own.population.ages.tolist()) == [1, 2, 4, 5]


def test_failures_alone_are_no_parents():
    algorithm = NSGA2(4)
    dnas = SPACE.sample(KEY, 4)

    @jax.jit
    def after(state):
        return algorithm.ask(algorithm.tell(state, dnas, np.full((4, 2), np.nan)), KEY, 8)[0]

    dnas = after(algorithm.init(SPACE, KEY, 2))
    assert len(np.unique(dnas.floats[:, 0])) == 8


def test_one_objective_and_choices():
    space = search.space([search.oneof([0, 1, 2]) for _ in range(6)] + [search.permutate([1, 2, 3])])
    algorithm = NSGA2(8)

    @jax.jit
    def run(state, keys):
        def step(state, key):
            dnas, state = algorithm.ask(state, key, 4)
            rewards = (dnas.choices[:, 6] == 2) - (dnas.choices[:, :6] ** 2).sum(axis=1)
            return algorithm.tell(state, dnas, rewards), (dnas, rewards.max())

        return jax.lax.scan(step, state, keys)[1]

    dnas, best = run(algorithm.init(space, KEY), jax.random.split(KEY, 60))
    assert best.max() == 1
    space.spec.check(dnas.choices, dnas.floats)


def test_it_consists_of_operations():
    parents = selectors.Tournament(2, size=2)
    assert NSGA2(8, None).evolution.reproduction == parents >> mutators.Uniform()
    paper = NSGA2(8, recombinators.SimulatedBinary(), mutators.Polynomial()).evolution.reproduction
    assert paper == parents >> recombinators.SimulatedBinary() >> mutators.Polynomial()


def test_it_takes_two():
    with pytest.raises(ValueError, match="it takes two to recombine, got population_size=1"):
        NSGA2(1)


def test_it_is_saved():
    algorithm = NSGA2(8, dedup=4)
    assert sj.from_json(sj.to_json(algorithm)) == algorithm
