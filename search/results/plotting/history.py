"""The objective of each trial in their order, and the best so far."""

from __future__ import annotations

import numpy as np

from ..measurements import Measurements
from ..objective import Floats
from ..ranking import Scores
from .figures import BEST, GOOD, PLAIN, Axes, canvas, fit_scale, mark_lost
from .outcomes import Outcomes, only_outcome


def draw_history(measured: Measurements, scores: Scores, axes: Axes | None = None) -> Axes:
    """Points for trials, a line for the best so far; what has no number is a cross at the lower edge.

    Args:
        measured: The trials.
        scores: What counts: one objective.
        axes: What to draw on.
    """
    outcome = only_outcome(measured, scores, "history")
    axes = canvas("history", axes)
    ids = measured.ids.astype(np.float64)
    good, infeasible = outcome.good, outcome.infeasible
    axes.scatter(ids[good], outcome.values[good], s=16, color=GOOD, alpha=0.7, label="trial")
    if infeasible.any():
        axes.scatter(
            ids[infeasible],
            outcome.values[infeasible],
            s=16,
            facecolors="none",
            edgecolors=PLAIN,
            label="out of bounds",
        )
    order = np.argsort(ids, kind="stable")
    best = best_so_far(outcome, order)
    axes.plot(ids[order], best, color=BEST, drawstyle="steps-post", label="best so far")
    fit_scale(axes, outcome.values[good | infeasible])
    mark_lost(axes, ids[outcome.lost], "failed or NaN")
    axes.set(xlabel="trial", ylabel=outcome.title)
    axes.legend(fontsize="small")
    return axes


def best_so_far(outcome: Outcomes, order: np.ndarray) -> Floats:
    """The best value that is within the constraints, after each trial.

    Args:
        outcome: n trials.
        order: In which they ran, int[n].

    Returns:
        float64[n]; NaN before the first one.
    """
    costs = np.where(outcome.good, outcome.costs, np.inf)[order]
    best = np.minimum.accumulate(costs)
    best[np.isinf(best)] = np.nan
    return -best if outcome.mode == "max" else best
