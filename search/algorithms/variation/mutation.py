"""Mutation: a decision that matters is decided otherwise."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.choice import Choice
from ...spaces.dna import DNA
from ...spaces.kinds.drawing import below_each, shares
from ...spaces.points import Spec
from ...spaces.sampling import by_kind, columns_of, genes_of, words
from .activity import Where, activity, chosen, is_conditional, merged, running


def mutation_words(spec: Spec, probability: Any = None) -> int:
    """How many random words `mutated` takes for a DNA."""
    return site_words(spec, probability) + vary_words(spec, probability is None) + waking_words(spec)


def mutated(dnas: DNA, rows: jax.Array, probability: Any = None, where: Where | None = None) -> DNA:
    """A batch in each of which a decision is another one.

    Which one is uniform over those that matter there, can be decided otherwise, and are meant; where there is
    none, nothing changes. What it becomes is said by its kind (`Choice.vary`). Decisions that come to matter
    by that are drawn by their law; those that cease to matter keep their genes.

    Args:
        dnas: A batch of n.
        rows: Random words, uint32[n, mutation_words(spec, probability)].
        probability: With which probability each decision is another one, independently, but at least one is;
            None for exactly one.
        where: Which decisions are meant; None for all.
    """
    spec, is_one = dnas.spec, probability is None
    ends = np.cumsum([site_words(spec, probability), vary_words(spec, is_one), waking_words(spec)])
    active = activity(spec, dnas.choices)
    site = sites(spec, active, rows[:, : ends[0]], probability, where)
    others = varied(dnas, rows[:, ends[0] : ends[1]], is_one)
    return awakened(merged(site, others, dnas), dnas, active, rows[:, ends[1] : ends[2]])


def sites(
    spec: Spec, active: Any, rows: jax.Array, probability: Any = None, where: Where | None = None
) -> jax.Array:
    """Which decisions of each DNA are to be others: at least one, where one can.

    Args:
        spec: The P decisions.
        active: Which matter, bool[n, P].
        rows: Random words, uint32[n, site_words(spec, probability)].
        probability: With which probability each is, independently; None for exactly one.
        where: Which are meant; None for all.

    Returns:
        bool[n, P].
    """
    one = picked(spec, active, rows[:, 0], where)
    if probability is None:
        return one
    several = active & chosen(spec, where) & (shares(rows[:, 1:]) < probability)
    return jnp.where(several.any(axis=-1, keepdims=True), several, one)


def site_words(spec: Spec, probability: Any = None) -> int:
    """How many random words `sites` takes for a DNA."""
    return 1 if probability is None else 1 + len(spec)


def picked(spec: Spec, active: Any, word: jax.Array, where: Where | None = None) -> jax.Array:
    """One decision of each DNA, uniform over those that matter, are not fixed, and are meant.

    Args:
        spec: The P decisions.
        active: Which matter, bool[n, P].
        word: Random words, uint32[n].
        where: Which are meant; None for all.

    Returns:
        bool[n, P], of which one is set in each row, or none.
    """
    can_change = chosen(spec, where)
    if not is_conditional(spec):
        places = np.flatnonzero(can_change)
        if not len(places):
            return jnp.zeros((len(word), len(spec)), bool)
        # The place among those that can change, without a table that would have to be read.
        rank = np.where(can_change, np.cumsum(can_change) - 1, -1)
        return below_each(word, np.uint32(len(places)))[:, None] == rank
    return one_of(active & can_change, word)


def one_of(flags: jax.Array, word: jax.Array) -> jax.Array:
    """One of the flags of each row that are set.

    Args:
        flags: bool[n, m].
        word: Random words, uint32[n].

    Returns:
        bool[n, m], of which one is set in each row, or none where none was.
    """
    if not flags.shape[-1]:
        return flags
    ranks = running(flags)
    place = below_each(word, ranks[:, -1].astype(jnp.uint32))
    return flags & (ranks == place[:, None] + 1)


def vary_words(spec: Spec, shared: bool = False) -> int:
    """How many random words `varied` takes for a DNA."""
    each = [point.choice.vary_words for point in spec.points]
    return max(each, default=0) if shared else sum(each)


def varied(dnas: DNA, rows: jax.Array, shared: bool = False) -> DNA:
    """All decisions otherwise.

    Args:
        dnas: A batch of n.
        rows: Random words, uint32[n, vary_words(spec, shared)].
        shared: Whether all decisions vary by the same words, as they may where but one of them is used.
    """
    spec = dnas.spec
    each = [point.choice.vary_words for point in spec.points]
    starts = np.zeros(len(each), int) if shared else np.cumsum([0, *each])[:-1]

    def other(array: str, genes: jax.Array) -> jax.Array:
        def of(kind: type[Choice], members: list[int], columns: npt.NDArray[Any]) -> jax.Array:
            own = np.concatenate([np.arange(starts[i], starts[i] + each[i]) for i in members])
            vary = partial(kind.vary, [spec.points[i].choice for i in members])
            return jax.vmap(vary)(columns_of(genes, columns), columns_of(rows, own))

        return by_kind(spec, array, of, genes)

    return DNA(spec, other("choices", jnp.asarray(dnas.choices)), other("floats", jnp.asarray(dnas.floats)))


def waking_words(spec: Spec) -> int:
    """How many random words `awakened` takes for a DNA."""
    return words(spec) if is_conditional(spec) else 0


def awakened(dnas: DNA, before: DNA, active: Any, rows: jax.Array) -> DNA:
    """A batch that was varied, in which decisions that matter only now are drawn by their law.

    Args:
        dnas: The batch.
        before: What it was before.
        active: What mattered then, bool[n, P].
        rows: Random words, uint32[n, waking_words(spec)].
    """
    spec = dnas.spec
    if not is_conditional(spec):
        return dnas
    fresh = merged(active, dnas, DNA(spec, *genes_of(spec, rows)))
    return merged(active | activity(spec, fresh.choices), fresh, before)
