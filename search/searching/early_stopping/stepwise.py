"""Policies that look at trials step by step: by value, by rank, by the median."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge

from ...results.objective import Mode
from ..measurement import Measurement
from .policy import Goal, Policy, Series, goal_of, height


class ByValue(Policy):
    """Stops a trial that is worse than a threshold when it comes to a step.

    What counts is the first measurement at a step or after it, until the next step of the list. So a trial
    that measures every fifth step is asked as well.

    Attributes:
        steps: Pairs of a step and a threshold.
        metric: The metric; by default the objective.
        mode: ``'max'`` if more of it is better, ``'min'`` if less is; by default that of the objective.

    Raises:
        ValueError: There are no steps, or one stands there twice.

    Example:
        >>> from symjax.search import early_stopping
        >>> policy = early_stopping.ByValue([(1, 0.2), (10, 0.8)], metric='accuracy')
    """

    steps: Sequence[tuple[int, float]]
    metric: str | None = None
    mode: Mode | None = None

    def __check__(self) -> None:
        _check_steps("ByValue", [step for step, _ in self.steps])

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        metric, mode = goal_of(self.metric, self.mode, goal)
        gates = sorted(self.steps)
        gate = _gate([step for step, _ in gates], trial)
        if gate is None:
            return False
        index, reached = gate
        threshold = gates[index][1]
        return height(reached, metric, mode) < (threshold if mode == "max" else -threshold)


class ByRank(Policy):
    """Stops a trial that is worse than most others were when they came to a step.

    What counts is as in `ByValue`, of this trial and of the others.

    Attributes:
        steps: For each step, a rank, and how many other trials must have come to it before any is stopped.
            A rank is a whole number (3: what is worse than the third best is stopped) or a share (0.5: what
            is worse than the better half).
        metric: The metric; by default the objective.
        mode: ``'max'`` if more of it is better, ``'min'`` if less is; by default that of the objective.

    Raises:
        ValueError: There are no steps, one stands there twice, a share is not within [0, 1], or a rank or a
            number of trials is less than one.

    Example:
        >>> from symjax.search import early_stopping
        >>> policy = early_stopping.ByRank([(1, 0.8, 5), (10, 3, 5)])
    """

    steps: Sequence[tuple[int, int | float, int]]
    metric: str | None = None
    mode: Mode | None = None

    def __check__(self) -> None:
        _check_steps("ByRank", [step for step, _, _ in self.steps])
        for step, rank, least in self.steps:
            if not (rank >= 1 if isinstance(rank, int) else 0 <= rank <= 1):
                raise ValueError(
                    f"a rank is a whole number from 1 on, or a share between 0.0 and 1.0; got {rank!r} at "
                    f"step {step}"
                )
            if least < 1:
                raise ValueError(f"ranks need at least one other trial, got {least} at step {step}")

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        metric, mode = goal_of(self.metric, self.mode, goal)
        gates = sorted(self.steps, key=lambda gate: gate[0])
        steps = [step for step, _, _ in gates]
        gate = _gate(steps, trial)
        if gate is None:
            return False
        index, reached = gate
        _, rank, least = gates[index]
        until = steps[index + 1] if index + 1 < len(steps) else math.inf
        theirs = [first for other in others if (first := _first(other, steps[index], until)) is not None]
        if len(theirs) < least:
            return False
        heights = sorted((height(each, metric, mode) for each in theirs), reverse=True)
        place = rank - 1 if isinstance(rank, int) else math.floor((len(heights) - 1) * rank)
        return place < len(heights) and height(reached, metric, mode) < heights[int(place)]


class Median(Policy):
    """Stops a trial whose best value so far is worse than the median of what others had on average.

    The median stopping rule (Golovin et al. 2017, "Google Vizier: a service for black-box optimization",
    section 3.2.1): averages are those of a trial's measurements up to the same step. Trials that are not
    finished count as well, if they have come as far.

    Attributes:
        after: Up to which step nothing is stopped.
        trials: How many others must have come as far before any is stopped.
        metric: The metric; by default the objective.
        mode: ``'max'`` if more of it is better, ``'min'`` if less is; by default that of the objective.

    Example:
        >>> from symjax.search import early_stopping
        >>> policy = early_stopping.Median(after=10)
    """

    after: Annotated[int, Ge(0)] = 0
    trials: Annotated[int, Ge(1)] = 5
    metric: str | None = None
    mode: Mode | None = None

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        metric, mode = goal_of(self.metric, self.mode, goal)
        step = trial[-1].step if trial else 0
        if step <= self.after:
            return False
        averages = [
            statistics.fmean(height(each, metric, mode) for each in other if each.step <= step)
            for other in others
            if other and other[-1].step >= step and other[0].step <= step
        ]
        if len(averages) < self.trials:
            return False
        return max(height(each, metric, mode) for each in trial) < statistics.median(averages)


def _check_steps(kind: str, steps: Sequence[int]) -> None:
    if not steps:
        raise ValueError(f"{kind} needs at least one step at which trials are looked at")
    if len(set(steps)) < len(steps):
        raise ValueError(f"{kind} takes each step once, got {sorted(steps)}")


def _gate(steps: Sequence[int], trial: Series) -> tuple[int, Measurement] | None:
    """The last of some steps to which a trial has come, and what was measured then."""
    reached = [index for index, step in enumerate(steps) if trial and step <= trial[-1].step]
    if not reached:
        return None
    first = _first(trial, steps[reached[-1]], math.inf)
    return (reached[-1], first) if first is not None else None


def _first(trial: Series, step: int, until: float) -> Measurement | None:
    """The first measurement at a step or after it, before another step."""
    return next((each for each in trial if step <= each.step < until), None)
