"""Sets of individuals; the operators are tested with `Operation`."""

import jax.numpy as jnp

from symjax.search.algorithms.evolution.composition import call, either, equal, union


def test_equal_is_by_genes_and_order(population):
    people = population(3)
    some = people.where(people.ranks() < 3)
    assert equal(some, some.resize(5))
    assert equal(some, some.children(some.dnas))
    assert not equal(some, some[::-1])
    assert not equal(some, some[:2])
    assert not equal(some[:2], some)


def test_a_union_keeps_the_first_of_each(population, ages):
    people = population(3)
    assert ages(union([people[2:4], people, people[:1]])) == ages(people[2:4]) + [
        age for age in ages(people) if age not in ages(people[2:4])
    ]


def test_either_has_room_for_both(population, ages):
    people = population(3)
    for is_first, expected in ((True, people[:2]), (False, people)):
        output = either(jnp.array(is_first), lambda: people[:2], lambda: people)
        assert output.capacity == people.capacity
        assert ages(output) == ages(expected)


def test_a_function_gets_what_it_names(population):
    people = population(0)
    assert call(lambda people: "alone", people, 1, 2) == "alone"
    assert call(lambda people, step: step, people, 1, 2) == 2
    assert call(lambda people, step, key: (key, step), people, 1, 2) == (1, 2)
    assert call(type, people, 1, 2) is type(people)
