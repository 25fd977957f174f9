"""What operations are for: `Selector`, `Mutator` and `Recombinator`."""

from __future__ import annotations

import abc
from typing import ClassVar

import jax

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.sampling import random_words
from .operation import Operation, Step
from .population import Population


class Selector(Operation):
    """Selects individuals; a subclass defines `select`."""

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The individuals that are selected."""
        return self.select(population, key, step)

    @abc.abstractmethod
    def select(self, population: Population, key: jax.Array, step: Step) -> Population:
        """Individuals of a population, in an order; see `Operation.__call__`."""


class Mutator(Operation):
    """Gives each individual a child; a subclass defines `mutate`, or `mutate_list` for all at once.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from symjax import search
        >>> class Flip(Mutator):
        ...     def mutate(self, dna, key, step):
        ...         site = jax.random.randint(key, (), 0, dna.spec.choices)
        ...         return search.DNA(dna.spec, dna.choices.at[site].set(1 - dna.choices[site]), dna.floats)
        >>> space = search.space([search.oneof([0, 1]) for _ in range(4)])
        >>> parents = Population.told(space.sample(jax.random.key(0), 8), jnp.zeros((8, 1)))
        >>> children = Flip()(parents, jax.random.key(1))
        >>> (children.dnas.choices != parents.dnas.choices).sum(axis=1)
        Array([1, 1, 1, 1, 1, 1, 1, 1], dtype=int32)
    """

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The children, each in the place of its parent."""
        rows = random_words(key, (population.capacity, self.words(population.spec)))
        return population.children(self.mutate_list(population.dnas, rows, step))

    def words(self, spec: Spec) -> int:
        """How many random words of 32 bits a child takes."""
        return 2

    def mutate(self, dna: DNA, key: jax.Array, step: Step) -> DNA:
        """The child of a single DNA.

        Args:
            dna: The parent; its genes must be left as they are where the child's are to be the same.
            key: A JAX key.
            step: As in `Operation.__call__`.
        """
        raise NotImplementedError(f"{type(self).__name__} defines neither mutate nor mutate_list")

    def mutate_list(self, dnas: DNA, rows: jax.Array, step: Step) -> DNA:
        """The child of each DNA of a batch.

        By default `mutate` of each. A mutator that takes random words instead of a key is faster: the
        generator is called once for all.

        Args:
            dnas: The parents, a batch of n.
            rows: Independent random words, uint32[n, words(spec)].
            step: As in `Operation.__call__`.
        """

        def child(dna: DNA, row: jax.Array) -> DNA:
            return self.mutate(dna, jax.random.wrap_key_data(row, impl="threefry2x32"), step)

        return jax.vmap(child)(dnas, rows)


class Recombinator(Operation):
    """Makes children of several parents; a subclass defines `recombine`.

    Attributes:
        parents: Of how many individuals, the first of the population, one recombination is; None for all.
    """

    parents: ClassVar[int | None] = None

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The children."""
        parents = population if self.parents is None else population.resize(self.parents)
        return self.recombine(parents, key, step)

    @abc.abstractmethod
    def recombine(self, parents: Population, key: jax.Array, step: Step) -> Population:
        """The children of parents, which are no more than there are places for; see `Operation.__call__`.

        Where `parents` says how many there must be, and there are fewer, there is nobody to recombine: what
        is given then is those that there are.
        """
