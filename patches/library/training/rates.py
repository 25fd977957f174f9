"""Learning rates and schedules: their peaks, and what becomes of them when they are scaled."""

from __future__ import annotations

import math
from typing import Any, Final

from symjax.core.errors import at
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import is_symbolic, items, replace

from ...roles.settings import is_number

_PEAKS: Final = ("peak_value", "value")
_ENDS: Final = ("init_value", "end_value")


def with_rate(value: Any, rate: Any, path: Path) -> Any:
    """A learning rate with another value: the number itself, or the schedule with another peak.

    Args:
        value: What stands there: a number, a schedule, or anything else, which stays.
        rate: The new rate.
        path: Where it stands, for the message.

    Raises:
        ValueError: A schedule without a peak of its own.

    Example:
        >>> from symjax import optax
        >>> with_rate(optax.linear_schedule(0.0, 0.5, 10), 0.1, Path(())).end_value
        0.1
    """
    if is_number(value):
        return rate
    if not is_symbolic(value):
        return value
    name = _peak_name(value)
    if name is None:
        raise ValueError(
            f"{type(value).__name__} has no value of its own that could be its peak (one of "
            f"{', '.join((*_PEAKS, *_ENDS))}); change its parts by their paths {at(path)}"
        )
    return replace(value, {name: rate}, path)


def peak(value: Any) -> Any:
    """The highest value of a learning rate, of a number or of a schedule; None if it cannot be told.

    Example:
        >>> from symjax import optax
        >>> rising, falling = optax.linear_schedule(0.0, 0.5, 10), optax.cosine_decay_schedule(0.5, 90)
        >>> peak(optax.join_schedules([rising, falling], [10]))
        0.5
    """
    if is_number(value):
        return value
    if not is_symbolic(value):
        return None
    name = _peak_name(value)
    if name is not None:
        return dict(items(value) or ())[name]
    parts = [peak(part) for part in dict(items(value) or ()).get("schedules") or ()]
    numbers = [part for part in parts if part is not None]
    return max(numbers, key=_size) if numbers else None


def scaled(value: Any, factor: float) -> Any:
    """A learning rate times a factor: a number, or all the values of a schedule, of its parts too.

    Raises:
        ValueError: A rate is an open choice.

    Example:
        >>> from symjax import optax
        >>> scaled(optax.linear_schedule(0.0, 0.5, 10), 2.0).end_value
        1.0
    """
    if is_number(value):
        if isinstance(value, Placeholder):
            raise ValueError(
                "the learning rate is an open choice, which cannot be multiplied; scale it before it is "
                "opened, or after it is decided"
            )
        return value * factor
    if not is_symbolic(value):
        return value

    def rule(k: Path, v: Any) -> Any:
        return scaled(v, factor) if k.key in (*_PEAKS, *_ENDS) and is_number(v) else v

    return rebind(value, rule)


def _peak_name(schedule: Any) -> str | None:
    rates = {str(name): value for name, value in items(schedule) or () if is_number(value)}
    ends = sorted((name for name in _ENDS if name in rates), key=lambda name: -_size(rates[name]))
    return next(iter([*(name for name in _PEAKS if name in rates), *ends]), None)


def _size(value: Any) -> float:
    return math.inf if isinstance(value, Placeholder) else float(value)
