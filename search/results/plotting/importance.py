"""Bars of how much each decision explains."""

from __future__ import annotations

from ..measurements import Measurements
from ..ranking import Scores
from .effects import effects_of
from .figures import GOOD, Axes, canvas
from .outcomes import only_outcome


def draw_importance(measured: Measurements, scores: Scores, axes: Axes | None = None) -> Axes:
    """A bar for each decision, the one that explains most on top.

    Args:
        measured: The trials.
        scores: What counts: one objective.
        axes: What to draw on.
    """
    outcome = only_outcome(measured, scores, "importance")
    effects = effects_of(measured, scores)
    axes = canvas("importance", axes, 7.0, 1.5 + 0.3 * len(effects))
    bars = axes.barh(range(len(effects)), list(effects.values()), color=GOOD)
    axes.bar_label(bars, [f"{share:.2f}" for share in effects.values()], padding=3, fontsize="small")
    axes.set_yticks(range(len(effects)), list(effects))
    axes.invert_yaxis()
    axes.set_xlim(0, max([*effects.values(), 0.1]) * 1.15)
    axes.set_xlabel(f"share of the variance of ranks of {outcome.title} that the decision explains alone")
    return axes
