"""Selectors by an order, against lists."""

import math

import jax
import numpy as np
import pytest

from symjax.search.algorithms.evolution import selectors

KEY = jax.random.key(0)
SEEDS = range(6)
NUMBERS = [0, 3, 20, 0.0, 0.3, 1.0, None]
select = jax.jit(lambda selector, people: selector(people, KEY))
by_age = lambda population: population.ages.astype(float)  # noqa: E731


def number_of(n, length):
    """How many PyGlove selects of that many."""
    if n is None:
        return length
    return min(math.ceil(n * length) if isinstance(n, float) else n, length)


@pytest.mark.parametrize("n", NUMBERS)
def test_they_select_what_a_list_gives(n, population, ages, rewards):
    selected = jax.jit(
        lambda people: [
            op(people, KEY)
            for op in (
                selectors.First(n),
                selectors.Last(n),
                selectors.Top(n),
                selectors.Bottom(n),
                selectors.Top(n, by_age),
                selectors.Bottom(n, by_age),
            )
        ]
    )
    for seed in SEEDS:
        people = population(seed)
        listed, earned = ages(people), [reward for (reward,) in rewards(people)]
        number = number_of(n, len(listed))
        best = sorted(range(len(listed)), key=lambda i: -earned[i])
        worst = sorted(range(len(listed)), key=lambda i: earned[i])
        assert [ages(output) for output in selected(people)] == [
            listed[:number],
            listed[len(listed) - number :],
            [listed[i] for i in best][:number],
            [listed[i] for i in worst][:number],
            sorted(listed, reverse=True)[:number],
            sorted(listed)[:number],
        ]


def test_the_number_is_rounded_as_python_does(population):
    for capacity in (10, 30):
        people = population(3, capacity)
        for share in (0.1, 0.7, 0.29):
            selected = select(selectors.First(share), people)
            assert selected.count == math.ceil(share * int(people.count))
            assert selected.capacity == math.ceil(share * capacity)


@pytest.mark.parametrize(("selector", "sign"), [(selectors.Top, -1), (selectors.Bottom, 1)])
def test_clusters_are_selected_whole(selector, sign, population, rewards):
    for seed in SEEDS:
        people = population(seed)
        earned = sorted((reward for (reward,) in rewards(people)), key=lambda reward: sign * reward)
        values = sorted(set(earned), key=lambda reward: sign * reward)[:2]
        selected = select(selector(2, cluster=True), people)
        assert [reward for (reward,) in rewards(selected)] == [one for one in earned if one in values]


def test_the_first_cluster_of_several_objectives_is_the_front(population, rewards):
    people = population(3, 12, 2)
    front = rewards(select(selectors.Top(1, cluster=True), people))
    everybody = rewards(people)
    assert sorted(front) == sorted(
        one
        for one in everybody
        if not any(
            all(a >= b for a, b in zip(other, one, strict=True)) and other != one for other in everybody
        )
    )


def test_the_bottom_of_several_objectives_is_the_end_of_the_top(population, ages):
    people = population(3, 12, 2)
    top = ages(select(selectors.Top(), people))
    assert ages(select(selectors.Bottom(4), people)) == top[::-1][:4]


def test_a_key_gives_a_number_for_each_place(population):
    with pytest.raises(ValueError, match=r"a number for each place, of shape \[8\]; got \[\]"):
        selectors.Top(2, lambda people: 1.0)(population(0), KEY)


def test_a_key_that_is_nan_comes_last(population, ages):
    people = population(3)
    key = lambda people: np.where(people.ages == 2, np.nan, people.ages)  # noqa: E731
    assert ages(selectors.Top(8, key)(people, KEY))[-1] == 2
