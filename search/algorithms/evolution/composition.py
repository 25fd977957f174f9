"""What composing means for populations: those of several operations on one input become one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import jax
import jax.numpy as jnp

from .population import Population


def union(populations: Sequence[Population]) -> Population:
    """The individuals of all, each once, in the order of their first coming."""
    together = Population.concat(populations)
    same = together.same(together)
    came = jnp.arange(together.capacity)
    before = came[None] < came[:, None]
    return together.where(~(same & before).any(axis=1))


def intersection(populations: Sequence[Population]) -> Population:
    """The individuals of the first that are in all others."""
    first, *others = populations
    return reduce(lambda kept, other: kept.where(_is_in(kept, other)), others, first)


def difference(populations: Sequence[Population]) -> Population:
    """The individuals of the first that are in none of the others."""
    first, *others = populations
    return reduce(lambda kept, other: kept.where(~_is_in(kept, other)), others, first)


def symmetric_difference(populations: Sequence[Population]) -> Population:
    """The individuals that are in one of the populations alone, in their order."""
    alone = [
        difference([each, *populations[:index], *populations[index + 1 :]])
        for index, each in enumerate(populations)
    ]
    return Population.concat(alone)


def equal(one: Population, other: Population) -> jax.Array:
    """Whether both have the same genes in the same order, bool[]."""
    capacity = max(one.capacity, other.capacity)
    mine, theirs = one.resize(capacity), other.resize(capacity)
    genes = (mine.dnas.choices == theirs.dnas.choices).all(axis=-1)
    genes &= (mine.dnas.floats == theirs.dnas.floats).all(axis=-1)
    return (genes | ~mine.valid).all() & (mine.valid == theirs.valid).all()


def _is_in(one: Population, other: Population) -> jax.Array:
    return one.same(other).any(axis=1)
