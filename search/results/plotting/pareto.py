"""Two objectives against each other, and their front."""

from __future__ import annotations

import numpy as np

from ..measurements import Measurements
from ..ranking import Scores, fronts
from .figures import BEST, GOOD, PLAIN, Axes, canvas, fit_scale
from .outcomes import outcomes_of


def draw_pareto(measured: Measurements, scores: Scores, axes: Axes | None = None) -> Axes:
    """Points for trials; those of the front are marked, and joined by the border of what they dominate.

    Args:
        measured: The trials.
        scores: What counts: two objectives.
        axes: What to draw on.

    Raises:
        ValueError: There are not two.
    """
    if len(scores.goals) != 2:
        names = ", ".join(name or "value" for name, _ in scores.goals)
        raise ValueError(f"the plot 'pareto' is of two objectives, got {names}: say metric=['loss', 'size']")
    axes = canvas("pareto", axes, 6.0, 5.0)
    first, second = outcomes_of(measured, scores)
    good, infeasible = first.good, first.infeasible
    if infeasible.any():
        axes.scatter(
            first.values[infeasible],
            second.values[infeasible],
            s=16,
            facecolors="none",
            edgecolors=PLAIN,
            label="out of bounds",
        )
    places = np.flatnonzero(good)
    costs = np.stack([first.costs[places], second.costs[places]], axis=1)
    front = places[fronts(costs) == 0]
    others = np.setdiff1d(places, front)
    axes.scatter(first.values[others], second.values[others], s=16, color=GOOD, alpha=0.7, label="trial")
    front = front[np.argsort(first.costs[front], kind="stable")]
    # Between two points of a front the border goes on at the height of the one that is better in the first.
    axes.plot(
        first.values[front],
        second.values[front],
        color=BEST,
        marker="o",
        drawstyle="steps-post",
        label="Pareto front",
    )
    drawn = good | infeasible
    fit_scale(axes, first.values[drawn], "x")
    fit_scale(axes, second.values[drawn], "y")
    lost = int(first.lost.sum())
    axes.set(xlabel=first.title, ylabel=second.title, title=f"{lost} failed or NaN" if lost else "")
    axes.legend(fontsize="small")
    return axes
