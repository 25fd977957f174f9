"""`Measurement`: what was measured of a trial at a step; and rewards as people give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from symjax.core.errors import brief

from ..results.objective import Objective

Reward: TypeAlias = "float | Sequence[float] | Mapping[str, float] | None"


@dataclass(frozen=True)
class Measurement:
    """What was measured of a trial at a step.

    Attributes:
        step: How far the trial was.
        metrics: Numbers by name.
        seconds: How long after the trial's start.
    """

    step: int
    metrics: Mapping[str, float]
    seconds: float


def metrics_of(reward: Reward, metrics: Mapping[str, Any] | None, objective: Objective) -> dict[str, float]:
    """Metrics by name.

    Args:
        reward: A number for the only objective, one for each of several, or metrics by name.
        metrics: More of them.
        objective: What counts: one metric or several, and bounds of metrics.

    Raises:
        TypeError: A metric is no real number.
        ValueError: An objective or a constrained metric is missing; numbers are too many or too few; or one
            name comes twice, with different numbers.

    Example:
        >>> metrics_of((0.9, 20), {'loss': 0.3}, Objective.of(['accuracy', 'size'], ['max', 'min']))
        {'accuracy': 0.9, 'size': 20.0, 'loss': 0.3}
    """
    numbers = _named(reward, objective)
    for name, number in (metrics or {}).items():
        value = _number(name, number)
        if numbers.setdefault(name, value) != value:
            raise ValueError(f"the metric {name!r} was given twice: {numbers[name]} and {value}")
    wanted = dict.fromkeys((*objective.metrics, *objective.bounds))
    missing = [name for name in wanted if name not in numbers]
    if missing:
        known = ", ".join(numbers) or "nothing"
        hint = ""
        if objective.metrics == ("reward",):
            hint = (
                "; give a number, or say which metric counts: sj.sample(…, objective='accuracy', mode='max')"
            )
        raise ValueError(f"feedback lacks {', '.join(missing)}; it has {known}{hint}")
    return numbers


def _named(reward: Reward, objective: Objective) -> dict[str, float]:
    if reward is None:
        return {}
    if isinstance(reward, Mapping):
        return {name: _number(name, number) for name, number in reward.items()}
    names = objective.metrics
    numbers: Any = reward  # an array is welcome, too
    rewards: list[Any] = [numbers] if np.ndim(numbers) == 0 else list(numbers)
    if len(rewards) != len(names):
        raise ValueError(f"a reward is {len(names)} numbers ({', '.join(names)}), got {brief(reward)}")
    return {name: _number(name, number) for name, number in zip(names, rewards, strict=True)}


def _number(name: object, number: Any) -> float:
    if not isinstance(name, str):
        raise TypeError(f"the name of a metric is a text, got {brief(name)}")
    if np.ndim(number) == 0 and not isinstance(number, str | bytes):
        try:
            return float(number)
        except (TypeError, ValueError):
            pass
    raise TypeError(f"{name} is a real number, got {brief(number)}")
