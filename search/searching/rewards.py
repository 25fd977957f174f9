"""What an algorithm is told of results."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ..results.measurements import OK
from ..results.objective import Mode
from ..results.results import Results

_WORST = 1e30  # no metric that anybody maximizes is as far below zero
_LARGEST = 1e6  # an excess that is infinite, where a constrained metric is NaN

Bounds: TypeAlias = Mapping[str, tuple[float, float]]


def rewards_of(results: Results) -> npt.NDArray[np.float32]:
    """What configurations earned: by the stated objective, or the only metric that there is.

    Args:
        results: Of n configurations.

    Returns:
        float32[n, m] for m objectives, more being better. NaN for what failed or is NaN. What is out of
        bounds earns less than anything that is not, in all objectives, and the less the further out it is.

    Raises:
        ValueError: It is not said which of several metrics counts.
    """
    scores = results.scores()
    objectives = len(scores.goals or results.objective.metrics) or 1
    costs = scores.costs if scores.goals else np.zeros((len(results), objectives))  # of none: nothing ran
    rewards = (-costs).astype(np.float32)
    out = scores.violation > 0
    if out.any():
        bounds = {name: own for name, own in results.objective.bounds.items() if name in results.columns}
        columns = {name: results.numbers(name).astype(np.float32) for name in bounds}
        rewards[out] = _punished(np, columns, bounds, len(results))[out, None]
    rewards[scores.outcome != OK] = np.nan
    return rewards


def traced_rewards(
    columns: Mapping[str, jax.Array], goals: Sequence[tuple[str, Mode]], bounds: Bounds
) -> jax.Array:
    """`rewards_of` under `jit`.

    Args:
        columns: Metrics by name, single numbers [n].
        goals: The objectives, and their directions.
        bounds: By the name of a metric, between which two numbers it has to be.

    Returns:
        float32[n, m].
    """
    signs = {"max": 1.0, "min": -1.0}
    rewards = jnp.stack([signs[mode] * columns[name].astype(jnp.float32) for name, mode in goals], axis=1)
    failed = jnp.isnan(rewards).any(axis=1, keepdims=True)
    if bounds:
        singles = {name: columns[name].astype(jnp.float32) for name in bounds}
        worst = _punished(jnp, singles, bounds, len(rewards))
        rewards = jnp.where(_out(columns, bounds)[:, None], worst[:, None], rewards)
    return jnp.where(failed, jnp.nan, rewards)


def _punished(xp: Any, columns: Mapping[str, Any], bounds: Bounds, n: int) -> Any:
    """What is earned out of bounds, float32[n]; in the same steps with NumPy and with JAX."""
    excess = xp.zeros(n, xp.float32)
    for name, sign, bound in _sides(bounds):
        if name in columns:
            over = xp.maximum(sign * columns[name] - np.float32(sign * bound), np.float32(0))
            share = over * np.float32(1 / (abs(bound) or 1))  # XLA would not divide by a constant either
            excess = excess + xp.where(xp.isnan(share), np.float32(_LARGEST), share)
    excess = xp.minimum(excess, np.float32(_LARGEST))
    return np.float32(-_WORST) * (1 + excess / (1 + excess))


def _out(columns: Mapping[str, jax.Array], bounds: Bounds) -> jax.Array:
    """What is out of bounds, bool[n]: exactly, though a metric may have fewer bits than a bound."""
    out = jnp.zeros(len(next(iter(columns.values()))), bool)
    for name, sign, bound in _sides(bounds):
        values = columns[name]
        limit = _limit(values.dtype, sign, bound)
        out |= ~(values <= limit if sign > 0 else values >= limit)  # a NaN is out
    return out


def _limit(dtype: Any, sign: int, bound: float) -> Any:
    """The last number of a type within a bound."""
    if not jnp.issubdtype(dtype, np.floating):
        whole = math.floor(bound) if sign > 0 else math.ceil(bound)
        if dtype == np.bool_:
            return whole
        info = np.iinfo(dtype)
        return min(max(whole, info.min), info.max)
    limit = np.asarray(bound, dtype)
    beyond = float(limit) > bound if sign > 0 else float(limit) < bound
    return jnp.nextafter(limit, jnp.asarray(-sign * np.inf, dtype)) if beyond else limit


def _sides(bounds: Bounds) -> Iterator[tuple[str, int, float]]:
    """The finite bounds: of which metric, 1 for an upper one and -1 for a lower one, and the bound."""
    for name, limits in bounds.items():
        for sign, bound in zip((-1, 1), limits, strict=True):
            if math.isfinite(bound):
                yield name, sign, bound
