"""Parallel coordinates."""

import io

import jax
import numpy as np
import pytest

from symjax import search

from .drawn import results

pytest.importorskip("matplotlib")


def drawn(measured, **how):
    host, *others = measured.plot("parallel", **how).axes
    return host, others[: len(measured.space.spec.points)], host.collections


def test_lines_have_gaps_and_the_colour_of_the_objective():
    host, _, (lost, _, lines, dots) = drawn(results())
    segments = [path.vertices for path in lines.get_paths()]  # the best comes last, on top
    assert lines.get_array().tolist() == [4, 3, 2, 1, 0.5]
    np.testing.assert_allclose(segments[0], [[0, 0.25], [1, np.nan], [2, 0]])
    np.testing.assert_allclose(segments[1], [[0, 0.75], [1, 0.5], [2, 1 / 7]])  # a log scale from 1 to 100
    assert len(lost.get_paths()) == 2
    assert dots.get_offsets().shape == (15, 2)
    assert [tick.get_text() for tick in host.get_xticklabels()] == ["act", "slope", "row"]


def test_axes_have_the_scales_of_decisions():
    _, (act, slope, row), _ = drawn(results())
    assert [tick.get_text() for tick in act.get_yticklabels()] == ["relu", "gelu"]
    assert (slope.get_yscale(), slope.get_ylim()) == ("log", (1, 100))
    assert (row.get_yscale(), row.get_ylim()) == ("linear", (0, 7))


def test_a_reverse_logarithmic_scale_mirrors_a_logarithmic_one():
    space = search.space(search.floatv(0.5, 0.999, "reverse_log"))
    dnas = search.DNA.from_numbers(space.spec, [[0.5], [space.choices[0].at(0.25)], [0.999]])
    measured = search.Results(space, dnas, np.arange(3), jax.random.key(0), np.arange(3.0))
    _, _, (lines, _) = drawn(measured)
    heights = np.sort([path.vertices[0, 1] for path in lines.get_paths()])
    np.testing.assert_allclose(heights, [0, 0.25, 1], atol=1e-5)


def test_a_diverged_trial_takes_no_colours():
    loss = np.array([*np.linspace(1, 2, 30), 1e30])
    space = search.space(search.floatv(0.0, 1.0))
    dnas = space.sample(jax.random.key(0), 31)
    measured = search.Results(space, dnas, np.arange(31), jax.random.key(0), loss)
    _, _, (lines, _) = drawn(measured, mode="min")
    assert lines.norm.vmax < 2


def test_what_is_out_of_bounds_is_grey():
    _, _, collections = drawn(results(constraints={"size": 50}))
    assert [len(each.get_paths()) for each in collections[::2]] == [2, 1, 4]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_it_is_written(kind):
    file = io.BytesIO()
    results().plot("parallel").savefig(file, format=kind)
    assert len(file.getvalue()) > 5000
