"""Populations, and what they are as plain lists."""

import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.algorithms.evolution import Population

SPACE = search.space([search.oneof([0, 1, 2]), search.floatv(0.0, 1.0)])


def draw_population(seed, capacity=8, objectives=1):
    """A population with gaps, equal rewards and failures."""
    rng = np.random.default_rng(seed)
    dnas = search.DNA(
        SPACE.spec,
        jnp.asarray(rng.integers(0, 3, (capacity, 1)), jnp.int32),
        jnp.asarray(rng.random((capacity, 1)), jnp.float32),
    )
    rewards = rng.integers(0, 4, (capacity, objectives)).astype(np.float32)
    rewards[rng.random(capacity) < 0.15] = -np.inf
    ages = rng.permutation(capacity).astype(np.int32)
    valid = rng.random(capacity) < rng.choice([0.0, 0.5, 0.8, 1.0])
    return Population(dnas, jnp.asarray(rewards), jnp.asarray(ages), jnp.asarray(valid))


def list_ages(population):
    """The individuals in order, by their ages."""
    return np.asarray(population.ages)[np.asarray(population.valid)].tolist()


def list_rewards(population):
    """The rewards of the individuals in order."""
    return np.asarray(population.rewards)[np.asarray(population.valid)].tolist()


@pytest.fixture(scope="session")
def population():
    """``population(seed, capacity=8, objectives=1)``: with gaps, equal rewards and failures."""
    return draw_population


@pytest.fixture(scope="session")
def ages():
    """``ages(population)``: the individuals in order, by their ages."""
    return list_ages


@pytest.fixture(scope="session")
def rewards():
    """``rewards(population)``: what the individuals earned, in order."""
    return list_rewards


@pytest.fixture(scope="session")
def space():
    """The space that the populations are of."""
    return SPACE
