"""Two objectives and their front."""

import pytest

from .drawn import label, results

pytest.importorskip("matplotlib")


def test_what_is_drawn():
    measured = results(["loss", "size"])
    (axes,) = measured.plot("pareto").axes
    front = label(axes, "Pareto front")
    points = list(zip(front.get_xdata(), front.get_ydata(), strict=True))
    assert points == [(0.5, 99), (1, 4), (3, 2), (4, 1)]
    assert sorted(points) == sorted((t.metrics["loss"], t.metrics["size"]) for t in measured.pareto())
    assert label(axes, "trial").get_offsets().tolist() == [[2, 9]]
    assert axes.get_title() == "2 failed or NaN"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("loss ↓", "size ↓")


def test_it_is_what_two_objectives_are_drawn_as():
    assert results(["loss", "size"]).plot().axes[0].get_ylabel() == "size ↓"
    assert results().plot().axes[0].get_xlabel() == "trial"


def test_directions_and_bounds():
    (axes,) = results(["loss", "size"], ["max", "min"], {"size": (2, None)}).plot("pareto").axes
    front = label(axes, "Pareto front")
    assert list(zip(front.get_xdata(), front.get_ydata(), strict=True)) == [(3, 2)]
    assert label(axes, "out of bounds").get_offsets().tolist() == [[4, 1]]


def test_one_objective_has_no_front():
    with pytest.raises(ValueError, match="'pareto' is of two objectives, got loss"):
        results().plot("pareto")
