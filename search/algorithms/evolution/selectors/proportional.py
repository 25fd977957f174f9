"""Selectors by weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from ....spaces.sampling import random_words
from ..operation import Step
from ..population import Population
from .ranks import weighted
from .sized import Sized

Weights: TypeAlias = Callable[[Population], Any]
"""A weight of at least 0 for each place of a population: float[capacity]."""


class Weighted(Sized):
    """Selects by weight.

    Attributes:
        n: How many, or what share.
        weights: Gives the weight of each individual, float[capacity] for a population. Those that are
            negative or not finite count as 0; if all are 0, all count the same. By default the weight is
            the rank: 1 for the worst, and as much as there are individuals for the best; 0 for what failed.
    """

    weights: Weights | None = None

    def shares(self, population: Population) -> jax.Array:
        """The weight of each place, at least 0 and not all 0, if anybody is there: float32[capacity]."""
        if self.weights is None:
            weights = _by_rank(population)
        else:
            weights = jnp.asarray(self.weights(population), jnp.float32)
            if weights.shape != (population.capacity,):
                raise ValueError(
                    f"there must be a weight for each place, of shape [{population.capacity}]; "
                    f"got {list(weights.shape)}"
                )
        counts = population.valid & jnp.isfinite(weights) & (weights > 0)
        weights = jnp.where(counts, weights, 0.0)
        return jnp.where(counts.any(), weights, population.valid.astype(jnp.float32))


class Sample(Weighted):
    """Individuals at random, each as often as its weight says; one may come several times."""

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """Those that are drawn."""
        number = self.places(population.capacity)
        places = weighted(random_words(key, (number,)), self.shares(population))
        return population.take(places, jnp.arange(number) < self.number(population))


class Proportional(Weighted):
    """Each individual as often as its weight says, without chance, in the order of the population.

    That is its share of `n`, rounded; what is then missing goes to the heaviest, one for each, and what is
    too much is taken from the lightest.
    """

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """All of one individual, then all of the next."""
        number = self.number(population)
        ends = jnp.cumsum(_portions(self.shares(population), number))
        slots = jnp.arange(self.places(population.capacity), dtype=jnp.int32)
        places = jnp.searchsorted(ends, slots, side="right").astype(jnp.int32)
        return population.take(jnp.minimum(places, population.capacity - 1), slots < number)


def _by_rank(population: Population) -> jax.Array:
    order = population.order()
    ranks = (
        jnp.zeros(population.capacity, jnp.int32)
        .at[order]
        .set(jnp.arange(population.capacity, dtype=jnp.int32), unique_indices=True)
    )
    is_failed = jnp.isneginf(population.rewards).any(axis=1)
    return jnp.where(is_failed, 0, population.count - ranks).astype(jnp.float32)


def _portions(weights: jax.Array, number: jax.Array) -> jax.Array:
    """Whole numbers in the proportion of weights float32[n], which sum to a number: int32[n]."""
    total = jnp.maximum(weights.sum(), float(np.finfo(np.float32).tiny))
    portions = jnp.floor(number * (weights / total) + 0.5).astype(jnp.int32)
    missing = number - portions.sum()
    # Rounding moves each by half at most, so one more or less for some is enough.
    heavy, light = -weights, jnp.where(portions > 0, weights, jnp.inf)
    more = _rank(jnp.where(weights > 0, heavy, jnp.inf)) < missing
    less = (_rank(light) < -missing) & (portions > 0)
    return portions + more - less


def _rank(values: jax.Array) -> jax.Array:
    """The rank of each in ascending order, equal ones in their order: int32[n]."""
    order = jnp.argsort(values, stable=True)
    return jnp.zeros(len(values), jnp.int32).at[order].set(jnp.arange(len(values), dtype=jnp.int32))
