"""Points of a space of numbers as points of a box from 0 to 1, on the scale of each number; and back."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.choice import Choice
from ...spaces.kinds.floatv import FloatV
from ...spaces.kinds.intv import IntV
from ...spaces.points import Spec
from ...spaces.sampling import by_kind

_NEARLY_ONE = np.float32(1 - 2**-24)


def require_numbers(spec: Spec, who: str) -> None:
    """Refuses decisions that are no numbers.

    Args:
        spec: The decisions.
        who: What knows numbers only, for the message.

    Raises:
        ValueError: There are some; the message names them.
    """
    others = [f"{point.name}: {point.choice!r}" for point in spec.points if not _is_number(point.choice)]
    if others:
        more = f", … ({len(others) - 3} more)" if len(others) > 3 else ""
        raise ValueError(
            f"{who} moves points of floats and whole numbers, and cannot decide "
            f"{', '.join(others[:3])}{more};"
            " search.algorithms.Optuna('tpe') takes any space"
        )


def to_genes(spec: Spec, points: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The genes that points stand for; those outside of the box by their mirror images in it.

    Args:
        spec: Decisions on numbers, d of them.
        points: float32[n, d].

    Returns:
        int32[n, C] and float32[n, F].
    """
    within = jnp.abs((points + 1) % 2 - 1)  # a triangle wave: 0 at 0, 1 at 1, 0 at 2
    shares = jnp.where(jnp.isfinite(within), within, 0.5)

    def floats(kind: type[Choice], members: list[int], columns: npt.NDArray[Any]) -> jax.Array:
        spread = partial(FloatV.spread, _choices(spec, members))
        return jax.vmap(spread)(shares[:, np.array(members)])

    def ints(kind: type[Choice], members: list[int], columns: npt.NDArray[Any]) -> jax.Array:
        words = jnp.minimum(shares[:, np.array(members)], _NEARLY_ONE) * np.float32(2.0**32)
        return jax.vmap(partial(kind.draw, _choices(spec, members)))(words.astype(jnp.uint32))

    n = len(points)
    return (
        by_kind(spec, "choices", ints, jnp.zeros((n, 0), jnp.int32)),
        by_kind(spec, "floats", floats, jnp.zeros((n, 0), jnp.float32)),
    )


def to_points(spec: Spec, choices: jax.Array, floats: jax.Array) -> jax.Array:
    """The points of the box that genes stand for: of a whole number the middle of its part.

    Args:
        spec: Decisions on numbers, d of them.
        choices: int32[n, C].
        floats: float32[n, F].

    Returns:
        float32[n, d].
    """
    columns = []
    for point, own in zip(spec.points, spec.columns, strict=True):
        kind: Any = type(point.choice)
        genes = choices if point.array == "choices" else floats
        columns.append(jax.vmap(partial(kind.shares_of, [point.choice]))(genes[:, own]))
    return jnp.concatenate(columns, axis=1)


def _choices(spec: Spec, members: list[int]) -> list[Any]:
    return [spec.points[index].choice for index in members]


def _is_number(choice: Choice) -> bool:
    return isinstance(choice, FloatV | IntV)
