"""Selectors, mutators and recombinators of somebody else."""

import jax
import jax.numpy as jnp
import pytest

from symjax import search
from symjax.search.algorithms.evolution import Mutator, Recombinator, Selector

KEY = jax.random.key(0)


class Flip(Mutator):
    """The next candidate."""

    def mutate(self, dna, key, step):
        """The child of one."""
        amount = jax.random.randint(key, (), 1, 3)
        return search.DNA(dna.spec, (dna.choices + amount) % 3, dna.floats)


class Mean(Recombinator):
    """The float in the middle of two."""

    parents = 2

    def recombine(self, parents, key, step):
        """One child."""
        mean = parents.dnas.floats.mean(axis=0, keepdims=True)
        child = parents.children(parents.dnas)[:1]
        return child.children(search.DNA(parents.spec, child.dnas.choices, mean))


class Odd(Selector):
    """Who came at an odd place."""

    def select(self, population, key, step):
        """Some."""
        return population.where(population.ages % 2 == 1)


def test_a_mutator_may_say_what_becomes_of_one(population):
    people = population(3)
    children = jax.jit(Flip().__call__)(people, KEY)
    assert (children.dnas.choices != people.dnas.choices).all()
    assert len(set(((children.dnas.choices - people.dnas.choices) % 3).ravel().tolist())) == 2
    assert children.ages.tolist() == [-1] * 8
    assert children.valid.tolist() == people.valid.tolist()


def test_a_mutator_defines_something():
    with pytest.raises(NotImplementedError, match="Empty defines neither mutate nor mutate_list"):
        type("Empty", (Mutator,), {})().mutate(None, KEY, None)


def test_a_recombinator_gets_the_first_individuals(population):
    people = population(3)
    child = (lambda people: people[::-1]) >> Mean()
    expected = people[::-1].resize(2).dnas.floats.mean()
    output = child(people, KEY)
    assert jnp.allclose(output.dnas.floats, expected)
    assert output.valid.tolist() == [True]


def test_a_selector(population, ages):
    people = population(3)
    assert ages(Odd()(people, KEY)) == [age for age in ages(people) if age % 2]
