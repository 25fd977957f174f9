"""Individuals with a validity mask, against plain lists."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.evolution import Population

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_slices_are_those_of_a_list(seed, population, ages):
    people = population(seed)
    listed = ages(people)
    for index in np.ndindex(5, 5, 4):
        start, stop = ([None, 2, -2, 9, -9][i] for i in index[:2])
        piece = slice(start, stop, [None, 2, -1, -3][index[2]])
        sliced = people[piece]
        assert ages(sliced) == listed[piece]
        assert sliced.capacity <= len(range(8)[:: piece.step])


def test_a_slice_has_no_more_places_than_it_can_take(population):
    assert [population(0)[index].capacity for index in (np.s_[:3], np.s_[-2:], np.s_[1:-1], np.s_[::3])] == [
        3,
        2,
        6,
        3,
    ]


@pytest.mark.parametrize("index", [1, "a"])
def test_an_index_is_a_slice(index, population):
    with pytest.raises(TypeError, match=r"population\[:2\]"):
        population(0)[index]


def test_a_slice_of_no_step_is_refused(population):
    with pytest.raises(ValueError, match="not 0"):
        population(0)[::0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_is_by_reward_then_failures_then_nobody(seed, population, ages, rewards):
    people = population(seed)
    order = people.order()
    assert sorted(order.tolist()) == list(range(8))
    taken = people.take(order)
    assert ages(taken) == [
        age for _, age in sorted(zip(rewards(people), ages(people), strict=True), key=lambda p: -p[0][0])
    ]
    assert np.asarray(taken.valid).tolist() == sorted(np.asarray(people.valid), reverse=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_say_who_is_better(seed, population, ages):
    people = population(seed, objectives=2)
    scores = np.asarray(people.scores())[np.asarray(people.valid)]
    assert [age for _, age in sorted(zip(-scores, ages(people), strict=True))] == ages(
        people.take(people.order())
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_individuals_by_rank(seed, population, ages):
    people = population(seed)
    listed = ages(people)
    ranks = [3, 0, -1, 0, 7, 100]
    some = people.at(jnp.array(ranks))
    assert ages(some) == [listed[rank] for rank in ranks if 0 <= rank < len(listed)]
    assert ages(people.resize(5)) == listed[:5]
    assert people.resize(12).capacity == 12
    assert ages(people.resize(12)) == ages(people.pad(12)) == listed


def test_nobody(ages, space):
    nobody = Population.empty(space.spec, 0)
    assert nobody.count == 0
    assert nobody.at(jnp.arange(3)).capacity == 3
    assert ages(nobody.at(jnp.arange(3))) == []
    assert ages(nobody[:4]) == []


def test_told_ones_differ_by_age_and_children_by_genes(space):
    dnas = search.DNA.from_numbers(space.spec, [[0, 0.5], [0, 0.5], [1, 0.5]])
    told = Population.told(dnas, np.zeros((3, 1)), 5)
    assert told.ages.tolist() == [5, 6, 7]
    assert told.same(told).tolist() == np.eye(3, dtype=bool).tolist()
    children = told.children(told.dnas)
    assert children.same(children)[0].tolist() == [True, True, False]
    assert not children.same(told).any()
    assert np.isneginf(children.rewards).all()
    assert not told.where(jnp.array([False, True, True])).same(told)[0].any()


def test_it_is_a_pytree(population, ages):
    people = population(1)
    leaves, treedef = jax.tree.flatten(people)
    assert len(leaves) == 5
    assert ages(jax.tree.unflatten(treedef, leaves)) == ages(people)
