"""The keys of trials, as data."""

import pickle

import jax
import numpy as np
import pytest

from symjax.search.results.keys import RootKeys


@pytest.mark.parametrize("key", [jax.random.key(7), jax.random.PRNGKey(7)], ids=["typed", "old"])
def test_gives_the_key_of_a_trial(key):
    roots = pickle.loads(pickle.dumps(RootKeys.of(key, 3)[np.array([1])]))
    trial, expected = roots.key(0, 5), jax.random.fold_in(key, 5)
    assert (trial.dtype, trial.shape) == (expected.dtype, expected.shape)
    assert jax.random.key_data(trial).tolist() == jax.random.key_data(expected).tolist()
