"""Selectors by weight, against PyGlove's rule."""

from collections import Counter

import jax
import numpy as np
import pytest

from symjax.search.algorithms.evolution import Population, selectors

KEY = jax.random.key(0)
by_reward = lambda people: people.rewards[:, 0]  # noqa: E731


def portions(weights, n):
    """Shares of n, rounded; the rest one by one from the heaviest, or from the lightest."""
    parts = [int(n * weight / sum(weights) + 0.5) for weight in weights]
    extra = n - sum(parts)
    order = sorted(
        (i for i, weight in enumerate(weights) if weight > 0), key=lambda i: weights[i], reverse=extra > 0
    )
    for i in [i for i in order if extra > 0 or parts[i] > 0][: abs(extra)]:
        parts[i] += int(np.sign(extra))
    return parts


@pytest.mark.parametrize("n", [1, 5, 17])
def test_proportional_follows_the_rule(n, population, ages, rewards):
    select = jax.jit(selectors.Proportional(n, by_reward).__call__)
    for seed in range(12):
        people = population(seed)
        weights = [max(reward, 0.0) for (reward,) in rewards(people)]
        if not sum(weights):
            weights = [1.0] * len(weights)
        expected = [
            age
            for age, part in zip(ages(people), portions(weights, n) if weights else [], strict=True)
            for _ in range(part)
        ]
        assert ages(select(people, KEY)) == expected


def test_a_sample_is_as_likely_as_its_weight(population, ages):
    dnas = population(3).dnas
    people = Population.told(dnas, np.array([[3.0], [1], [-7], [0], [np.inf], [4], [-np.inf], [2]]))
    drawn = Counter(ages(selectors.Sample(5000, by_reward)(people, KEY)))
    for age, weight in {0: 3, 1: 1, 5: 4, 7: 2}.items():
        assert abs(drawn.pop(age) - 500 * weight) < 180
    assert not drawn


def test_by_default_the_weight_is_the_rank(population, ages):
    dnas = population(3).dnas[:4]
    people = Population.told(dnas, np.array([[30.0], [-1], [-np.inf], [5]]))
    assert Counter(ages(selectors.Proportional(9)(people, KEY))) == {0: 4, 1: 2, 3: 3}


@pytest.mark.parametrize("selector", [selectors.Sample(3, by_reward), selectors.Proportional(3, by_reward)])
def test_without_weights_all_count_the_same(selector, population, ages):
    people = population(3)
    failed = Population(people.dnas, people.rewards * 0 - np.inf, people.ages, people.valid)
    assert len(ages(selector(failed, KEY))) == 3
    nobody = people.where(np.zeros(8, bool))
    assert ages(selector(nobody, KEY)) == []


def test_there_is_a_weight_for_each_place(population):
    with pytest.raises(ValueError, match=r"of shape \[8\]; got \[\]"):
        selectors.Sample(3, lambda people: 1.0)(population(0), KEY)
