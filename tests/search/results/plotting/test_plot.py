"""Which plot is drawn."""

import jax
import numpy as np
import pytest

from symjax import search

from .drawn import results

matplotlib = pytest.importorskip("matplotlib")


def test_on_axes_of_ones_own():
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert results().plot("history", axes=left) is figure
    assert results().plot("importance", "size", "max", right) is figure
    assert left.get_ylabel() == "loss ↓"
    assert "size ↑" in right.get_xlabel()


def test_an_unknown_plot():
    with pytest.raises(ValueError, match="unknown plot 'histroy'; did you mean 'history'"):
        results().plot("histroy")


def test_nothing_to_draw():
    space = search.space({"x": search.floatv(0.0, 1.0)})
    dnas = space.sample(jax.random.key(0), 2)
    failed = search.Results(
        space, dnas, np.arange(2), jax.random.key(0), None, errors={0: KeyError("a"), 1: KeyError("b")}
    )
    with pytest.raises(
        ValueError, match=r"nothing to draw of 2 trials: all failed, the first by KeyError\('a'\)"
    ):
        failed.plot()
    pending = search.Results(space, dnas, np.arange(2), jax.random.key(0), None, pending=np.ones(2, bool))
    with pytest.raises(ValueError, match="none ran yet"):
        pending.importance()
