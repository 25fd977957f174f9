"""Crossover: each decision of a child is that of one of its parents, or lies between theirs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...spaces.dna import DNA
from ...spaces.kinds.drawing import below_each, shares
from .activity import activity, is_conditional, of_columns
from .steps import Real, float_owners, off_scale, on_scale

# Groups of parents stand in one more axis: genes of `groups` are [g, p, columns], for g groups of p parents.


def contributing(groups: DNA, valid: jax.Array) -> jax.Array:
    """Whose decisions count: those in which it matters; where it matters in none, those of all.

    A decision that does not matter in a parent says nothing of how good that parent is.

    Args:
        groups: The parents, [g, p].
        valid: Which of them are there, bool[g, p].

    Returns:
        bool[g, p, P], P being the number of decisions.
    """
    there = jnp.broadcast_to(valid[..., None], (*valid.shape, len(groups.spec)))
    if not is_conditional(groups.spec):
        return there
    active = activity(groups.spec, groups.choices) & there
    return jnp.where(active.any(axis=1, keepdims=True), active, there)


def uniform_sources(counts: jax.Array, word: jax.Array) -> jax.Array:
    """From which parent each decision of each child comes, all as likely.

    A child takes the parent after that which the child before it takes: so each decision of two parents goes
    to one of two children.

    Args:
        counts: Whose decisions count, bool[g, p, P].
        word: Random words, uint32[g, P].

    Returns:
        int32[g, p, P].
    """
    size = counts.shape[1]
    ranks = jnp.cumsum(counts, axis=1)
    number = ranks[:, -1:]
    turn = (below_each(word[:, None], number.astype(jnp.uint32)) + np.arange(size)[:, None]) % jnp.maximum(
        number, 1
    )
    # The parent of that rank: as many ranks lie below it as there are parents before it.
    return (ranks[:, None] <= turn[:, :, None]).sum(axis=2, dtype=jnp.int32)


def weighted_sources(counts: jax.Array, weights: jax.Array, word: jax.Array) -> jax.Array:
    """From which parent each decision of each child comes, as likely as the parent's weight says.

    Args:
        counts: Whose decisions count, bool[g, p, P].
        weights: float32[g, p], none negative. Where all that count are 0, all are as likely.
        word: Random words, uint32[g, p, P].

    Returns:
        int32[g, p, P].
    """
    heights = jnp.cumsum(_shared(counts, weights), axis=1)  # [g, parents, P]
    height = shares(word) * heights[:, -1:]
    below = (heights[:, None] <= height[:, :, None]).sum(axis=2, dtype=jnp.int32)
    # Rounding must not lead past the last that counts.
    last = counts.shape[1] - 1 - jnp.argmax(counts[:, ::-1], axis=1, keepdims=True).astype(jnp.int32)
    return jnp.minimum(below, last)


def alternating_sources(counts: jax.Array, cuts: Any) -> jax.Array:
    """From which of two parents each decision of each child comes, in segments that alternate.

    Args:
        counts: Whose decisions count, bool[g, 2, P].
        cuts: With which decisions a segment begins, bool[..., P].

    Returns:
        int32[g, 2, P].
    """
    turn = jnp.cumsum(cuts, axis=-1, dtype=jnp.int32) % 2
    sources = jnp.stack([turn, 1 - turn], axis=-2)
    sources = jnp.broadcast_to(sources, counts.shape)
    is_counted = jnp.take_along_axis(counts, sources, axis=1)
    return jnp.where(is_counted, sources, 1 - sources)


def random_cuts(word: jax.Array, k: int) -> jax.Array:
    """With which decisions a segment begins: k of them but for the first one, all choices as likely.

    Args:
        word: Random words, uint32[g, P].
        k: How many; as many as there can be at most.

    Returns:
        bool[g, P].
    """
    # The k smallest words of P - 1; equal ones are told apart by their places.
    ranks = jnp.argsort(jnp.argsort(word[:, 1:], axis=-1, stable=True), axis=-1)
    return jnp.pad(ranks < k, ((0, 0), (1, 0)))


def taken(groups: DNA, sources: jax.Array, decisions: Any) -> DNA:
    """Children that take decisions from one parent or another, and the others from the one in their place.

    Args:
        groups: The parents, [g, p].
        sources: From which parent, int32[g, p, P].
        decisions: Which decisions are meant, bool[P].
    """
    spec = groups.spec
    own = jnp.arange(sources.shape[1], dtype=jnp.int32)[:, None]
    sources = jnp.where(decisions, sources, own)

    def genes(array: str, all_genes: Any) -> jax.Array:
        return jnp.take_along_axis(jnp.asarray(all_genes), of_columns(spec, array, sources), axis=1)

    return DNA(spec, genes("choices", groups.choices), genes("floats", groups.floats))


def averaged(groups: DNA, counts: jax.Array, weights: jax.Array, decisions: Any) -> DNA:
    """Children whose floats are weighted averages of their parents', on the scale of each.

    All else they have from the parent in their place; so do floats that have no scale.

    Args:
        groups: The parents, [g, p].
        counts: Whose decisions count, bool[g, p, P].
        weights: float32[g, p], none negative. Where all that count are 0, they count alike.
        decisions: Which decisions are meant, bool[P].
    """
    places, owners = on_scale(groups), float_owners(groups.spec)
    own = _shared(counts[..., owners], weights)
    average = (places * own).sum(axis=1, keepdims=True) / own.sum(axis=1, keepdims=True)
    there = off_scale(groups, jnp.broadcast_to(average, places.shape))
    return _replaced(groups, there, decisions)


def simulated_binary(groups: DNA, rows: jax.Array, eta: Real, decisions: Any) -> DNA:
    """Children whose floats lie about their parents', as those of a binary crossover of bits would.

    Each float is crossed with one half, and each other decision exchanged; which child gets which is drawn.
    (Deb and Agrawal 1995, "Simulated binary crossover for continuous search space"; within bounds as in the
    code of NSGA-II.)

    Args:
        groups: The parents, [g, 2].
        rows: Random words, uint32[g, 2, P].
        eta: The distribution index: the greater, the nearer are children to their parents.
        decisions: Which decisions are meant, bool[P].
    """
    spec, owners = groups.spec, float_owners(groups.spec)
    is_swapped = (rows[:, :1] & 1).astype(bool)  # the lowest bits are none of those of shares
    sources = jnp.concatenate([is_swapped, ~is_swapped], axis=1).astype(jnp.int32)
    exchanged = taken(groups, sources, decisions)
    places = on_scale(exchanged)
    low, high = places.min(axis=1), places.max(axis=1)
    span = high - low
    share = shares(rows[:, 1])[:, owners]
    # Which of the two children is the lower one stays as the exchange has it.
    lower = (low + high - _stretch(share, low, span, eta) * span) / 2
    upper = (low + high + _stretch(share, 1 - high, span, eta) * span) / 2
    is_first_low = places[:, 0] <= places[:, 1]
    first, second = jnp.where(is_first_low, lower, upper), jnp.where(is_first_low, upper, lower)
    crossed = off_scale(exchanged, jnp.clip(jnp.stack([first, second], axis=1), 0, 1))
    # Equal parents have equal children, to the last bit.
    is_crossed = (shares(rows[:, 0])[:, owners] < 0.5) & (span > 0)
    flags = jnp.zeros((*rows.shape[:1], len(spec)), bool).at[:, owners].set(is_crossed)
    return _replaced(exchanged, crossed, flags[:, None] & decisions)


def _stretch(share: jax.Array, room: jax.Array, span: jax.Array, eta: Real) -> jax.Array:
    """How many times further apart children are than their parents, by where a share of the law is reached.

    The law is cut off where a child would lie beyond the bound, which is `room` away.
    """
    most = 1 + 2 * room / jnp.where(span > 0, span, 1)
    area = 2 - most ** -(eta + 1)
    power = 1 / (eta + 1)
    height = share * area
    return jnp.where(height <= 1, height**power, (1 / jnp.maximum(2 - height, 1e-30)) ** power)


def _shared(counts: jax.Array, weights: jax.Array) -> jax.Array:
    """The weight of each parent for each decision, float32[g, p, P]; alike where all that count are 0."""
    own = jnp.where(counts, weights[..., None], 0)
    return jnp.where(own.sum(axis=1, keepdims=True) > 0, own, counts.astype(jnp.float32))


def _replaced(groups: DNA, others: DNA, decisions: Any) -> DNA:
    """Groups with the floats of others for some decisions."""
    flags = of_columns(groups.spec, "floats", decisions)
    return DNA(groups.spec, groups.choices, jnp.where(flags, others.floats, groups.floats))
