"""The law of a space: every decision by its own law, independent of the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from .choice import Choice
from .points import Spec


@partial(jax.jit, static_argnums=(0, 2))
def sample_genes(spec: Spec, key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """Draws `n` points of a space.

    Args:
        spec: The decisions.
        key: A JAX key.
        n: How many.

    Returns:
        Choices int32[n, C] and floats float32[n, F]. Row i depends on the key and on i alone.
    """
    # One stream of words for all: each further call of the generator would compile for 0.1 s. A word depends
    # on its place in the stream, and not on how long that is.
    return genes_of(spec, random_words(key, (n, words(spec))))


def words(spec: Spec) -> int:
    """How many random words of 32 bits a point takes."""
    return sum(point.choice.words for point in spec.points)


def genes_of(spec: Spec, rows: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The points of a space that random words stand for.

    Args:
        spec: The decisions.
        rows: Independent random words, uint32[n, words(spec)].

    Returns:
        Choices int32[n, C] and floats float32[n, F].
    """
    ends = np.cumsum([0, *(point.choice.words for point in spec.points)])
    return _draw(spec, "choices", rows, ends), _draw(spec, "floats", rows, ends)


def _draw(spec: Spec, array: str, rows: jax.Array, ends: npt.NDArray[Any]) -> jax.Array:
    """The genes of one array: all decisions of a kind at once, for thousands of them compile fast so.

    Args:
        spec: The decisions.
        array: ``'choices'`` or ``'floats'``.
        rows: Random words, uint32[n, words].
        ends: Where the words of each decision begin.
    """
    empty = jnp.zeros((len(rows), 0), jnp.int32 if array == "choices" else jnp.float32)

    def drawn(kind: type[Choice], members: list[int], columns: npt.NDArray[Any]) -> jax.Array:
        own = np.concatenate([np.arange(ends[index], ends[index + 1]) for index in members])
        draw = partial(kind.draw, [spec.points[index].choice for index in members])
        return jax.vmap(draw)(columns_of(rows, own))

    return by_kind(spec, array, drawn, empty)


def by_kind(
    spec: Spec,
    array: str,
    genes: Callable[[type[Choice], list[int], npt.NDArray[Any]], jax.Array],
    empty: jax.Array,
) -> jax.Array:
    """One array of genes, put together of what there is for each kind of decisions.

    Args:
        spec: The decisions.
        array: ``'choices'`` or ``'floats'``.
        genes: ``genes(kind, members, columns)``, [n, columns], for some decisions and their columns.
        empty: What there is if there are none, [n, 0].
    """
    kinds: dict[type[Choice], list[int]] = {}
    for index, point in enumerate(spec.points):
        if point.array == array:
            kinds.setdefault(type(point.choice), []).append(index)
    parts, places = [], []
    for kind, members in kinds.items():
        own = np.concatenate([np.r_[spec.columns[index]] for index in members])
        parts.append(genes(kind, members, own))
        places.append(own)
    if not parts:
        return empty
    return columns_of(jnp.concatenate(parts, axis=1), np.argsort(np.concatenate(places)))


def columns_of(rows: jax.Array, columns: npt.NDArray[Any]) -> jax.Array:
    """Some columns of an array [n, …], in the order that is given."""
    if (np.diff(columns) == 1).all():
        return rows[:, columns[0] : columns[-1] + 1] if len(columns) else rows[:, :0]
    return rows[:, columns]


def random_words(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Random words of 32 bits, uint32: the same ones whatever JAX's settings are.

    Each call of the generator costs more than all else in a step of a search: draw at once what it takes.
    """
    with jax.threefry_partitionable(True):
        return jax.random.bits(key, shape, "uint32")
