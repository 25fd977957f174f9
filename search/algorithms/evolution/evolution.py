"""`Evolution`: a population, out of which operations make children."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from symjax.core.errors import brief

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.sampling import genes_of, random_words, words
from ...spaces.space import Space
from ..algorithm import Algorithm, Rewards
from .composition import flattened
from .memory import Memory
from .operation import Operation, operation
from .population import Population

_CAPACITY = 1000  # of a population that nothing else bounds
_ATTEMPTS = 8  # at a child that was not proposed before


class Evolved(NamedTuple):
    """What an evolution keeps.

    Attributes:
        population: The individuals.
        told: How many were told so far, int32[].
        memory: What was proposed, as far as it is remembered.
        key: For updates of the population.
    """

    population: Population
    told: jax.Array
    memory: Memory
    key: jax.Array


class Evolution(Algorithm):
    """Evolution by operations: children are made out of a population, and what they earn updates it.

    The names and meanings are PyGlove's, on arrays of fixed shapes: so a whole search is one program. First
    points are drawn by the law of the space, until `population_init` of them were told. Then `reproduction`
    makes children of the population, over and over with other keys, until there are as many as were asked
    for; what was made beyond that is dropped. What is told is added to the population, a batch at a time,
    and `population_update` says who stays.

    Individuals that failed are no parents. Where there are none, or an operation gives nobody, points are
    drawn by the law of the space. So none of this needs what is told to be what was asked for: several
    processes may ask ahead, and tell late.

    Attributes:
        reproduction: Makes children of the population; an operation, or a function of a population.
        population_init: How many are told before there are children.
        population_update: Makes the next population of the last one followed by those that were told; None
            for all of them.
        capacity: How many individuals there can be; the youngest stay. None for as many as the update leaves,
            or 1,000 if it does not say.
        dedup: How many of the last points that were proposed or told are remembered. A child that is one of
            them is tried again, up to eight times. 0 for no such thing.
        again: What makes another child of one that is remembered; None for another reproduction.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> from symjax.search.algorithms.evolution import mutators, selectors
        >>> space = search.space([search.oneof([0, 1]) for _ in range(8)])
        >>> ageing = search.algorithms.Evolution(
        ...     selectors.Tournament(size=4) >> mutators.Uniform(),
        ...     population_init=8, population_update=selectors.Last(8))
        >>> results = search.run(
        ...     ageing, lambda bits, key: sum(bits), space, 100, jax.random.key(0), batch=4, mode='max')
        >>> int(results.best().metrics)
        8
    """

    has_fronts = True

    reproduction: Operation | Callable[..., Population]
    population_init: int = 50
    population_update: Operation | Callable[..., Population] | None = None
    capacity: int | None = None
    dedup: int = 0
    again: Operation | Callable[..., Population] | None = None

    def __check__(self) -> None:
        for name, least in (("population_init", 1), ("capacity", 1), ("dedup", 0)):
            number = getattr(self, name)
            if number is not None and number < least:
                raise ValueError(f"{name} is at least {least}, got {brief(number)}")
        for composable in (self.reproduction, self.population_update, self.again):
            if composable is not None:
                operation(composable)

    def start(self, space: Space, key: jax.Array, objectives: int) -> Evolved:
        """Nobody."""
        spec = space.spec
        capacity = self.capacity or self._capacity(spec, objectives)
        nobody = Population.empty(spec, capacity, objectives)
        return Evolved(nobody, jnp.zeros((), jnp.int32), Memory.empty(self.dedup), key)

    def propose(self, spec: Spec, own: Evolved, key: jax.Array, n: int) -> tuple[DNA, Evolved]:
        """Children, or points by the law of the space."""
        law, children, retry = jax.random.split(key, 3)
        drawn = DNA(spec, *genes_of(spec, random_words(law, (n, words(spec)))))
        is_ready = own.told >= self.population_init
        failed = jnp.isneginf(own.population.rewards).any(axis=1)
        parents = own.population.where(~failed & is_ready)

        def reproduced(key: jax.Array) -> DNA:
            return _chosen(self._children(parents, own.told, key, n), drawn)

        dnas = reproduced(children)
        if not self.dedup:
            return dnas, own

        def again(dnas: DNA, key: jax.Array) -> DNA:
            if self.again is None:
                return reproduced(key)
            one = Population.told(dnas, jnp.zeros((n, own.population.rewards.shape[1])))
            others = operation(self.again)(one.children(dnas), key, own.told)
            return _chosen(others.resize(n), dnas)

        dnas = own.memory.unlike(dnas, again, retry, _ATTEMPTS, parents.count > 0)
        return dnas, own._replace(memory=own.memory.add(dnas))

    def learn(self, spec: Spec, own: Evolved, dnas: DNA, rewards: Rewards) -> Evolved:
        """The next population."""
        together = Population.concat([own.population, Population.told(dnas, rewards, own.told)])
        told = own.told + len(dnas)
        if self.population_update is not None:
            together = operation(self.population_update)(together, jax.random.fold_in(own.key, told), told)
        memory = own.memory.add(dnas) if self.dedup else own.memory
        return Evolved(_youngest(together, own.population.capacity), told, memory, own.key)

    def _children(self, parents: Population, step: jax.Array, key: jax.Array, n: int) -> Population:
        """The first n children of as many reproductions as that takes."""
        reproduce = partial(operation(self.reproduction), parents, step=step)
        litter = jax.eval_shape(reproduce, key).valid.shape[0]
        if litter == 0:
            raise ValueError(f"a reproduction must give children, and this one does not: {self.reproduction}")
        runs = -(-n // litter)
        children = flattened(jax.vmap(reproduce)(jax.random.split(key, runs))) if runs > 1 else reproduce(key)
        return children if children.capacity == n == litter * runs else children.resize(n)

    def _capacity(self, spec: Spec, objectives: int) -> int:
        """How many individuals the update leaves at most."""
        if self.population_update is None:
            return _CAPACITY
        update = partial(operation(self.population_update), key=jax.random.key(0), step=0)
        few, many = (
            jax.eval_shape(update, Population.empty(spec, size, objectives)).valid.shape[0]
            for size in (_CAPACITY, 2 * _CAPACITY)
        )
        return few if few == many else _CAPACITY


def _chosen(first: Population, otherwise: DNA) -> DNA:
    """The individuals in their places, and other points in those that are empty."""

    def chosen(one: Any, other: Any) -> jax.Array:
        return jnp.where(first.valid[:, None], one, other)

    return DNA(
        otherwise.spec,
        chosen(first.dnas.choices, otherwise.choices),
        chosen(first.dnas.floats, otherwise.floats),
    )


def _youngest(population: Population, capacity: int) -> Population:
    """As many individuals as there are places for, the oldest left out."""
    if population.capacity <= capacity:
        return population.pad(capacity)
    ages = jnp.where(population.valid, population.ages, -2)
    least = jnp.sort(ages)[-capacity]
    return population.where(population.ages >= least).resize(capacity)
