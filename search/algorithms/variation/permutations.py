"""Lists of candidates in another order: exchanges, and crossovers of permutations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.dna import DNA
from ...spaces.kinds.drawing import below_each
from ...spaces.kinds.manyof import ManyOf, alike, exchanged
from ...spaces.points import Spec
from .activity import Where, merged
from .mutation import one_of

Crossover: TypeAlias = Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
"""``crossover(own, other, words)``: the child of two permutations int32[n], by random words uint32[n]."""


def ordered(spec: Spec, where: Where | None = None) -> list[list[int]]:
    """The indices of decisions on lists whose order counts; those that differ in candidates only together.

    Args:
        spec: The decisions.
        where: Which are meant; None for all.
    """
    members = [
        index
        for index, point in enumerate(spec.points)
        if isinstance(point.choice, ManyOf)
        and not point.choice.sorted
        and point.choice.k > 1
        and (where is None or where(point))
    ]
    groups = alike([_list(spec, index) for index in members])
    return [[members[place] for place in group] for group in groups]


def _list(spec: Spec, index: int) -> ManyOf:
    choice = spec.points[index].choice
    assert isinstance(choice, ManyOf), choice
    return choice


def swapped(dnas: DNA, active: jax.Array, rows: jax.Array, where: Where | None = None) -> DNA:
    """A batch in each of which two places of a list are exchanged whose contents differ.

    Which list is uniform over those that matter and have two such places; where there is none, nothing
    changes.

    Args:
        dnas: A batch of n.
        active: Which decisions matter, bool[n, P].
        rows: Random words, uint32[n, 3].
        where: Which decisions are meant; None for all.
    """
    spec, choices = dnas.spec, jnp.asarray(dnas.choices)
    exchanges, differ = choices, jnp.zeros(active.shape, bool)
    for members in ordered(spec, where):
        columns = _columns(spec, members)
        k = _list(spec, members[0]).k
        genes = choices[:, columns]  # [n, members, width]
        place = below_each(rows[:, 1], np.uint32(k))[:, None, None]
        others = (genes != jnp.take_along_axis(genes, place, axis=-1)) & (np.arange(genes.shape[-1]) < k)
        ranks = jnp.cumsum(others, axis=-1)
        rank = below_each(rows[:, 2:], ranks[..., -1].astype(jnp.uint32))[..., None]
        other = jnp.argmax(others & (ranks == rank + 1), axis=-1, keepdims=True)
        swap = jnp.where(others.any(axis=-1, keepdims=True), exchanged(genes, place, other), genes)
        exchanges = exchanges.at[:, columns].set(swap)
        differ = differ.at[:, np.array(members)].set(others.any(axis=-1))
    site = one_of(active & differ, rows[:, 0])
    return merged(site, DNA(spec, exchanges, dnas.floats), dnas)


def recombined(
    own: DNA, other: DNA, rows: jax.Array, crossover: Crossover, where: Where | None = None
) -> DNA:
    """Children that have all from one parent, but permutations from both.

    Args:
        own: The parents that children follow, a batch of n.
        other: The others, n.
        rows: Random words, uint32[n, recombination_words(spec, where)].
        crossover: What becomes of two permutations.
        where: Which decisions are meant; None for all.
    """
    spec = own.spec
    mine, theirs = jnp.asarray(own.choices), jnp.asarray(other.choices)
    children, start = mine, 0
    for members in permuted(spec, where):
        columns = _columns(spec, members)
        words = rows[:, start : start + columns.size].reshape(-1, *columns.shape)
        start += columns.size
        crossed = jax.vmap(jax.vmap(crossover))(mine[:, columns], theirs[:, columns], words)
        children = children.at[:, columns].set(_list(spec, members[0]).canonical(crossed))
    return DNA(spec, children, own.floats)


def permuted(spec: Spec, where: Where | None = None) -> list[list[int]]:
    """As `ordered`, of those lists only that hold a candidate once at most."""
    return [members for members in ordered(spec, where) if _list(spec, members[0]).distinct]


def recombination_words(spec: Spec, where: Where | None = None) -> int:
    """How many random words `recombined` takes for a child."""
    return sum(_columns(spec, members).size for members in permuted(spec, where))


def partially_mapped(own: jax.Array, other: jax.Array, words: jax.Array) -> jax.Array:
    """Partially mapped crossover: a section of the other parent, the rest as far as possible as in one's own.

    A candidate that the section holds already is replaced by what stood, in one's own, in its place of the
    section, and so on. (Goldberg and Lingle 1985, "Alleles, loci, and the traveling salesman problem".)

    Args:
        own: A permutation, int32[n].
        other: Another one, int32[n].
        words: Random words, uint32[n], of which the first is read.

    Returns:
        int32[n].

    Example:
        >>> import jax.numpy as jnp
        >>> own, other = jnp.array([0, 1, 2, 3, 4]), jnp.array([3, 2, 4, 0, 1])
        >>> map_section(own, other, jnp.array(1), jnp.array(3))
        Array([0, 2, 4, 3, 1], dtype=int32)
    """
    return map_section(own, other, *section(words, len(own)))


def map_section(own: jax.Array, other: jax.Array, start: jax.Array, end: jax.Array) -> jax.Array:
    """`partially_mapped`, where the section goes from `start` up to `end`."""
    places = np.arange(len(own))
    inside = (places >= start) & (places < end)
    # What a candidate of the section of the other parent is replaced by; all else stays.
    following = jnp.zeros_like(own).at[other].set(jnp.where(inside, own, other))
    for _ in range(max(1, (len(own) - 1).bit_length())):  # each turn doubles how far a chain is followed
        following = following[following]
    return jnp.where(inside, other, following[own])


def order(own: jax.Array, other: jax.Array, words: jax.Array) -> jax.Array:
    """Order crossover: a section of the other parent, then the rest in the order of one's own.

    Both go round from the end of the section. (Davis 1985, "Applying adaptive algorithms to
    epistatic domains".)

    Args:
        own: A permutation, int32[n].
        other: Another one, int32[n].
        words: Random words, uint32[n], of which the first is read.

    Returns:
        int32[n].
    """
    return order_section(own, other, *section(words, len(own)))


def order_section(own: jax.Array, other: jax.Array, start: jax.Array, end: jax.Array) -> jax.Array:
    """`order`, where the section goes from `start` up to `end`."""
    n = len(own)
    places = jnp.arange(n)
    inside = (places >= start) & (places < end)
    is_taken = jnp.zeros(n, bool).at[other].set(inside)
    around = own[(places + end) % n]
    rest = around[jnp.argsort(is_taken[around], stable=True)]  # those that are left, in order, come first
    return jnp.where(inside, other, rest[(places - end) % n])


def cycle(own: jax.Array, other: jax.Array, words: jax.Array) -> jax.Array:
    """Cycle crossover: each candidate stands where it stands in one of the parents.

    Places hang together in cycles, each of which comes from either parent with one half. (Oliver, Smith and
    Holland 1987, "A study of permutation crossover operators on the traveling salesman problem".)

    Args:
        own: A permutation, int32[n].
        other: Another one, int32[n].
        words: Random words, uint32[n].

    Returns:
        int32[n].
    """
    is_own = (words >> 31).astype(bool)[cycles(own, other)]
    return jnp.where(is_own, own, other)


def cycles(own: jax.Array, other: jax.Array) -> jax.Array:
    """The first place of the cycle that each place is in, int32[n]."""
    n = len(own)
    place_of = jnp.zeros(n, jnp.int32).at[own].set(jnp.arange(n, dtype=jnp.int32))
    following = place_of[other]
    first = jnp.arange(n, dtype=jnp.int32)
    for _ in range(max(1, (n - 1).bit_length())):  # each turn doubles how far a cycle is followed
        first = jnp.minimum(first, first[following])
        following = following[following]
    return first


def section(words: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """Where a section of a list begins and ends: neither empty nor all of it, all such sections as likely.

    Args:
        words: Random words, of which the first is read.
        n: The length of the list, from 2 to 40,000.

    Returns:
        Two int32[], of which the first is less.
    """
    # One of n + 1 gaps, and another one, which lies so many gaps further around; not both ends at once.
    pair = below_each(words[0], np.uint32(n * (n + 1) - 2))
    pair = pair + (pair >= n - 1)
    pair = pair + (pair >= n * n)
    gap = pair // n
    other = (gap + 1 + pair % n) % (n + 1)
    return jnp.minimum(gap, other), jnp.maximum(gap, other)


def _columns(spec: Spec, members: list[int]) -> npt.NDArray[np.int64]:
    """The columns of decisions of one width, [decisions, width]."""
    return np.array([np.r_[spec.columns[index]] for index in members])
