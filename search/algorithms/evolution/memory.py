"""`Memory`: which points were there before."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ...spaces.dna import DNA
from ..variation.digests import digest


class Memory(NamedTuple):
    """The digests of the last points: a ring, in which the next takes the place of the oldest.

    Attributes:
        digests: uint32[size, 2].
        added: How many were added so far, int32[].
    """

    digests: jax.Array
    added: jax.Array

    @classmethod
    def empty(cls, size: int) -> Memory:
        """A memory of nothing."""
        return cls(jnp.zeros((size, 2), jnp.uint32), jnp.zeros((), jnp.int32))

    def known(self, digests: jax.Array) -> jax.Array:
        """Which were there before, or come earlier in the batch: bool[n] for uint32[n, 2]."""
        size, n = len(self.digests), len(digests)
        is_there = jnp.arange(size) < self.added
        remembered = (digests[:, None] == self.digests[None]).all(axis=-1) & is_there
        earlier = jnp.arange(n)[None] < jnp.arange(n)[:, None]
        repeated = (digests[:, None] == digests[None]).all(axis=-1) & earlier
        return remembered.any(axis=1) | repeated.any(axis=1)

    def add(self, dnas: DNA) -> Memory:
        """A memory of a batch, too; of what is in it already nothing changes."""
        digests = digest(dnas)[-len(self.digests) :]
        is_new = ~self.known(digests)
        slots = (self.added + jnp.cumsum(is_new) - 1) % len(self.digests)
        slots = jnp.where(is_new, slots, len(self.digests))  # beyond the end: dropped
        return Memory(
            self.digests.at[slots].set(digests, mode="drop"), self.added + is_new.sum(dtype=jnp.int32)
        )

    def unlike(
        self,
        dnas: DNA,
        again: Callable[[DNA, jax.Array], DNA],
        key: jax.Array,
        attempts: int,
        is_wanted: jax.Array,
    ) -> DNA:
        """A batch in which what was there before is made again, until it is new.

        Args:
            dnas: A batch of n.
            again: Makes another batch of one.
            key: A JAX key.
            attempts: How often at most.
            is_wanted: Whether to do that at all, bool[].
        """

        def goes_on(loop: tuple[jax.Array, DNA, jax.Array]) -> jax.Array:
            return is_wanted & (loop[0] < attempts) & loop[2].any()

        def attempt(loop: tuple[jax.Array, DNA, jax.Array]) -> tuple[jax.Array, DNA, jax.Array]:
            number, dnas, known = loop
            others = again(dnas, jax.random.fold_in(key, number))
            choices = jnp.where(known[:, None], others.choices, dnas.choices)
            floats = jnp.where(known[:, None], others.floats, dnas.floats)
            dnas = DNA(dnas.spec, choices, floats)
            return number + 1, dnas, self.known(digest(dnas))

        start = (jnp.zeros((), jnp.int32), dnas, self.known(digest(dnas)))
        return jax.lax.while_loop(goes_on, attempt, start)[1]
