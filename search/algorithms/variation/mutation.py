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


def mutation_words(spec: Spec) -> int:
    """How many random words `mutated` takes for a DNA."""
    return 1 + _most_words(spec) + (words(spec) if is_conditional(spec) else 0)


def mutated(dnas: DNA, rows: jax.Array, where: Where | None = None) -> DNA:
    """A batch in each of which one decision is another one.

    Which one is uniform over those that matter there, can be decided otherwise and are meant; where there is
    none, nothing changes. What decisions become is said by their kinds (`Choice.vary`). Decisions that come
    to matter by that are drawn by their law; those that cease to matter keep their genes.

    Args:
        dnas: A batch of n.
        rows: Random words, uint32[n, mutation_words(spec)].
        where: Which decisions are meant; None for all.
    """
    spec = dnas.spec
    active = activity(spec, dnas.choices)
    site = picked(spec, active, rows[:, 0], where)
    end = 1 + _most_words(spec)
    # One decision of a DNA is another one in the end: all may vary by the same words.
    others = varied(dnas, rows[:, 1:end], shared=True)
    return awakened(merged(site, others, dnas), dnas, active, rows[:, end:])


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
    flags = active & can_change
    ranks = running(flags)
    place = below_each(word, ranks[:, -1].astype(jnp.uint32))
    return flags & (ranks == place[:, None] + 1)


def varied(dnas: DNA, rows: jax.Array, shared: bool = False) -> DNA:
    """All decisions otherwise.

    Args:
        dnas: A batch of n.
        rows: Random words, uint32[n, the sum of the decisions' `vary_words`].
        shared: Whether all decisions vary by the same words: as many as the decision takes that takes most.
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


def awakened(dnas: DNA, before: DNA, active: Any, rows: jax.Array) -> DNA:
    """A batch that was varied, in which decisions that matter only now are drawn by their law.

    Args:
        dnas: The batch.
        before: What it was before.
        active: What mattered then, bool[n, P].
        rows: Random words, uint32[n, words(spec)]; not read where all decisions always matter.
    """
    spec = dnas.spec
    if not is_conditional(spec):
        return dnas
    fresh = merged(active, dnas, DNA(spec, *genes_of(spec, rows)))
    return merged(active | activity(spec, fresh.choices), fresh, before)


def _most_words(spec: Spec) -> int:
    return max((point.choice.vary_words for point in spec.points), default=0)


def flags_by_chance(word: jax.Array, chance: Any) -> jax.Array:
    """Flags that are set with a probability each, bool of the shape of the words."""
    return shares(word) < chance
