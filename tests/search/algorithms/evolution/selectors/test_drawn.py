"""Selectors by chance."""

from collections import Counter

import jax
import numpy as np
import pytest

from symjax.search.algorithms.evolution import Population, selectors

KEYS = jax.random.split(jax.random.key(0), 2000)
SEEDS = range(6)


@pytest.mark.parametrize("n", [0, 3, 20, 0.4, None])
def test_random_takes_each_once(n, population, ages):
    select = jax.jit(selectors.Random(n).__call__)
    for seed in SEEDS:
        people = population(seed)
        everybody = set(ages(people))
        selected = ages(select(people, KEYS[seed]))
        number = {None: len(everybody), 0.4: int(np.ceil(0.4 * len(everybody)))}.get(n, n)
        assert len(selected) == len(set(selected)) == min(number, len(everybody))
        assert set(selected) <= everybody


def test_random_is_uniform_in_each_place(population, ages):
    people = population(3)
    everybody = ages(people)
    rows = jax.jit(jax.vmap(lambda key: selectors.Random(3)(people, key).ages))(KEYS)
    for place in range(3):
        drawn = Counter(np.asarray(rows)[:, place].tolist())
        assert set(drawn) == set(everybody)
        assert all(abs(seen - 2000 / len(everybody)) < 100 for seen in drawn.values())


def test_random_with_replacement_may_take_more_than_there_are(population, ages):
    selected = ages(selectors.Random(20, replacement=True)(population(3), KEYS[0]))
    assert len(selected) == 20
    assert set(selected) <= set(ages(population(3)))
    nobody = population(3).where(np.zeros(8, bool))
    assert ages(selectors.Random(20, replacement=True)(nobody, KEYS[0])) == []


def test_a_tournament_is_won_by_the_best_of_some(population, ages):
    dnas = population(3).dnas
    people = Population.told(dnas, np.array([[3.0], [1], [7], [0], [5], [4], [6], [2]]))
    winners = jax.jit(jax.vmap(lambda key: selectors.Tournament(size=3)(people, key).rewards[0, 0]))(KEYS)
    wins = Counter(np.asarray(winners).tolist())
    # The best of 3 out of 8 has rank r from below with probability C(r, 2) / C(8, 3).
    for reward in range(8):
        expected = 2000 * (reward * (reward - 1) / 2) / 56
        assert abs(wins[float(reward)] - expected) <= 5 * np.sqrt(expected)


@pytest.mark.parametrize("objectives", [1, 2])
def test_a_tournament_of_all_is_won_by_the_best(objectives, population, ages):
    play = jax.jit(selectors.Tournament(2, size=8).__call__)
    for seed in SEEDS:
        people = population(seed, objectives=objectives)
        winners = ages(play(people, KEYS[seed]))
        best = np.asarray(people.scores())[np.asarray(people.valid)].max(initial=-np.inf)
        scores = dict(
            zip(np.asarray(people.ages).tolist(), np.asarray(people.scores()).tolist(), strict=True)
        )
        assert [scores[winner] for winner in winners] == [best] * (2 if ages(people) else 0)


def test_somebody_takes_part():
    with pytest.raises(ValueError, match="size=0"):
        selectors.Tournament(1, size=0)
