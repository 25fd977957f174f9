"""Selectors by an order: of coming, or of reward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from ..fronts import front_numbers
from ..operation import Step
from ..population import Population
from .sized import Sized

Scores: TypeAlias = Callable[[Population], Any]
"""A number for each place of a population: float[capacity]."""


class First(Sized):
    """The first of the population; of one that is told, the oldest."""

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In their order."""
        return self.first_of(population, jnp.arange(population.capacity, dtype=jnp.int32))


class Last(Sized):
    """The last of the population; of one that is told, the youngest: as an update, this is ageing."""

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """In their order."""
        number = jnp.minimum(self.number(population), population.count)
        places = min(self.places(population.capacity), population.capacity)
        ranks = population.count - number + jnp.arange(places, dtype=jnp.int32)
        return population.at(ranks)


class Sorted(Sized):
    """Individuals in an order.

    Attributes:
        n: How many, or what share.
        key: Gives what individuals are ordered by, float[capacity] for a population; by default the reward,
            or for several objectives the front and how crowded it is there.
        cluster: Whether `n` counts values of the key, and all individuals of these are selected; for
            several objectives without a key, fronts.
    """

    key: Scores | None = None
    cluster: bool = False

    def scores(self, population: Population) -> jax.Array:
        """What individuals are ordered by, if it is one number: float32[capacity]."""
        if self.key is not None:
            scores = jnp.asarray(self.key(population), jnp.float32)
            if scores.shape != (population.capacity,):
                raise ValueError(
                    f"the key must give a number for each place, of shape [{population.capacity}]; "
                    f"got {list(scores.shape)}"
                )
            return jnp.where(jnp.isnan(scores), -jnp.inf, scores)
        if population.rewards.shape[1] == 1:
            return population.rewards[:, 0]
        return -front_numbers(population.rewards, population.valid).astype(jnp.float32)

    def sorted(self, population: Population, scores: jax.Array) -> Population:
        """Those of the greatest scores, float32[capacity]."""
        places = jnp.lexsort([-scores, ~population.valid]).astype(jnp.int32)
        if self.cluster:
            ordered = scores[places]
            is_new = jnp.concatenate([jnp.ones(1, bool), ordered[1:] != ordered[:-1]])
            return population.take(places, jnp.cumsum(is_new) <= self.number(population))
        return self.first_in(population, places)

    def first_in(self, population: Population, places: jax.Array) -> Population:
        """The first of places in which the individuals come before the empty ones."""
        places = places[: self.places(population.capacity)]
        return population.take(places, jnp.arange(len(places)) < self.number(population))


class Top(Sorted):
    """The best, the best first; equal ones in their order."""

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """From the best on."""
        if self.key is None and not self.cluster:
            return self.first_in(population, population.order())
        return self.sorted(population, self.scores(population))


class Bottom(Sorted):
    """The worst, the worst first; what failed comes before all else."""

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """From the worst on."""
        if self.key is None and not self.cluster and population.rewards.shape[1] > 1:
            ranks = population.count - 1 - jnp.arange(population.capacity, dtype=jnp.int32)
            return self.first_of(population.take(population.order()), ranks)
        return self.sorted(population, -self.scores(population))
