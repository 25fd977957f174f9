"""Random ranks: who takes part, out of as many individuals as there happen to be."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ....spaces.kinds.drawing import below_each

_FEW = 16  # drawn one by one; more by sorting


def distinct_words(number: int, capacity: int) -> int:
    """How many random words `distinct` takes."""
    return number + 1 if number <= _FEW else capacity


def distinct(words: jax.Array, number: int, count: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Ranks that differ, each set of them as likely as any other.

    A few are drawn one by one (Floyd; Bentley 1987, "A sample of brilliance"), and shifted by a random rank
    so that none tends to come before another.

    Args:
        words: Random words, uint32[..., distinct_words(number, capacity)], where `count` is at most the
            capacity.
        number: How many are wanted.
        count: How many ranks there are, int32[].

    Returns:
        Ranks int32[..., number], and which of them are ones, bool[number]: all, if there are that many.
    """
    wanted = jnp.arange(number) < count
    if number > _FEW:
        ranks = jnp.arange(words.shape[-1])
        order = jnp.lexsort([words, jnp.broadcast_to(ranks >= count, words.shape)])
        order = order.astype(jnp.int32)[..., :number]
        missing = number - order.shape[-1]
        return jnp.pad(order, [(0, 0)] * (order.ndim - 1) + [(0, missing)]), wanted
    first = jnp.maximum(count - number, 0)
    drawn: list[jax.Array] = []
    for index in range(number):
        most = first + index
        rank = below_each(words[..., index], (most + 1).astype(jnp.uint32))
        is_taken = jnp.zeros(rank.shape, bool)
        for other in drawn:
            is_taken |= rank == other
        drawn.append(jnp.where(is_taken, most, rank))
    shift = below_each(words[..., -1:], count.astype(jnp.uint32))
    return (jnp.stack(drawn, axis=-1) + shift) % jnp.maximum(count, 1), wanted


def weighted(words: jax.Array, weights: jax.Array) -> jax.Array:
    """Indices, each as likely as its weight says.

    Args:
        words: Random words, uint32[k].
        weights: Finite, at least 0, and not all 0: float32[n].

    Returns:
        int32[k].
    """
    ends = jnp.cumsum(weights)
    share = (words >> 9).astype(jnp.float32) * jnp.float32(2**-23) * ends[-1]
    # A share that rounds to the end of all, or to that of who weighs nothing, is whose end is above it.
    last = jnp.max(jnp.where(weights > 0, jnp.arange(len(weights)), 0))
    return jnp.minimum(jnp.searchsorted(ends, share, side="right"), last).astype(jnp.int32)
