"""Figures without global state."""

import sys

import numpy as np
import pytest

from symjax.search.results.plotting import figures

pytest.importorskip("matplotlib")


def test_a_new_figure_is_unknown_to_pyplot():
    from matplotlib import pyplot

    axes = figures.canvas("history", None)
    assert pyplot.get_fignums() == []
    assert figures.canvas("history", axes) is axes


@pytest.mark.parametrize(
    ("values", "scale"), [([1, 999], "linear"), ([1, 1000], "log"), ([-1, 1000], "linear"), ([], "linear")]
)
def test_an_axis_is_logarithmic_where_a_linear_one_shows_nothing(values, scale):
    axes = figures.canvas("history", None)
    figures.fit_scale(axes, np.array(values, float))
    assert axes.get_yscale() == scale


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # Python's own way to say that there is none
    with pytest.raises(ImportError, match=r"'pareto' needs matplotlib.*pip install 'symjax-flax\[plot\]'"):
        figures.matplotlib_of("pareto")
