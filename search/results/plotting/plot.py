"""Which plot is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

from symjax.core.errors import known, nearest

from ..measurements import Measurements
from ..objective import Modes
from ..ranking import Scores
from .figures import Axes, Figure, matplotlib_of
from .history import draw_history
from .importance import draw_importance
from .outcomes import scores_of
from .parallel import draw_parallel
from .pareto import draw_pareto

Kind: TypeAlias = Literal["history", "parallel", "importance", "pareto"]
_DRAW: dict[Kind, Callable[[Measurements, Scores, Axes | None], Axes]] = {
    "history": draw_history,
    "parallel": draw_parallel,
    "importance": draw_importance,
    "pareto": draw_pareto,
}


def plot(
    measured: Measurements,
    kind: Kind | None = None,
    metric: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Draws measurements; see `Results.plot`."""
    if kind is not None and kind not in _DRAW:
        said = [f"unknown plot {kind!r};", nearest(str(kind), get_args(Kind)), known(get_args(Kind), "plots")]
        raise ValueError(" ".join(part for part in said if part))
    matplotlib_of(kind or "history")
    scores = scores_of(measured, metric, mode)
    drawn = _DRAW[kind or ("pareto" if len(scores.goals) == 2 else "history")](measured, scores, axes)
    return drawn.figure
