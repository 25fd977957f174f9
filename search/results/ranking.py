"""Orders of configurations: by one number, or by several of which none counts more."""

from __future__ import annotations

import bisect
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .objective import Floats, Mode

Ints = npt.NDArray[np.intp]


class Scores(NamedTuple):
    """What configurations are ranked by.

    Attributes:
        costs: The objectives, less being better, float64[n, m].
        violation: By how much each is out of bounds, float64[n]; see `Objective.violation`.
        outcome: 0 for what has costs; what has none comes last, in the order of these numbers, int[n].
        goals: The names of the objectives, and their directions.
    """

    costs: Floats
    violation: Floats
    outcome: npt.NDArray[Any]
    goals: tuple[tuple[str, Mode], ...] = ()


def rank(scores: Scores) -> Ints:
    """All configurations, the best first.

    Returns:
        Places int[n]: what is feasible, by its costs; then the infeasible, by their violation; then the rest.
        Several objectives are ranked by fronts, within a front by crowding, the loneliest first (Deb et al.
        2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III), then by the first
        objective. Equals stay in their order.

    Example:
        >>> costs = np.array([[3., 1.], [1., 3.], [4., 4.], [2., 2.]])
        >>> rank(Scores(costs, np.zeros(4), np.zeros(4, int))).tolist()
        [1, 0, 3, 2]
    """
    costs, violation, outcome, _ = scores
    n, m = costs.shape
    costs = np.where(np.isnan(costs), np.inf, costs)
    group = np.where(outcome != 0, 1 + outcome, violation > 0)
    feasible = np.flatnonzero(group == 0)
    front, crowding = np.zeros(n), np.zeros(n)
    if m > 1:
        front[feasible] = fronts(costs[feasible])
        for number in np.unique(front[feasible]):
            members = feasible[front[feasible] == number]
            crowding[members] = crowding_distance(costs[members])
    excess = np.where(group == 1, violation, 0)
    first = costs[:, 0] if m else np.zeros(n)
    return np.lexsort((np.where(outcome != 0, 0, first), -crowding, front, excess, group))


def fronts(costs: Floats) -> Ints:
    """In which front each point lies, when all that nothing dominates is taken away again and again.

    A point dominates another if it is nowhere worse, and better somewhere.

    Args:
        costs: Less being better, float64[n, m].

    Returns:
        Numbers from 0, int[n].

    Example:
        >>> fronts(np.array([[1., 3.], [3., 1.], [3., 3.], [1., 3.], [4., 4.]])).tolist()
        [0, 0, 1, 0, 2]
    """
    numbers = np.zeros(len(costs), np.intp)
    filled: list[_Front] = []
    # Whatever dominates a point comes before it in this order, and a front that dominates it has all fronts
    # before it do so too: so a search by halves finds its front (Zhang et al. 2015, "An efficient approach to
    # nondominated sorting for evolutionary multiobjective optimization").
    for point in np.lexsort(costs.T[::-1]):
        number = bisect.bisect_left(filled, True, key=lambda front: not front.dominates(costs[point]))
        if number == len(filled):
            filled.append(_Front(costs.shape[1]))
        filled[number].add(costs[point])
        numbers[point] = number
    return numbers


class _Front:
    """The points of a front, in an array that grows by doubling."""

    def __init__(self, objectives: int) -> None:
        self._costs = np.empty((1, objectives))
        self._size = 0

    def dominates(self, point: Floats) -> bool:
        """Whether one of its points dominates a point that comes later in lexicographic order."""
        # For speed: of two objectives the last point has the least of the second, and decides alone.
        start = self._size - 1 if len(point) <= 2 else 0
        costs = self._costs[start : self._size]
        return bool(((costs <= point).all(axis=1) & (costs < point).any(axis=1)).any())

    def add(self, point: Floats) -> None:
        """Adds a point."""
        if self._size == len(self._costs):
            self._costs = np.concatenate([self._costs, np.empty_like(self._costs)])
        self._costs[self._size] = point
        self._size += 1


def crowding_distance(costs: Floats) -> Floats:
    """How far from its neighbours each point of a front lies, over all objectives; infinite at the ends.

    Args:
        costs: The points of one front, float64[n, m].

    Returns:
        float64[n]: the sides of the cuboid between its neighbours, summed, in shares of the front's extent.
    """
    n = len(costs)
    distance = np.zeros(n)
    for column in costs.T:
        finite = column[np.isfinite(column)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
        order = np.argsort(column, kind="stable")
        values = np.clip(column[order], low, high)
        distance[order[:1]] = distance[order[-1:]] = np.inf
        if high > low:
            distance[order[1:-1]] += (values[2:] - values[:-2]) / (high - low)
    return distance
