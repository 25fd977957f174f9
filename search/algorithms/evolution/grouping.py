"""Groups of parents: what recombinators have in common."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp

from symjax.core.fields import field

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.sampling import random_words
from ..variation.activity import Where
from .operation import Step
from .population import Population
from .roles import Recombinator

Weights: TypeAlias = Callable[[jax.Array], jax.Array]
"""Weights float32[p] of p parents, by what they earned, float32[p, objectives]; none negative."""


def by_rank(rewards: jax.Array) -> jax.Array:
    """Weights that fall evenly from the best parent to the worst, by the first objective.

    Args:
        rewards: float32[p, m].

    Returns:
        float32[p]: p for the best, 1 for the worst.
    """
    return 1.0 + jnp.argsort(jnp.argsort(rewards[:, 0], stable=True)).astype(jnp.float32)


class Grouped(Recombinator):
    """Recombines the individuals of a population in groups: the first few, the next few, and so on.

    A group has as many children as parents. One that is not full, as the last may be, stays as it is. In a
    conditional space all children are points of it, for DNAs hold the genes of all decisions; a decision
    comes from a parent in which it matters, if there is one.

    A subclass defines `cross`.

    Attributes:
        group: How many parents there are in a group; None for all individuals in one.
        where: Which decisions are recombined: a predicate on points; None for all. The others a child has
            from the parent in its place.
    """

    group: int | None = field(default=2, kw_only=True)
    where: Where | None = field(default=None, kw_only=True)

    def __check__(self) -> None:
        if self.group is not None and self.group < 1:
            raise ValueError(f"a group has at least one parent, got group={self.group}")

    def call(self, population: Population, key: jax.Array, step: Step) -> Population:
        """The children."""
        size = self.group or max(population.capacity, 1)
        number = -(-population.capacity // size)
        parents = population.resize(number * size)
        groups: Population = jax.tree.map(lambda each: each.reshape(number, size, *each.shape[1:]), parents)
        rows = random_words(key, (number, self.words(population.spec, size)))
        children = self.cross(groups, rows)
        flat: DNA = jax.tree.map(lambda genes: genes.reshape(number * size, -1), children)
        valid = groups.valid
        has_all = valid.any(axis=1) if self.group is None else valid.all(axis=1)
        is_parent = jnp.repeat(has_all, size, total_repeat_length=number * size)

        def either(child: jax.Array, parent: jax.Array) -> jax.Array:
            return jnp.where(is_parent.reshape(-1, *[1] * (child.ndim - 1)), child, parent)

        after: Population = jax.tree.map(either, parents.children(flat), parents)
        return after

    def recombine(self, parents: Population, key: jax.Array, step: Step) -> Population:
        """The children; as `call`."""
        return self.call(parents, key, step)

    @abc.abstractmethod
    def words(self, spec: Spec, size: int) -> int:
        """How many random words of 32 bits a group of `size` parents takes."""

    @abc.abstractmethod
    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """The children of groups.

        Args:
            groups: The parents, [g, p].
            rows: Random words, uint32[g, words(spec, p)].

        Returns:
            DNAs [g, p].
        """


class Paired(Grouped):
    """Recombines two and two individuals: the first two, the next two, and so on.

    A group of any other size is refused.
    """

    def __check__(self) -> None:
        if self.group != 2:
            raise ValueError(f"{type(self).__name__} recombines two parents, got group={self.group}")
