"""Orders of several objectives: nondominated fronts, and how crowded it is on them (Deb et al. 2002)."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def order(rewards: jax.Array, valid: jax.Array) -> jax.Array:
    """The places from the best to the worst.

    By the reward; or, for several objectives, by the front, and on one front the less crowded first (the
    crowded-comparison operator, section III-B). What failed comes after all else, then what is not valid.
    Ties stay in their order.

    Args:
        rewards: More being better, float32[n, m], without NaN.
        valid: Which count, bool[n].

    Returns:
        int32[n], a permutation.
    """
    if rewards.shape[1] == 1:
        return jnp.lexsort([-rewards[:, 0], ~valid]).astype(jnp.int32)
    fronts = front_numbers(rewards, valid)
    return jnp.lexsort([-crowding(rewards, fronts), fronts]).astype(jnp.int32)


def dominates(rewards: jax.Array) -> jax.Array:
    """Which are at least as good in all objectives and better in one, bool[n, n]."""
    more, less = rewards[:, None], rewards[None]
    return (more >= less).all(axis=-1) & (more > less).any(axis=-1)


def front_numbers(rewards: jax.Array, valid: jax.Array) -> jax.Array:
    """The number of the front of each, counting from 0, int32[n]; n for what is not valid.

    Section III-A: the first front is what nothing dominates, the next what nothing else then does.

    Args:
        rewards: More being better, float32[n, m], without NaN.
        valid: Which count, bool[n].
    """
    n = len(valid)
    dominated_by = dominates(rewards).T & valid[None]

    def peel(loop: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        numbers, rest, front = loop
        first = rest & ~(dominated_by & rest[None]).any(axis=1)
        return jnp.where(first, front, numbers), rest & ~first, front + 1

    start = (jnp.full(n, n, jnp.int32), valid, jnp.zeros((), jnp.int32))
    return jax.lax.while_loop(lambda loop: loop[1].any(), peel, start)[0]


def crowding(rewards: jax.Array, fronts: jax.Array) -> jax.Array:
    """How far apart the neighbours of each are on its front, float32[n]; infinite at the ends.

    Section III-B: the sum over the objectives of the distance between the next better and the next worse one,
    as a share of the front's width.

    Args:
        rewards: More being better, float32[n, m].
        fronts: The number of the front of each, int32[n], at most n.
    """
    n = len(fronts)
    total = jnp.zeros(n, jnp.float32)
    for values in rewards.T:
        places = jnp.lexsort([values, fronts])
        front, value = fronts[places], values[places]
        is_first = jnp.concatenate([jnp.ones(1, bool), front[1:] != front[:-1]])
        is_last = jnp.roll(is_first, -1)
        low = jax.ops.segment_min(value, front, n + 1, indices_are_sorted=True)[front]
        high = jax.ops.segment_max(value, front, n + 1, indices_are_sorted=True)[front]
        width = high - low
        gap = jnp.roll(value, -1) - jnp.roll(value, 1)
        # A front of what failed has no width: infinity less infinity is no number.
        share = jnp.where((width > 0) & jnp.isfinite(width), gap / width, 0.0)
        total = total.at[places].add(jnp.where(is_first | is_last, jnp.inf, share))
    return total
