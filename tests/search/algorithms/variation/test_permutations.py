"""Lists of candidates in another order, against what papers say in words, as plain Python."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.variation.permutations import (
    cycle,
    cycles,
    map_section,
    order,
    order_section,
    partially_mapped,
    permuted,
    recombination_words,
    recombined,
    section,
    swapped,
)
from symjax.search.spaces.sampling import random_words

from .laws import DNAS, SPACE, active_of, decisions_that_differ

RNG = np.random.default_rng(0)
OWN, OTHER = (np.array([RNG.permutation(8) for _ in range(256)], np.int32) for _ in range(2))
SECTIONS = np.sort([RNG.choice(9, 2, replace=False) for _ in range(256)]).astype(np.int32)
WORDS = random_words(jax.random.key(0), (256, 8))


def pmx(own, other, start, end):
    """Goldberg and Lingle: by exchanges in one's own that bring each of the section to its place."""
    child = list(own)
    for place in range(start, end):
        there = child.index(other[place])
        child[place], child[there] = child[there], child[place]
    return child


def ox(own, other, start, end):
    """Davis: the section stays, the others follow as they do in one's own, from the end of the section."""
    n, child = len(own), [None] * len(own)
    child[start:end] = other[start:end]
    others = [own[(end + i) % n] for i in range(n) if own[(end + i) % n] not in other[start:end]]
    for i, candidate in enumerate(others):
        child[(end + i) % n] = candidate
    return child


def places_of_cycle(own, other, place):
    """Oliver, Smith and Holland: what stands there in the other is looked up in one's own, and so on."""
    places = []
    while place not in places:
        places.append(place)
        place = own.index(other[place])
    return places


@pytest.mark.parametrize(("crossover", "reference"), [(map_section, pmx), (order_section, ox)])
def test_crossovers_of_a_section_are_those_of_the_papers(crossover, reference):
    children = jax.jit(jax.vmap(crossover))(OWN, OTHER, *SECTIONS.T)
    for child, own, other, (start, end) in zip(children, OWN, OTHER, SECTIONS, strict=True):
        assert child.tolist() == reference(own.tolist(), other.tolist(), start, end)


def test_examples_of_the_papers():
    # Goldberg and Lingle 1985, section 3.
    own = jnp.array([9, 8, 4, 5, 6, 7, 1, 3, 2, 10]) - 1
    other = jnp.array([8, 7, 1, 2, 3, 10, 9, 5, 4, 6]) - 1
    assert (map_section(own, other, 3, 6) + 1).tolist() == [9, 8, 4, 2, 3, 10, 1, 6, 5, 7]
    assert (map_section(other, own, 3, 6) + 1).tolist() == [8, 10, 1, 5, 6, 7, 9, 2, 4, 3]
    # Oliver et al. 1987: the first cycle of these is 1, 8, 3 and 2.
    own = jnp.array([1, 2, 3, 4, 5, 6, 7, 8]) - 1
    other = jnp.array([8, 5, 2, 1, 3, 6, 4, 7]) - 1
    assert cycles(own, other).tolist() == [0, 1, 1, 0, 1, 5, 0, 0]


def test_cycles_are_those_of_the_paper():
    firsts = jax.jit(jax.vmap(cycles))(OWN, OTHER)
    for first, own, other in zip(firsts, OWN.tolist(), OTHER.tolist(), strict=True):
        assert first.tolist() == [min(places_of_cycle(own, other, place)) for place in range(8)]
    children = np.asarray(jax.vmap(cycle)(OWN, OTHER, WORDS))
    np.testing.assert_array_equal(np.sort(children), np.broadcast_to(np.arange(8), (256, 8)))
    assert ((children == OWN) | (children == OTHER)).all()
    mixed = (children != OWN).any(1) & (children != OTHER).any(1)
    assert mixed.sum() > 50


@pytest.mark.parametrize("n", [2, 3, 6])
def test_sections_are_neither_empty_nor_all_and_all_as_likely(n):
    starts, ends = jax.vmap(lambda words: section(words, n))(random_words(jax.random.key(1), (8192, 1)))
    pairs, counts = np.unique(np.stack([starts, ends]), axis=1, return_counts=True)
    expected = [pair for pair in itertools.combinations(range(n + 1), 2) if pair != (0, n)]
    assert [tuple(pair) for pair in pairs.T] == expected
    np.testing.assert_allclose(counts, 8192 / len(expected), rtol=0.25)


@pytest.mark.parametrize("crossover", [partially_mapped, order, cycle])
def test_children_have_their_lists_from_both_parents_and_the_rest_from_one(crossover):
    others = SPACE.sample(jax.random.key(2), 256)
    rows = random_words(jax.random.key(3), (256, recombination_words(SPACE.spec)))
    children = jax.jit(recombined, static_argnums=3)(DNAS, others, rows, crossover).host()
    SPACE.spec.check(children.choices, children.floats)
    lists = {SPACE.spec.points[index].name for members in permuted(SPACE.spec) for index in members}
    assert len(lists) == 2
    differ = decisions_that_differ(DNAS, children).any(0)
    assert {name for name, changed in zip(SPACE.spec.names, differ, strict=True) if changed} == lists
    same = jax.jit(recombined, static_argnums=3)(DNAS, DNAS, rows, crossover).host()
    assert same == DNAS


def test_swaps_exchange_two_that_differ():
    rows = random_words(jax.random.key(3), (256, 3))
    children = jax.jit(swapped)(DNAS, active_of(DNAS), rows).host()
    SPACE.spec.check(children.choices, children.floats)
    differ = decisions_that_differ(DNAS, children)
    assert differ.sum(1).max() == 1
    assert (children.choices != DNAS.choices).sum(1).max() == 2
    np.testing.assert_array_equal(np.sort(children.choices), np.sort(DNAS.choices))
    index = SPACE.spec.names.index("c")
    same = DNAS.choices[:, SPACE.spec.columns[index]]
    assert not differ[same[:, 0] == same[:, 1], index].any()
    assert differ[:, index].any()
    assert differ[:, SPACE.spec.names.index("h")].any()
    # `h` can always be changed.
    assert differ.any(1).all()


def test_swaps_where_they_may_and_can():
    space = search.space([search.manyof(2, [1, 2], distinct=False), search.oneof([1, 2])])
    dnas = space.sample(jax.random.key(0), 32)
    children = swapped(dnas, active_of(dnas), random_words(jax.random.key(3), (32, 3))).host()
    can = dnas.choices[:, 0] != dnas.choices[:, 1]
    np.testing.assert_array_equal((children.choices != dnas.choices).any(1), can)
    never = swapped(dnas, active_of(dnas), random_words(jax.random.key(3), (32, 3)), lambda point: False)
    assert never.host() == dnas
    assert 0 < can.sum() < 32
