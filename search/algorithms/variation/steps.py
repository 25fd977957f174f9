"""Steps of floats, on the scale on which their law is uniform: Gaussian ones, and Deb's polynomial ones."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.dna import DNA
from ...spaces.kinds.drawing import shares
from ...spaces.kinds.floatv import FloatV
from ...spaces.points import Spec

Real: TypeAlias = float | jax.Array


def float_owners(spec: Spec) -> npt.NDArray[np.int64]:
    """The indices of the decisions on floats that have a scale, one for each column of `on_scale`."""
    return np.array([i for i, point in enumerate(spec.points) if isinstance(point.choice, FloatV)], int)


def on_scale(dnas: DNA) -> jax.Array:
    """Where floats lie on their scales, from 0 (the lower bound) to 1 (the upper one).

    Args:
        dnas: A batch [..., F].

    Returns:
        float32[..., floats that have a scale].
    """
    columns, choices = _floats(dnas.spec)
    genes = jnp.asarray(dnas.floats)[..., columns]
    return FloatV.shares_of(choices, genes) if choices else genes


def off_scale(dnas: DNA, places: jax.Array) -> DNA:
    """DNAs with floats at other places of their scales; the inverse of `on_scale`.

    Args:
        dnas: A batch [...].
        places: float32[..., floats that have a scale].
    """
    columns, choices = _floats(dnas.spec)
    if not choices:
        return dnas
    return _with(dnas, columns, FloatV.spread(choices, places))


def stepped(dnas: DNA, others: DNA, steps: jax.Array) -> DNA:
    """A varied batch whose floats are steps away from where they were, and never the same.

    Args:
        dnas: The batch, n DNAs.
        others: The same, all decisions varied.
        steps: float32[n, floats that have a scale], from -1 to 1.
    """
    columns, choices = _floats(dnas.spec)
    if not choices:
        return others
    step = jax.vmap(partial(FloatV.step, choices))
    values = step(jnp.asarray(dnas.floats)[:, columns], steps)
    return _with(others, columns, values)


def gaussian(word: jax.Array, spread: Real) -> jax.Array:
    """Steps that are normally distributed, cut off at the length of the scale.

    Args:
        word: Random words, uint32[...].
        spread: The standard deviation, as a share of the scale.
    """
    # The middle of each of 2**23 parts: neither 0 nor 1, of which the normal quantile is infinite.
    quantile = jax.scipy.special.ndtri(shares(word) + 2.0**-24)
    return jnp.clip(spread * quantile, -1, 1)


def polynomial(word: jax.Array, places: jax.Array, eta: Real) -> jax.Array:
    """Steps of polynomial mutation, which leads over no bound.

    Deb and Agrawal 1999, "A niched-penalty approach for constraint handling in genetic algorithms"; as in the
    code of NSGA-II.

    Args:
        word: Random words, uint32[...].
        places: Where floats lie on their scales, float32[...].
        eta: The distribution index: the greater, the smaller the steps; they are about ``1 / eta`` long.
    """
    share = shares(word)
    is_down = share < 0.5
    beyond = jnp.where(is_down, 1 - places, places)  # the part of the scale on the other side
    tail = jnp.where(is_down, 2 * share, 2 - 2 * share)
    value = tail + (1 - tail) * beyond ** (eta + 1)
    length = 1 - value ** (1 / (eta + 1))
    return jnp.where(is_down, -length, length)


def _with(dnas: DNA, columns: npt.NDArray[np.int64], values: jax.Array) -> DNA:
    if len(columns) == dnas.spec.floats:
        return DNA(dnas.spec, dnas.choices, values)
    return DNA(dnas.spec, dnas.choices, jnp.asarray(dnas.floats).at[..., columns].set(values))


def _floats(spec: Spec) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """The columns of `floats` that have a scale, and their decisions."""
    owners = float_owners(spec)
    columns = np.array([spec.columns[index].start for index in owners], int)
    return columns, [spec.points[index].choice for index in owners]
