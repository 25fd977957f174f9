"""How far points of a space are from each other."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.choice import Choice
from ...spaces.dna import DNA
from ...spaces.kinds.intv import IntV
from ...spaces.kinds.manyof import ManyOf
from ...spaces.points import Spec
from ..variation.activity import activity, column_owners
from ..variation.steps import float_owners, on_scale


class Places(NamedTuple):
    """Where points lie.

    Attributes:
        marks: What is equal or not: indices of candidates, int32[..., marks].
        shares: What is near or far: shares of a scale, float32[..., shares].
        matters: Which of these belong to decisions that matter, bool[..., marks + shares].
    """

    marks: jax.Array
    shares: jax.Array
    matters: jax.Array


def places(dnas: DNA) -> Places:
    """Where the points of a batch lie.

    Example:
        >>> from symjax import search
        >>> space = search.space([search.oneof(['a', 'b']), search.intv(0, 4)])
        >>> places(search.DNA.from_numbers(space.spec, [[1, 3]])).shares
        Array([[0.75]], dtype=float32)
    """
    spec, choices = dnas.spec, jnp.asarray(dnas.choices)
    marks, whole = _columns(spec)
    owners = column_owners(spec, "choices")
    sizes = np.array([_size(spec.points[owners[column]].choice) for column in whole], np.float32)
    shares = jnp.concatenate([choices[..., whole] / np.maximum(sizes - 1, 1), on_scale(dnas)], axis=-1)
    columns = np.concatenate([owners[marks], owners[whole], float_owners(spec)]).astype(int)
    return Places(choices[..., marks], shares, activity(spec, choices)[..., columns])


def distances(spec: Spec, first: Places, second: Places) -> jax.Array:
    """The squared distance of each point to each other one, float32[n, m].

    Decisions that matter in both count: one that takes a candidate by whether it is the same, one that takes
    several by the share of them that differ, a number by the squared difference on its scale. That a
    decision matters in one only is seen where its candidates were chosen.

    Args:
        spec: The decisions.
        first: Of n points.
        second: Of m points.
    """
    unlike = (first.marks[:, None] != second.marks[None]).astype(jnp.float32)
    apart = jnp.square(first.shares[:, None] - second.shares[None])
    both = first.matters[:, None] & second.matters[None]
    return (jnp.concatenate([unlike, apart], axis=-1) * _weights(spec) * both).sum(-1)


def _columns(spec: Spec) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The columns of choices that are indices of candidates, and those that are whole numbers."""
    marks: list[int] = []
    whole: list[int] = []
    for point, columns in zip(spec.points, spec.columns, strict=True):
        if point.array == "choices":
            own = range(columns.start, columns.start + _taken(point.choice))
            (whole if isinstance(point.choice, IntV) else marks).extend(own)
    return np.array(marks, int), np.array(whole, int)


def _weights(spec: Spec) -> npt.NDArray[np.float32]:
    """What a difference counts in each of the columns of `Places.matters`."""
    marks, whole = _columns(spec)
    owners = column_owners(spec, "choices")
    shared = [1 / _taken(spec.points[owners[column]].choice) for column in marks]
    return np.array([*shared, *[1.0] * (len(whole) + len(float_owners(spec)))], np.float32)


def _taken(choice: Choice) -> int:
    """How many columns say what is decided; those behind it keep a permutation whole."""
    return choice.k if isinstance(choice, ManyOf) else choice.width


def _size(choice: Choice) -> float:
    bounds = choice.bounds
    return 2.0 if bounds is None else bounds[1] - bounds[0] + 1
