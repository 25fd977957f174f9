"""The law of a space: every decision by its own law, independent of the others."""

from __future__ import annotations

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
    with jax.threefry_partitionable(True):
        rows = jax.random.bits(key, (n, words(spec)), "uint32")
    return genes_of(spec, rows)


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
    kinds: dict[type[Choice], list[int]] = {}
    for index, point in enumerate(spec.points):
        if point.array == array:
            kinds.setdefault(type(point.choice), []).append(index)
    if not kinds:
        return jnp.zeros((len(rows), 0), jnp.int32 if array == "choices" else jnp.float32)
    drawn, columns = [], []
    for kind, members in kinds.items():
        own = np.concatenate([np.arange(ends[index], ends[index + 1]) for index in members])
        draw = partial(kind.draw, [spec.points[index].choice for index in members])
        drawn.append(jax.vmap(draw)(_columns(rows, own)))
        columns += [np.arange(spec.columns[i].start, spec.columns[i].stop) for i in members]
    return _columns(jnp.concatenate(drawn, axis=1), np.argsort(np.concatenate(columns)))


def _columns(rows: jax.Array, columns: npt.NDArray[Any]) -> jax.Array:
    """Some columns of an array [n, …], in the order that is given."""
    if (np.diff(columns) == 1).all():
        return rows[:, columns[0] : columns[-1] + 1] if len(columns) else rows[:, :0]
    return rows[:, columns]
