"""`Outcomes`: what trials came to in one objective, as plots tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..measurements import OK, PENDING, Measurements
from ..objective import Floats, Mode, Modes
from ..ranking import Scores

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """One objective of n trials.

    Attributes:
        title: The objective, with an arrow to where it is better.
        mode: Its direction.
        values: float64[n]; NaN where there is none.
        good: Which are finite and within the constraints, bool[n].
        infeasible: Which are finite and not within them, bool[n].
        lost: Which failed, or are no finite number, bool[n]. What did not run is in none of the three.
    """

    title: str
    mode: Mode
    values: Floats
    good: Mask
    infeasible: Mask
    lost: Mask

    @property
    def costs(self) -> Floats:
        """The values, less being better."""
        return -self.values if self.mode == "max" else self.values


def scores_of(measured: Measurements, metric: str | Sequence[str] | None, mode: Modes | None) -> Scores:
    """The objectives that are to be drawn.

    Raises:
        ValueError: There are none yet; and as `Results.rank`.
    """
    scores = measured.scores(metric, mode)
    if not scores.goals:
        errors = measured.errors
        why = f"all failed, the first by {errors[min(errors)]!r}" if errors else "none ran yet"
        raise ValueError(f"there is nothing to draw of {len(measured)} trials: {why}")
    return scores


def only_outcome(measured: Measurements, scores: Scores, kind: str) -> Outcomes:
    """The only objective.

    Raises:
        ValueError: There are several.
    """
    if len(scores.goals) > 1:
        names = ", ".join(name for name, _ in scores.goals)
        raise ValueError(
            f"the plot {kind!r} is of one objective, and there are {names}: say metric={scores.goals[0][0]!r}"
        )
    return outcomes_of(measured, scores)[0]


def outcomes_of(measured: Measurements, scores: Scores) -> list[Outcomes]:
    """All objectives; a trial that is lost in one of them is lost in all."""
    columns = [measured.numbers(name) for name, _ in scores.goals]
    finite = np.isfinite(columns).all(axis=0) & (scores.outcome == OK)
    feasible = scores.violation == 0
    lost = ~finite & (scores.outcome != PENDING)
    return [
        Outcomes(
            f"{name or 'value'} {'↑' if mode == 'max' else '↓'}",
            mode,
            np.where(finite, column, np.nan),
            finite & feasible,
            finite & ~feasible,
            lost,
        )
        for (name, mode), column in zip(scores.goals, columns, strict=True)
    ]
