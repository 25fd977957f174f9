"""Ageing evolution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms import Evolution, RegularizedEvolution
from symjax.search.algorithms.evolution import mutators, selectors

KEY = jax.random.key(0)
SPACE = search.space([search.oneof([0, 1, 2]) for _ in range(6)])


def test_the_best_of_a_tournament_has_a_child_and_the_oldest_goes():
    algorithm = RegularizedEvolution(4, 4)
    tell, ask = jax.jit(algorithm.tell), jax.jit(algorithm.ask, static_argnums=2)
    dnas = SPACE.sample(KEY, 6)
    state = algorithm.init(SPACE, KEY)
    for dna, reward in zip(dnas, [9.0, 1, 2, 5, 3, 4], strict=True):
        batch = search.DNA(dna.spec, dna.choices[None], dna.floats[None])
        state = tell(state, batch, np.array([reward], np.float32))
    assert state.own.population.ages.tolist() == [2, 3, 4, 5]
    children, _ = ask(state, KEY, 8)
    # All take part, so the parent is the best of those that live: the fourth, and not the first.
    assert ((children.choices != dnas[3].choices).sum(axis=1) == 1).all()


def test_a_search_finds_the_optimum():
    results = search.run(
        RegularizedEvolution(8, 4),
        lambda tree, key: -sum(number**2 for number in tree),
        SPACE,
        120,
        KEY,
        batch=4,
        mode="max",
    )
    assert results.best().metrics == 0


def test_a_child_is_mutated_once_more_where_it_was_there_before():
    space = search.space([search.oneof([0, 1])] * 2)  # of 4 points all are known soon
    algorithm = RegularizedEvolution(2, 2, dedup=16)
    state = algorithm.init(space, KEY)
    dnas = search.DNA.from_numbers(space.spec, [[0, 0], [0, 1], [1, 0]])
    child = jax.jit(lambda state: algorithm.ask(algorithm.tell(state, dnas, jnp.zeros(3)), KEY, 1)[0])(state)
    assert child.choices.tolist() == [[1, 1]]


def test_it_consists_of_operations():
    assert RegularizedEvolution(50, 10, dedup=7).evolution == Evolution(
        selectors.Tournament(1, 10) >> mutators.Uniform(),
        population_init=50,
        population_update=selectors.Last(50),
        dedup=7,
        again=mutators.Uniform(),
    )


@pytest.mark.parametrize("sizes", [(8, 0), (8, 9)])
def test_a_tournament_is_among_those_that_live(sizes):
    with pytest.raises(ValueError, match="take part in a tournament, got tournament_size="):
        RegularizedEvolution(*sizes)


def test_it_is_saved():
    algorithm = RegularizedEvolution(20, 5, mutators.Uniform() ** 2)
    assert sj.from_json(sj.to_json(algorithm)) == algorithm
