"""How much of what trials came to each decision explains."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..measurements import OK, PENDING, Measurements
from ..objective import Floats
from ..ranking import Scores
from .coordinates import coordinates, numbers_of

_BINS = 10  # groups that numbers are put into, at most


def effects_of(measured: Measurements, scores: Scores) -> dict[str, float]:
    """By the name of each decision the share of variance that it explains alone; see `Results.importance`.

    Args:
        measured: n trials.
        scores: One objective of theirs.
    """
    ran = scores.outcome != PENDING
    columns = coordinates(measured.space)
    numbers = numbers_of(measured.dnas[np.flatnonzero(ran)], columns)
    ranks = standing(scores)[ran]
    total = float(((ranks - ranks.mean()) ** 2).sum()) if len(ranks) else 0.0
    shares = {
        column.name: explained(_groups(own, column.labels is not None), ranks, total)
        for column, own in zip(columns, numbers.T, strict=True)
    }
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def standing(scores: Scores) -> Floats:
    """The rank of each trial from 1, the best first, float64[n]; equals have the mean of theirs.

    What is out of bounds comes after what is not, by its violation; then what failed, all of it equal.

    Example:
        >>> costs = np.array([[3.], [1.], [np.nan], [3.], [np.nan]])
        >>> standing(Scores(costs, np.zeros(5), np.array([0, 0, 1, 0, 2]))).tolist()
        [2.5, 1.0, 4.5, 2.5, 4.5]
    """
    is_ok = scores.outcome == OK
    is_out = is_ok & (scores.violation > 0)
    group = np.where(is_ok, is_out, 2).astype(np.float64)
    within = np.where(is_ok, np.where(is_out, scores.violation, np.nan_to_num(scores.costs[:, 0])), 0)
    _, places, count = np.unique(
        np.stack([group, within], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    return (np.cumsum(count) - (count - 1) / 2)[places.reshape(-1)]


def explained(groups: npt.NDArray[np.intp], ranks: Floats, total: float) -> float:
    """The share of the variance of ranks that lies between groups, corrected for how many there are.

    Args:
        groups: The group of each trial, int[n]; -1 for none.
        ranks: float64[n].
        total: The sum of squares about the mean of all ranks.

    Returns:
        Epsilon squared of the trials in groups, in [0, 1]: 0 on average where groups are drawn at random.
    """
    own = ranks[groups >= 0]
    members = groups[groups >= 0]
    count = np.bincount(members)
    count, free = count[count > 0], len(own) - int((count > 0).sum())
    if total <= 0 or len(count) < 2 or free < 1:
        return 0.0
    sums = np.bincount(members, own)[np.bincount(members) > 0]
    between = float((count * (sums / count - own.mean()) ** 2).sum())
    within = float(((own - own.mean()) ** 2).sum()) - between
    return min(max(between - (len(count) - 1) * max(within, 0.0) / free, 0.0) / total, 1.0)


def _groups(numbers: Floats, is_labelled: bool) -> npt.NDArray[np.intp]:
    """The group of each number, int[n]: candidates, few numbers, or about as many of many; -1 for NaN."""
    active = ~np.isnan(numbers)
    groups = np.full(len(numbers), -1, np.intp)
    values, places, count = np.unique(numbers[active], return_inverse=True, return_counts=True)
    n = int(active.sum())
    bins = min(_BINS, math.isqrt(n))
    if not is_labelled and len(values) > bins:
        middles = np.cumsum(count) - count / 2  # equal numbers stay together
        groups[active] = (middles * bins / n).astype(np.intp)[places]
    else:
        groups[active] = places
    return groups
