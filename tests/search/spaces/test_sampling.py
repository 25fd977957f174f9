"""The law of a space: every decision uniform, by itself."""

import math

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from symjax import search

seeds = st.integers(0, 2**32 - 1)
SPACE = search.space(
    {
        "choice": search.oneof(["a", "b", "c"]),
        "linear": search.floatv(-3.0, 5.0),
        "log": search.floatv(1e-6, 1e-2, "log"),
    }
)
N = 4096


def test_every_decision_is_uniform_on_its_scale():
    dnas = SPACE.sample(jax.random.key(7), N).host()
    counts = np.bincount(dnas.choices[:, 0], minlength=3)
    assert np.abs(counts - N / 3).max() < 5 * math.sqrt(N * 2 / 9)
    shares = [(dnas.floats[:, 0] + 3) / 8, (np.log10(dnas.floats[:, 1]) + 6) / 4]
    for share in shares:
        gap = np.abs(np.sort(share) - (np.arange(N) + 0.5) / N).max()
        assert gap < 2 / math.sqrt(N)  # Kolmogorov and Smirnov: 1e-3


@given(seeds)
def test_a_gene_never_leaves_its_bounds(seed):
    dnas = SPACE.sample(jax.random.key(seed), 64).host()
    SPACE.spec.check(dnas.choices, dnas.floats)


def test_a_larger_sample_begins_with_a_smaller_one():
    key = jax.random.key(3)
    many = SPACE.sample(key, 9)
    assert many[:4] == SPACE.sample(key, 4)
    assert many[0] == SPACE.sample(key)


def test_sampling_runs_under_jit_and_vmap():
    keys = jax.random.split(jax.random.key(3), 5)
    alone = [SPACE.sample(key, 4) for key in keys]
    jitted = jax.jit(lambda key: SPACE.sample(key, 4))
    mapped = jax.vmap(lambda key: SPACE.sample(key, 4))(keys)
    for i, key in enumerate(keys):
        assert jitted(key) == alone[i]
        assert np.array_equal(mapped[i].choices, alone[i].choices)
        np.testing.assert_allclose(mapped[i].floats, alone[i].floats, rtol=1e-6)
