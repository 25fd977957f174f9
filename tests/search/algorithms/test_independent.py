"""Algorithms that learn nothing."""

import jax
import numpy as np

from symjax import search
from symjax.search.algorithms import Random
from symjax.search.spaces.dna import DNA

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(-1.0, 1.0), "n": search.permutate([1, 2, 3])})


def test_random_draws_do_not_hang_on_the_batch():
    whole, _ = Random().ask(Random().init(SPACE, KEY), KEY, 6)
    state, parts = Random().init(SPACE, KEY), []
    for n in (1, 2, 3):
        dnas, state = Random().ask(state, jax.random.key(n), n)
        parts.append(dnas)
    assert DNA.concat(parts) == whole
    assert len(np.unique(whole.floats)) == 6


def test_random_draws_follow_the_law():
    dnas, _ = jax.jit(Random().ask, static_argnums=2)(Random().init(SPACE, KEY), KEY, 512)
    SPACE.spec.check(dnas.choices, dnas.floats)
    assert abs(float(dnas.floats.mean())) < 0.1
    assert len(np.unique(np.asarray(dnas.choices), axis=0)) == 6
