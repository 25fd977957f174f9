"""Selectors by chance."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from symjax.core.fields import field

from ....spaces.kinds.drawing import below_each
from ....spaces.sampling import random_words
from ..operation import Step
from ..population import Population
from .ranks import distinct, distinct_words
from .sized import Number, Sized


class Random(Sized):
    """Individuals at random, in a random order.

    Attributes:
        n: How many, or what share; None for all, in a random order.
        replacement: Whether one may come several times.

    Example:
        >>> from symjax.search.algorithms.evolution import selectors
        >>> selectors.Random(8) >> selectors.Top(1)
        Pipeline(ops=(Random(n=8), Top(n=1)))
    """

    replacement: bool = False

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """Those that are drawn; without replacement no more than there are."""
        capacity, number = population.capacity, self.places(population.capacity)
        if self.replacement:
            words = random_words(key, (number,))
            ranks = below_each(words, population.count.astype(jnp.uint32))
            return population.at(jnp.where(jnp.arange(number) < self.number(population), ranks, -1))
        words = random_words(key, (capacity,))
        order = jnp.lexsort([words, jnp.arange(capacity) >= population.count])
        return self.first_of(population, order.astype(jnp.int32))


class Tournament(Sized):
    """Winners of tournaments: each the best of some individuals that are drawn at random.

    The same as ``(Random(size) >> Top(1)) * n``, in one go.

    Attributes:
        n: How many tournaments: an int, a share of the input, or None for as many as there are individuals.
        size: How many take part in each, all different; or all that there are, if these are fewer.

    Example:
        >>> from symjax.search.algorithms.evolution import selectors
        >>> selectors.Tournament(100, size=8)
        Tournament(n=100, size=8)
    """

    n: Number = field(default=1, static=True)
    size: int = 2

    def __check__(self) -> None:
        super().__check__()
        if self.size < 1:
            raise ValueError(f"somebody must take part in a tournament, got size={self.size}")

    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The winners."""
        number, capacity = self.places(population.capacity), population.capacity
        words = random_words(key, (number, distinct_words(self.size, capacity)))
        ranks, takes_part = distinct(words, self.size, population.count)
        places = population.places()[ranks]
        scores = jnp.where(takes_part, population.scores()[places], -jnp.inf)
        winners = jnp.take_along_axis(places, jnp.argmax(scores, axis=-1, keepdims=True), axis=-1)[:, 0]
        return population.take(winners, jnp.arange(number) < self.number(population))
