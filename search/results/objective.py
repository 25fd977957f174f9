"""`Objective`: what counts, said once: which metrics, in which direction, within which bounds."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from symjax.core.errors import NoSuchPath, brief, unknown
from symjax.core.tracebacks import caller_level

Mode = Literal["max", "min"]
Modes: TypeAlias = Mode | Sequence[Mode]
Bound: TypeAlias = float | tuple[float | None, float | None]
Floats: TypeAlias = npt.NDArray[np.float64]

_LESS_IS_BETTER = ("loss", "losses", "error", "errors", "cost", "nll", "perplexity", "ppl", "mse", "mae")


@dataclass(frozen=True)
class Objective:
    """By what configurations are ranked.

    Attributes:
        metrics: The names of the metrics: none where it was not said, several for a Pareto front.
        modes: For each metric, ``'max'`` or ``'min'``; where none was named, that of the only one, if it was
            said.
        bounds: By the name of a metric, between which two numbers it has to be, both included.

    Example:
        >>> Objective.of('loss', 'min', {'parameters': 1e6, 'accuracy': (0.9, None)}).bounds
        {'parameters': (-inf, 1000000.0), 'accuracy': (0.9, inf)}
    """

    metrics: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        objective: str | Sequence[str] | None = None,
        mode: Modes | None = None,
        constraints: Mapping[str, Bound] | None = None,
    ) -> Objective:
        """Reads what a user says.

        Args:
            objective: The name of a metric, or several names.
            mode: ``'max'`` if more is better, ``'min'`` if less is; one for all metrics, or one for each.
                None is ``'max'``, and warns of a metric whose name says that less is better.
            constraints: By the name of a metric an upper bound, or a pair of a lower and an upper one, of
                which either may be None.

        Raises:
            TypeError: A name is no text, or a bound no number.
            ValueError: Another mode, as many modes as there are no metrics, a metric twice, or bounds that
                nothing fits in.

        Warns:
            RuntimeWarning: A loss is to be as large as possible, and nobody said so.
        """
        names = () if objective is None else (objective,) if isinstance(objective, str) else tuple(objective)
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"an objective is the name of a metric, got {brief(name)}")
        if len(set(names)) < len(names):
            raise ValueError(f"each objective counts once, got {list(names)}")
        modes: tuple[Mode, ...]
        if mode is None:
            modes = tuple(map(_direction, names))
        else:
            modes = (mode,) * max(1, len(names)) if isinstance(mode, str) else tuple(mode)
        for each in modes:
            if each not in get_args(Mode):
                raise ValueError(f"mode must be 'max' or 'min', got {each!r}")
        if len(modes) != len(names) and (names or len(modes) > 1):
            ends = "s" * (len(names) != 1), "s" * (len(modes) != 1)
            raise ValueError(
                f"{len(names)} objective{ends[0]} ({', '.join(names)}) and {len(modes)} mode{ends[1]}"
            )
        return cls(names, modes, {name: _bounds(name, b) for name, b in (constraints or {}).items()})

    def to_record(self) -> dict[str, Any]:
        """The same as what JSON knows; it has no infinite numbers."""
        return {
            "metrics": list(self.metrics),
            "modes": list(self.modes),
            "bounds": {name: [_finite(bound) for bound in pair] for name, pair in self.bounds.items()},
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Objective:
        """The inverse of `to_record`.

        Raises:
            KeyError: A part is missing.
            TypeError: As `of`.
            ValueError: As `of`.
        """
        bounds = {name: (low, high) for name, (low, high) in record["bounds"].items()}
        return cls.of(record["metrics"], record["modes"], bounds)

    def __str__(self) -> str:
        """In a line: ``min loss, max accuracy; 0 ≤ drift ≤ 1``."""
        goals = [f"{mode} {name}" for name, mode in zip(self.metrics, self.modes, strict=False)]
        goals = goals or list(self.modes)  # of the only metric
        limits = [
            f"{'' if low == -math.inf else f'{low:g} ≤ '}{name}{'' if high == math.inf else f' ≤ {high:g}'}"
            for name, (low, high) in self.bounds.items()
        ]
        return "; ".join(filter(None, [", ".join(goals), ", ".join(limits)]))

    def check(self, names: Iterable[str]) -> None:
        """Refuses an objective and constraints on metrics that there are not.

        Args:
            names: The names of all metrics.

        Raises:
            KeyError: There is no such metric; the message names those that there are.
        """
        known = tuple(names)
        for what, wanted in (("objective", self.metrics), ("constraint", self.bounds)):
            for name in wanted:
                if name not in known:
                    missing = unknown("metric", name, known, "metrics")
                    raise NoSuchPath(f"the {what} is not among the metrics: {missing}")

    def goals(
        self, metric: str | Sequence[str] | None, mode: Modes | None, names: Sequence[str]
    ) -> list[tuple[str, Mode]]:
        """The metrics that a ranking goes by, and their directions.

        Args:
            metric: One or several for this time; None for what was said once, or the only one that there is.
            mode: The direction for this time; None for what was said of a metric, or ``'max'``.
            names: The names of all metrics.

        Raises:
            ValueError: It is not clear which metric is meant; and as `of`.

        Warns:
            RuntimeWarning: As `of`.
        """
        stated = dict(zip(self.metrics, self.modes, strict=False))
        if metric is None and not stated:
            if len(names) != 1:
                raise ValueError(
                    f"say which metric to rank by: {', '.join(names) or 'there is none'}; or once and "
                    "for all, by evaluate(…, objective=name, mode='max' or 'min')"
                )
            metric = names[0]
        if not stated and len(names) == 1:
            stated = dict(zip(names, self.modes, strict=False))
        wanted = self.metrics if metric is None else (metric,) if isinstance(metric, str) else tuple(metric)
        goal = Objective.of(wanted, mode or [stated.get(name) or _direction(name) for name in wanted])
        return list(zip(goal.metrics, goal.modes, strict=True))

    def violation(self, columns: Mapping[str, Floats], n: int) -> Floats:
        """By how much configurations are out of bounds, all bounds together.

        Args:
            columns: Each constrained metric, float64[n]; one that is missing is out of any bounds.
            n: The number of configurations.

        Returns:
            float64[n]: 0 for what is feasible. An excess counts in shares of its bound, so that bounds of
            different units add up; infinite where the metric is NaN.
        """
        total = np.zeros(n)
        for name, bounds in self.bounds.items():
            values = columns.get(name, np.full(n, np.nan))
            for sign, bound in zip((-1, 1), bounds, strict=True):
                if math.isfinite(bound):
                    excess = np.maximum(sign * (values - bound), 0) / (abs(bound) or 1)
                    total += np.where(np.isnan(excess), np.inf, excess)
        return total


def is_loss(name: str) -> bool:
    """Whether the name of a metric says that less of it is better.

    Example:
        >>> is_loss('eval/loss'), is_loss('valError'), is_loss('accuracy'), is_loss('neg_mse')
        (True, True, False, False)
    """
    words = [word for word in re.split("[^a-z]+", name.lower()) if word]
    if not {"neg", "negative", "minus"}.isdisjoint(words):
        return False
    return any(word.endswith(_LESS_IS_BETTER) for word in words)


def _direction(name: str) -> Mode:
    """The direction of a metric of which none was said."""
    if is_loss(name):
        warnings.warn(
            f"the largest {name!r} ranks first, since no mode was given: say mode='min' if less is better, "
            "or mode='max' if this is meant",
            RuntimeWarning,
            stacklevel=caller_level(),
        )
    return "max"


def _bounds(name: str, bound: object) -> tuple[float, float]:
    pair = tuple(bound) if isinstance(bound, tuple | list) else (None, bound)
    if len(pair) != 2 or not all(map(_is_bound, pair)):
        raise TypeError(
            f"the constraint on {name!r} must be an upper bound, or a pair of a lower and an upper one, got "
            f"{brief(bound)}"
        )
    low = -math.inf if pair[0] is None else float(pair[0])
    high = math.inf if pair[1] is None else float(pair[1])
    if not low <= high:
        raise ValueError(f"nothing is within the constraint on {name!r}, [{low}, {high}]")
    return low, high


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def _is_bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float | np.number) and not isinstance(value, bool))
