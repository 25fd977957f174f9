"""`Policy`: says whether a trial is to be stopped; policies compose."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from typing import TypeAlias, final

from symjax.core.errors import NoSuchPath, unknown
from symjax.nodes.object import Object

from ...results.objective import Mode
from ..measurement import Measurement

Series: TypeAlias = Sequence[Measurement]
"""What was measured of a trial so far, in the order of its steps."""
Goal: TypeAlias = tuple[str, Mode] | None
"""The metric that a search goes by, and its direction; None where there are several."""


class Policy(Object):
    """Says whether a trial is to be stopped before its end, from what was measured of it and of others.

    A policy has no state, and draws nothing: it answers by what it is shown. ``a | b`` stops where one of two
    stops, ``a & b`` where both do, ``~a`` where it does not.

    Example:
        >>> from symjax.search import early_stopping
        >>> policy = early_stopping.ByValue([(10, 0.5)]) | early_stopping.Median(after=5)
        >>> policy
        AnyOf(policies=(ByValue(steps=((10, 0.5),)), Median(after=5)))
    """

    @abc.abstractmethod
    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """Whether a trial is to be stopped.

        Args:
            trial: What was measured of it, the last step last.
            others: What was measured of the other trials.
            goal: The metric that the search goes by, and its direction.

        Raises:
            KeyError: A metric that a policy goes by was not measured.
            ValueError: There are several objectives, and a policy does not say by which metric it goes.
        """

    @final
    def __or__(self, other: Policy) -> Policy:
        return AnyOf((self, other))

    @final
    def __and__(self, other: Policy) -> Policy:
        return AllOf((self, other))

    @final
    def __invert__(self) -> Policy:
        return Negated(self)


class AnyOf(Policy):
    """Stops where one of several policies stops.

    Attributes:
        policies: The policies.
    """

    policies: Sequence[Policy]

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        return any(policy.should_stop(trial, others, goal) for policy in self.policies)


class AllOf(Policy):
    """Stops where all of several policies stop.

    Attributes:
        policies: The policies.
    """

    policies: Sequence[Policy]

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        return all(policy.should_stop(trial, others, goal) for policy in self.policies)


class Negated(Policy):
    """Stops where another policy does not.

    Attributes:
        policy: The other one.
    """

    policy: Policy

    def should_stop(self, trial: Series, others: Sequence[Series], goal: Goal) -> bool:
        """See `Policy.should_stop`."""
        return not self.policy.should_stop(trial, others, goal)


def goal_of(metric: str | None, mode: Mode | None, goal: Goal) -> tuple[str, Mode]:
    """The metric that a policy goes by, and its direction: what it says, or else what the search says.

    Raises:
        ValueError: Neither says it.
    """
    if metric is None and goal is None:
        raise ValueError(
            "there are several objectives: say which one stops trials, metric='loss', mode='min'"
        )
    name = metric or (goal[0] if goal else "")
    stated = goal[1] if goal and goal[0] == name else None
    return name, mode or stated or "max"


def height(measurement: Measurement, metric: str, mode: Mode) -> float:
    """A metric as a number of which more is better; NaN is the least there is.

    Raises:
        KeyError: It was not measured.
    """
    if metric not in measurement.metrics:
        raise NoSuchPath(unknown("metric", metric, measurement.metrics, "metrics"))
    value = measurement.metrics[metric]
    if math.isnan(value):
        return -math.inf
    return value if mode == "max" else -value
