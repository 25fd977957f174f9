"""What came of the trials of a loop: as plain data, as results, and as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import jax
import numpy as np

from ..results.keys import RootKeys
from ..results.objective import Objective
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .early_stopping.policy import Series
from .feedback import Course
from .measurement import Measurement

STOPPED = "sample.stopped"
"""The column of the results that says whether a trial was stopped early, 0 or 1; of loops with a policy."""


@final
@dataclass(frozen=True)
class Sampled:
    """A trial of a loop: plain data.

    Attributes:
        id: The trial id.
        dna: The point of the space.
        state: ``'ok'``, ``'nan'``, ``'failed'`` (skipped, too), or ``'pending'`` without feedback.
        measurements: What was measured, by step.
        metadata: What was noted.
        error: Why it failed, or was skipped; or None.
        seconds: How long it took; NaN without feedback.
        is_stopped: Whether it was stopped early: after its last measurement the policy said so.
    """

    id: int
    dna: DNA
    state: str
    measurements: tuple[Measurement, ...]
    metadata: Mapping[str, Any]
    error: Exception | None
    seconds: float
    is_stopped: bool = False

    @classmethod
    def of(cls, course: Course, state: str) -> Sampled:
        """A trial as it is now.

        Args:
            course: The trial.
            state: Its state.
        """
        return cls(
            course.id,
            course.dna,
            state,
            tuple(course.measurements),
            dict(course.metadata),
            course.error,
            course.seconds,
            course.is_stopped,
        )


def results_of(
    space: Space, courses: Sequence[Course], key: jax.Array, objective: Objective, has_policy: bool
) -> Results:
    """The results of trials: of each its last measurement.

    Args:
        space: The space.
        courses: The trials, at least one.
        key: Their root key.
        objective: What counts.
        has_policy: Whether trials may be stopped early; then the column `STOPPED` says which were.
    """
    measured = [each.measurements[-1].metrics if each.measurements else {} for each in courses]
    counted = (*objective.metrics, *objective.bounds)
    names = dict.fromkeys([*counted, *(name for metrics in measured for name in metrics)])
    stopped = np.array([each.is_stopped for each in courses], float)
    return Results(
        space,
        DNA.concat([each.dna for each in courses]),
        np.array([each.id for each in courses]),
        RootKeys.of(key, len(courses)),
        {name: np.array([metrics.get(name, np.nan) for metrics in measured]) for name in names},
        errors={row: each.error for row, each in enumerate(courses) if each.error is not None},
        pending=np.array([not each.is_over for each in courses]),
        seconds=np.array([each.seconds for each in courses]),
        objective=objective,
        costs={STOPPED: stopped} if has_policy else {},
    )


def courses_of(results: Results, series: Mapping[int, Series]) -> dict[int, list[tuple[int, float]]]:
    """By trial id pairs of a step, and of the only objective after it; nothing if there are several.

    Args:
        results: What came of the trials.
        series: By trial id what was measured on the way.
    """
    names = results.objective.metrics or results.names
    if len(names) != 1:
        return {}
    (name,) = names
    return {
        number: [(each.step, each.metrics[name]) for each in measured if name in each.metrics]
        for number, measured in series.items()
    }


def stopped_of(results: Results) -> frozenset[int]:
    """The ids of the trials that were stopped early."""
    column = results.costs.get(STOPPED, np.zeros(len(results)))
    return frozenset(results.ids[column == 1].tolist())
