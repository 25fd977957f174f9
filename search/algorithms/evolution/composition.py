"""What composing means for populations: those of several operations on one input become one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from functools import reduce
from typing import Any

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


def either(
    is_first: jax.Array, first: Callable[[], Population], second: Callable[[], Population]
) -> Population:
    """What one of two functions gives, in as many places as the larger of both takes."""
    branches = (first, second)
    capacity = max(jax.eval_shape(branch).valid.shape[0] for branch in branches)
    output: Population = jax.lax.cond(
        is_first, *[lambda branch=branch: branch().pad(capacity) for branch in branches]
    )
    return output


def flattened(outputs: Population) -> Population:
    """Populations under one more axis in front, one after the other."""

    def flat(each: jax.Array) -> jax.Array:
        return each.reshape(each.shape[0] * each.shape[1], *each.shape[2:])

    population: Population = jax.tree.map(flat, outputs)
    return population


def call(fn: Callable[..., Any], population: Population, key: jax.Array, step: Any) -> Any:
    """What a function gives of a population; it takes what of `key` and `step` it names."""
    try:
        names: Collection[str] = inspect.signature(fn).parameters
    except (TypeError, ValueError):  # a builtin without a signature
        names = ()
    return fn(population, **{name: value for name, value in (("key", key), ("step", step)) if name in names})


def equal(one: Population, other: Population) -> jax.Array:
    """Whether both have the same genes in the same order, bool[]."""
    capacity = max(one.capacity, other.capacity)
    mine, theirs = one.resize(capacity), other.resize(capacity)
    genes = (mine.dnas.choices == theirs.dnas.choices).all(axis=-1)
    genes &= (mine.dnas.floats == theirs.dnas.floats).all(axis=-1)
    return (genes | ~mine.valid).all() & (mine.valid == theirs.valid).all()


def _is_in(one: Population, other: Population) -> jax.Array:
    return one.same(other).any(axis=1)
