"""Random ranks."""

from collections import Counter
from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.algorithms.evolution.selectors.ranks import distinct, distinct_words, weighted
from symjax.search.spaces.sampling import random_words

KEY = jax.random.key(0)


@pytest.mark.parametrize("number", [3, 20])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 24])
def test_they_differ(number, count):
    words = random_words(KEY, (50, distinct_words(number, 24)))
    ranks, wanted = distinct(words, number, jnp.int32(count))
    assert wanted.tolist() == [index < count for index in range(number)]
    for row in np.asarray(ranks)[:, np.asarray(wanted)]:
        assert len(set(row.tolist())) == min(number, count)
        assert ((row >= 0) & (row < count)).all()


def test_more_are_wanted_than_there_are_places():
    ranks, wanted = distinct(random_words(KEY, (distinct_words(20, 8),)), 20, jnp.int32(8))
    assert sorted(ranks[wanted].tolist()) == list(range(8))


def test_each_set_is_as_likely_and_each_rank_as_likely_first():
    words = random_words(KEY, (6000, distinct_words(2, 5)))
    ranks, _ = distinct(words, 2, jnp.int32(5))
    sets = Counter(tuple(sorted(row)) for row in ranks.tolist())
    assert set(sets) == set(combinations(range(5), 2))
    assert all(abs(seen - 600) < 120 for seen in sets.values())  # five standard deviations
    firsts = Counter(ranks[:, 0].tolist())
    assert all(abs(seen - 1200) < 155 for seen in firsts.values())


def test_weights_say_how_likely():
    weights = jnp.array([0.0, 1.0, 0.0, 3.0, 0.0])
    drawn = Counter(weighted(random_words(KEY, (4000,)), weights).tolist())
    assert set(drawn) == {1, 3}
    assert abs(drawn[3] - 3000) < 140


def test_the_greatest_word_draws_who_weighs_something():
    assert weighted(jnp.array([0, 2**32 - 1], jnp.uint32), jnp.array([0.0, 0.1, 0.2, 0.0])).tolist() == [1, 2]
