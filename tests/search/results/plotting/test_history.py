"""The objective of each trial, and the best so far."""

import numpy as np
import pytest

from symjax.search.results.plotting.history import best_so_far
from symjax.search.results.plotting.outcomes import outcomes_of, scores_of

from .drawn import LOSS, label, results

pytest.importorskip("matplotlib")


def test_what_is_drawn():
    (axes,) = results(constraints={"size": 50}).plot("history").axes
    assert label(axes, "trial").get_offsets().tolist() == [[10, 4], [11, 3], [14, 1], [15, 2]]
    assert label(axes, "out of bounds").get_offsets().tolist() == [[16, 0.5]]
    crosses = label(axes, "failed or NaN").get_offsets()
    assert crosses[:, 0].tolist() == [12, 13]
    assert (crosses[:, 1] < 0.1).all()  # shares of the height
    best = label(axes, "best so far")
    assert best.get_xdata().tolist() == list(range(10, 18))
    assert best.get_ydata().tolist() == [4, 3, 3, 3, 1, 1, 1, 1]
    assert axes.get_ylabel() == "loss ↓"


def test_the_direction_counts():
    (axes,) = results(mode="max").plot("history").axes
    assert label(axes, "best so far").get_ydata().tolist() == [4, 4, 4, 4, 4, 4, 4, 4]


def test_in_the_order_in_which_they_ran():
    measured = results()[[5, 4, 1, 0]]
    (axes,) = measured.plot("history").axes
    assert label(axes, "best so far").get_ydata().tolist() == [4, 3, 1, 1]


def test_no_best_before_the_first():
    measured = results(loss=np.where(LOSS == 4, np.nan, LOSS))
    (loss,) = outcomes_of(measured, scores_of(measured, None, None))
    np.testing.assert_array_equal(best_so_far(loss, np.arange(8))[:3], [np.nan, 3, 3])


def test_a_diverged_loss_hides_nothing():
    (axes,) = results(loss=np.where(LOSS == 4, 1e30, LOSS)).plot("history").axes
    assert axes.get_yscale() == "log"
