"""Steps of floats on their scales."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.variation.steps import gaussian, off_scale, on_scale, polynomial, stepped
from symjax.search.spaces.sampling import random_words

from .laws import DNAS, SPACE

WORDS = random_words(jax.random.key(0), (20_000,))


def test_scales_there_and_back():
    places = on_scale(DNAS)
    assert (np.asarray(places) >= 0).all()
    assert (np.asarray(places) <= 1).all()
    np.testing.assert_allclose(off_scale(DNAS, places).floats, DNAS.floats, rtol=1e-5, atol=1e-6)
    index = SPACE.spec.columns[SPACE.spec.names.index("e")].start
    middle = off_scale(DNAS, jnp.full_like(places, 0.5)).floats[:, index]
    np.testing.assert_allclose(middle, 1e-3**0.5, rtol=1e-5)


def test_normal_steps():
    steps = np.asarray(gaussian(WORDS, 0.1))
    assert abs(steps.mean()) < 3e-3
    assert abs(steps.std() - 0.1) < 3e-3
    ends = gaussian(jnp.array([0, 2**32 - 1], jnp.uint32), 0.1)
    np.testing.assert_allclose(ends, [-0.53, 0.53], atol=0.02)
    assert np.abs(gaussian(WORDS, 10.0)).max() == 1


@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_polynomial_steps_stay_within_the_bounds(place):
    steps = np.asarray(polynomial(WORDS, jnp.full(20_000, place), 20.0))
    assert (place + steps >= -1e-6).all()
    assert (place + steps <= 1 + 1e-6).all()
    assert np.median(np.abs(steps[steps != 0])) < 0.05
    # The law by Deb's own words: (1 - |step|)**eta, away from the bounds.
    inner = np.abs(np.asarray(polynomial(WORDS, jnp.full(20_000, 0.5), 20.0)))
    assert abs(inner.mean() - 1 / 22) < 2e-3


def test_a_step_leads_elsewhere_and_stays_within():
    steps = jax.random.uniform(jax.random.key(1), on_scale(DNAS).shape, minval=-1, maxval=1)
    for size in (1.0, 1e-9, 0.0):
        there = stepped(DNAS, DNAS, size * steps).host()
        SPACE.spec.check(there.choices, there.floats)
        assert (there.floats != DNAS.floats).all()
    space = search.space({"x": search.oneof([1, 2])})
    dnas = space.sample(jax.random.key(0), 2)
    assert stepped(dnas, dnas, jnp.zeros((2, 0))) is dnas
