"""Parallel coordinates: an axis for each decision, a line for each trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..measurements import Measurements
from ..objective import Floats
from ..ranking import Scores
from .coordinates import Coordinate, coordinates, numbers_of
from .figures import FAILED, PLAIN, Axes, canvas, matplotlib_of
from .outcomes import Outcomes, only_outcome

_LONGEST = 16  # characters of a tick's text
_BAD = 10.0  # per cent of the trials, the worst, that share one colour: a diverged one would take all others'


def draw_parallel(measured: Measurements, scores: Scores, axes: Axes | None = None) -> Axes:
    """A line for each trial across the axes of the decisions, by its objective's colour.

    An axis has the scale of its decision. Where a decision does not matter, the line has a gap.

    Args:
        measured: The trials.
        scores: What counts: one objective.
        axes: What to draw on: the axes of decisions share its place.
    """
    matplotlib = matplotlib_of("parallel")
    outcome = only_outcome(measured, scores, "parallel")
    columns = coordinates(measured.space)
    numbers = numbers_of(measured.dnas, columns)
    axes = canvas("parallel", axes, max(5.0, 1.5 + 1.3 * len(columns)), 4.5)
    rulers = [_ruler(axes, place, column, numbers[:, place]) for place, column in enumerate(columns)]
    heights = _heights(axes, rulers, numbers)
    axes.set(xlim=(-0.1, max(len(columns) - 0.9, 0.1)), ylim=(0, 1), yticks=[])
    axes.set_xticks(range(len(columns)), [column.name for column in columns], rotation=20, ha="right")
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)
    lines = _draw_lines(matplotlib, axes, outcome, heights)
    worse = "min" if outcome.mode == "max" else "max"
    axes.figure.colorbar(lines, ax=[axes, *rulers], label=outcome.title, extend=worse)
    return axes


def _ruler(host: Axes, place: int, column: Coordinate, numbers: Floats) -> Axes:
    """The axis of a decision, at its place."""
    ruler = host.twinx()
    for side in ("left", "top", "bottom"):
        ruler.spines[side].set_visible(False)
    ruler.spines["right"].set_position(("data", place))
    if column.labels is not None:
        ruler.set_ylim(-0.5, len(column.labels) - 0.5)
        ruler.set_yticks(range(len(column.labels)), [_short(label) for label in column.labels])
        return _readable(ruler)
    low, high = _ends(column, numbers)
    if column.scale == "log":
        ruler.set_yscale("log")
    elif column.scale == "reverse_log":
        ruler.set_yscale("function", functions=_mirrored(low, high))
    ruler.set_ylim(low, high)
    return _readable(ruler)


def _readable(ruler: Axes) -> Axes:
    """The same, with a light ground behind the numbers, which lines run through."""
    for tick in ruler.get_yticklabels():
        tick.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5})
    return ruler


def _mirrored(low: float, high: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """A reverse logarithmic scale and its inverse: mirror images of numbers lie on a logarithmic one."""

    def forward(numbers: Any) -> Any:
        return -np.log(np.maximum(low + high - np.asarray(numbers, np.float64), low * 1e-3))

    def backward(heights: Any) -> Any:
        return low + high - np.exp(-np.asarray(heights, np.float64))

    return forward, backward


def _ends(column: Coordinate, numbers: Floats) -> tuple[float, float]:
    """The least and the greatest number: of the decision, or else of the trials."""
    seen = numbers[~np.isnan(numbers)]
    low = column.low if column.low is not None else (seen.min() if len(seen) else 0.0)
    high = column.high if column.high is not None else (seen.max() if len(seen) else 1.0)
    return float(low), float(high) if high > low else float(low) + 1.0


def _heights(host: Axes, rulers: Sequence[Axes], numbers: Floats) -> Floats:
    """Where the numbers lie, as shares of the axes' height, [n, k]."""
    heights = np.full(numbers.shape, np.nan)
    for place, ruler in enumerate(rulers):
        transform = ruler.yaxis.get_transform()
        low, high = transform.transform(np.array(ruler.get_ylim()))
        heights[:, place] = (transform.transform(numbers[:, place]) - low) / (high - low)
    return heights


def _draw_lines(matplotlib: Any, axes: Axes, outcome: Outcomes, heights: Floats) -> Any:
    """Draws the lines, the best on top, and gives those that have a colour of their objective."""
    for rows, color, style in ((outcome.lost, FAILED, ":"), (outcome.infeasible, PLAIN, "-")):
        if rows.any():
            _draw(matplotlib, axes, heights[rows], color=color, linestyles=style, linewidths=0.8, alpha=0.6)
    good = np.flatnonzero(outcome.good)
    good = good[np.argsort(-outcome.costs[good], kind="stable")]
    worst = np.percentile(outcome.costs[good], 100 - _BAD) if len(good) else 0.0
    best = outcome.costs[good].min() if len(good) else 0.0
    ends = sorted((-worst, -best) if outcome.mode == "max" else (best, worst))
    return _draw(
        matplotlib,
        axes,
        heights[good],
        array=outcome.values[good],
        cmap="viridis" if outcome.mode == "max" else "viridis_r",
        norm=matplotlib.colors.Normalize(*ends, clip=True),
        linewidths=1.2,
    )


def _draw(matplotlib: Any, axes: Axes, heights: Floats, **style: Any) -> Any:
    """A line for each row, with a dot on each axis: else a number between two gaps would not be seen."""
    places = np.arange(heights.shape[1], dtype=np.float64)
    lines = matplotlib.collections.LineCollection(
        [np.stack([places, row], axis=1) for row in heights], **style
    )
    axes.add_collection(lines)
    across = np.broadcast_to(places, heights.shape)
    same = {name: style[name] for name in ("color", "cmap", "norm") if name in style}
    colors = np.broadcast_to(style["array"][:, None], heights.shape).ravel() if "array" in style else None
    axes.scatter(across.ravel(), heights.ravel(), s=6, c=colors, zorder=2, **same)
    return lines


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
