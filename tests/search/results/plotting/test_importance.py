"""Bars of importance."""

import pytest

from .drawn import results

pytest.importorskip("matplotlib")


def test_a_bar_for_each_decision():
    measured = results()
    (axes,) = measured.plot("importance").axes
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True)) == measured.importance()
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first is on top
    assert "loss ↓" in axes.get_xlabel()
