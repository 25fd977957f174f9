"""Figures of matplotlib that no global state knows of."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ..objective import Floats

Axes: TypeAlias = Any  # matplotlib's, which has no types
Figure: TypeAlias = Any

GOOD, BEST, FAILED, PLAIN = "tab:blue", "tab:orange", "tab:red", "0.6"
_WIDE = 1000.0  # a ratio of the greatest to the least, above which a linear axis shows nothing


def matplotlib_of(plot: str) -> Any:
    """The package, if it is installed.

    Raises:
        ImportError: It is not.
    """
    try:
        import matplotlib  # slow to import, and optional
        import matplotlib.collections
        import matplotlib.colors
        import matplotlib.figure
    except ImportError as error:
        raise ImportError(
            f"the plot {plot!r} needs matplotlib, which is not installed: pip install 'symjax-flax[plot]'; "
            "search.save_results(results, 'results.csv') gives the data to other programs"
        ) from error
    return matplotlib


def canvas(plot: str, axes: Axes | None, width: float = 7.0, height: float = 4.5) -> Axes:
    """The axes to draw on: those, or the only ones of a new figure that `pyplot` does not know of.

    Args:
        plot: What is drawn.
        axes: What a user hands in, or None.
        width: Of a new figure, in inches.
        height: Likewise.
    """
    if axes is not None:
        return axes
    matplotlib = matplotlib_of(plot)
    return matplotlib.figure.Figure(figsize=(width, height), layout="constrained").subplots()


def fit_scale(axes: Axes, values: Floats, axis: str = "y") -> None:
    """Makes an axis logarithmic where a linear one would show nothing but the greatest value.

    Args:
        axes: The axes.
        values: What is drawn on them, without NaN.
        axis: ``'x'`` or ``'y'``.
    """
    if len(values) and values.min() > 0 and values.max() / values.min() >= _WIDE:
        axes.set(**{f"{axis}scale": "log"})


def mark_lost(axes: Axes, places: Floats, label: str) -> None:
    """Crosses at the lower edge of the axes, for what has no height."""
    if len(places):
        heights = np.full(len(places), 0.02)
        where = axes.get_xaxis_transform()  # data along x, shares of the axes along y
        axes.scatter(places, heights, marker="x", color=FAILED, transform=where, label=label, clip_on=False)
