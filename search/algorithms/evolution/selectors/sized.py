"""`Sized`: selects a number of individuals, or a share of them."""

from __future__ import annotations

import math
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import brief
from symjax.core.fields import field

from ..population import Population
from ..roles import Selector

Number: TypeAlias = int | float | None


class Sized(Selector):
    """Selects a number of individuals.

    Attributes:
        n: How many: an int, a share of the input, or None for all.
    """

    n: Number = field(default=None, static=True)

    def __check__(self) -> None:
        most = 1 if isinstance(self.n, float) else math.inf
        if self.n is not None and not 0 <= self.n <= most:
            raise ValueError(
                "n is how many are selected, or a share of the population from 0.0 to 1.0; "
                f"got {brief(self.n)}"
            )

    def places(self, capacity: int) -> int:
        """How many are selected of `capacity` individuals, which is the most there can be."""
        if self.n is None:
            return capacity
        return math.ceil(self.n * capacity) if isinstance(self.n, float) else self.n

    def number(self, population: Population) -> jax.Array:
        """How many are selected of those that there are, int32[]; may be more than these."""
        if isinstance(self.n, float):
            # A table, for float32 would round otherwise than Python does.
            table = np.array([self.places(count) for count in range(population.capacity + 1)], np.int32)
            return jnp.asarray(table)[population.count]
        return population.count if self.n is None else jnp.asarray(self.n, jnp.int32)

    def first_of(self, population: Population, ranks: jax.Array) -> Population:
        """The individuals of the first ranks, as many as are selected and no more than there are."""
        ranks = ranks[: min(self.places(population.capacity), population.capacity)]
        wanted = jnp.arange(len(ranks)) < jnp.minimum(self.number(population), population.count)
        return population.at(jnp.where(wanted, ranks, -1))
