"""`Population`: individuals of a fixed number of places, some of which may be empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from ...spaces.choice import Genes
from ...spaces.dna import DNA
from ...spaces.points import Spec
from .fronts import order

CHILD = -1
"""The age of who has not been evaluated."""


@final
@dataclass(frozen=True)
class Population:
    """Individuals in an order, as arrays of a fixed number of places: a pytree.

    How many individuals there are may hang on data, as what two selections share; how many places there are
    may not. So an individual has a place, and `valid` says which places are taken. The order of individuals
    is that of their places, empty ones left out.

    Attributes:
        dnas: Their genes, a batch of n.
        rewards: What they earned, more being better, float32[n, m]; negative infinity for what failed, or has
            not been evaluated.
        ages: The number of those that were told before each, int32[n]; -1 for a child, which nobody has
            evaluated. A greater number is a younger individual.
        valid: Which places are taken, bool[n].

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0.0, 1.0)})
        >>> dnas = space.sample(jax.random.key(0), 3)
        >>> population = Population.told(dnas, jnp.array([[1.0], [3.0], [2.0]]))
        >>> population.take(population.order()[:2]).rewards[:, 0]
        Array([3., 2.], dtype=float32)
    """

    dnas: DNA
    rewards: jax.Array
    ages: jax.Array
    valid: jax.Array

    @classmethod
    def empty(cls, spec: Spec, capacity: int, objectives: int = 1) -> Population:
        """Places of which none is taken; their genes are all 0, which may stand for nothing."""
        return cls(
            DNA(
                spec,
                jnp.zeros((capacity, spec.choices), jnp.int32),
                jnp.zeros((capacity, spec.floats), jnp.float32),
            ),
            jnp.full((capacity, objectives), -jnp.inf, jnp.float32),
            jnp.full(capacity, CHILD, jnp.int32),
            jnp.zeros(capacity, bool),
        )

    @classmethod
    def told(cls, dnas: DNA, rewards: Genes, first: int | jax.Array = 0) -> Population:
        """Individuals that were evaluated, all of them valid.

        Args:
            dnas: A batch of n.
            rewards: What they earned, float32[n, m].
            first: How many were told before.
        """
        n = len(dnas)
        ages = jnp.asarray(first, jnp.int32) + jnp.arange(n, dtype=jnp.int32)
        return cls(_device(dnas), jnp.asarray(rewards, jnp.float32), ages, jnp.ones(n, bool))

    @property
    def spec(self) -> Spec:
        """The decisions of the space."""
        return self.dnas.spec

    @property
    def capacity(self) -> int:
        """How many places there are; a Python int, also under `jit`."""
        return int(self.valid.shape[0])

    @property
    def count(self) -> jax.Array:
        """How many individuals there are, int32[]."""
        return self.valid.sum(dtype=jnp.int32)

    def children(self, dnas: DNA) -> Population:
        """Individuals of the same places with other genes, which nobody has evaluated."""
        return replace(
            self,
            dnas=dnas,
            rewards=jnp.full_like(self.rewards, -jnp.inf),
            ages=jnp.full_like(self.ages, CHILD),
        )

    def order(self) -> jax.Array:
        """The places from the best to the worst, int32[capacity]; empty ones last, failed ones before these.

        By the reward; by the front and how crowded it is there, if a reward is several numbers.
        """
        return order(self.rewards, self.valid)

    def scores(self) -> jax.Array:
        """Numbers of which the greater is the better individual's, float32[capacity].

        The reward; or if that is several numbers, the rank in the order, negated. Those of empty places mean
        nothing.
        """
        if self.rewards.shape[1] == 1:
            return self.rewards[:, 0]
        ranks = jnp.arange(self.capacity, dtype=jnp.float32)
        return jnp.zeros_like(ranks).at[self.order()].set(-ranks, unique_indices=True)

    # Other selections and orders of the same individuals.

    def take(self, places: jax.Array, valid: jax.Array | None = None) -> Population:
        """The individuals of some places.

        Args:
            places: int32[k], each less than `capacity`; one may come several times.
            valid: Of which of them there is to be an individual, bool[k]; all by default. An empty place
                stays empty.
        """
        taken: Population = jax.tree.map(lambda each: each[places], self)
        return taken if valid is None else replace(taken, valid=taken.valid & valid)

    def where(self, valid: jax.Array) -> Population:
        """Only the individuals of which a bool[capacity] is true, each in its place."""
        return replace(self, valid=self.valid & valid)

    def ranks(self) -> jax.Array:
        """How many individuals come before each place, int32[capacity]."""
        taken = self.valid.astype(jnp.int32)
        return jnp.cumsum(taken) - taken

    def places(self) -> jax.Array:
        """The places of the individuals in order, then the empty ones, int32[capacity]."""
        # One scatter: a stable sort by `valid` gives the same, and takes longer.
        empty = ~self.valid
        after = self.count + jnp.cumsum(empty) - empty
        slots = jnp.where(self.valid, self.ranks(), after.astype(jnp.int32))
        numbers = jnp.arange(self.capacity, dtype=jnp.int32)
        return jnp.zeros_like(numbers).at[slots].set(numbers, unique_indices=True)

    def at(self, ranks: jax.Array) -> Population:
        """The individuals of some ranks in the order; none where a rank is not one, int32[k]."""
        if self.capacity == 0:
            return self.pad(len(ranks))
        inside = (ranks >= 0) & (ranks < self.count)
        return self.take(self.places()[jnp.where(inside, ranks, 0)], inside)

    def resize(self, capacity: int) -> Population:
        """The first individuals in so many places, without gaps between them."""
        return self.at(jnp.arange(capacity, dtype=jnp.int32))

    def pad(self, capacity: int) -> Population:
        """At least so many places: empty ones follow."""
        if capacity <= self.capacity:
            return self
        return Population.concat(
            [self, Population.empty(self.spec, capacity - self.capacity, self.rewards.shape[1])]
        )

    def __getitem__(self, index: slice) -> Population:
        """The individuals of a slice of the order, as of a list."""
        if not isinstance(index, slice):
            raise TypeError(f"a population takes a slice, such as population[:2]; got {index!r}")
        step = 1 if index.step is None else index.step
        if step == 0:
            raise ValueError("the step of a slice is not 0")
        start, stop, span = _range(index, step, self.count, self.capacity)
        ranks = start + step * jnp.arange(-(-span // abs(step)), dtype=jnp.int32)
        inside = ranks < stop if step > 0 else ranks > stop
        return self.at(jnp.where(inside, ranks, -1))

    @classmethod
    def concat(cls, populations: Sequence[Population]) -> Population:
        """All places of several, one after the other."""
        return jax.tree.map(lambda *parts: jnp.concatenate(parts), *populations)  # type: ignore[no-any-return]

    def same(self, other: Population) -> jax.Array:
        """Which individuals of this are which of another, bool[capacity, other.capacity].

        Those that were evaluated are told apart by their ages, and children by their genes.
        """
        genes = jnp.ones((self.capacity, other.capacity), bool)
        for mine, theirs in (
            (self.dnas.choices, other.dnas.choices),
            (self.dnas.floats, other.dnas.floats),
        ):
            genes &= (mine[:, None] == theirs[None]).all(axis=-1)
        ages = self.ages[:, None] == other.ages[None]
        is_told = self.ages[:, None] >= 0
        return ages & (is_told | genes) & self.valid[:, None] & other.valid[None]


def _range(index: slice, step: int, count: jax.Array, capacity: int) -> tuple[jax.Array, jax.Array, int]:
    """Where a slice of `count` begins and ends, and how far apart that is at most.

    Python's rules (`slice.indices`) for a length that is traced.
    """
    low, high = (0, count) if step > 0 else (-1, count - 1)

    def bound(value: Any, default: Any) -> jax.Array:
        if value is None:
            return jnp.asarray(default, jnp.int32)
        return jnp.clip(value + count if value < 0 else value, low, high).astype(jnp.int32)

    ends = (low, high) if step > 0 else (high, low)
    start, stop = bound(index.start, ends[0]), bound(index.stop, ends[1])
    span = len(range(*slice(index.start, index.stop, 1 if step > 0 else -1).indices(capacity)))
    # Of fewer individuals a slice is never longer, but where it goes from one end to the other, as [-3:5].
    left, right = (index.start, index.stop) if step > 0 else (index.stop, index.start)
    is_across = left is not None and right is not None and left < 0 <= right
    return start, stop, capacity if is_across else span


def _device(dnas: DNA) -> DNA:
    return DNA(dnas.spec, jnp.asarray(dnas.choices), jnp.asarray(dnas.floats))


jtu.register_dataclass(Population, ["dnas", "rewards", "ages", "valid"], [])
