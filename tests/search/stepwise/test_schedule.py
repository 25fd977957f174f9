"""Rungs and brackets: the published table, in whole steps."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax.search.stepwise.schedule import bracket_of, halving_rungs, hyperband_brackets


def test_hyperbands_table():
    """Li et al. 2018, table 1: R = 81, eta = 3."""
    assert [list(map(tuple, bracket.rungs)) for bracket in hyperband_brackets(81)] == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(2, 5), st.data())
def test_rungs_divide_by_eta_down_to_what_is_allowed(n, steps, eta, data):
    least = data.draw(st.integers(1, steps))
    rungs = halving_rungs(n, steps, eta, least).rungs
    assert rungs[0].trials == n
    assert rungs[-1].steps == steps
    assert rungs[0].steps >= least
    for before, after in itertools.pairwise(rungs):
        assert after.trials == before.trials // eta >= 1
        assert before.steps == after.steps // eta
    assert rungs[0].steps // eta < least or rungs[-1].trials < eta


@given(st.integers(1, 3000), st.integers(2, 5), st.data())
def test_all_brackets_end_in_full_training(steps, eta, data):
    least = data.draw(st.integers(1, steps))
    brackets = hyperband_brackets(steps, eta, least)
    assert all(bracket.rungs[-1].steps == steps for bracket in brackets)
    assert all(bracket.rungs[0].steps >= least for bracket in brackets)
    assert [len(bracket.rungs) for bracket in brackets] == list(range(len(brackets), 0, -1))
    assert brackets.budget == sum(bracket.budget for bracket in brackets)


def test_the_budget_counts_each_step_once():
    bracket = bracket_of([(8, 2), (4, 4), (1, 8)])
    assert bracket.segments == (2, 2, 4)
    assert bracket.budget == 8 * 2 + 4 * 2 + 1 * 4
    assert bracket.whole == 64


@pytest.mark.parametrize("rungs", [[], [(4, 2), (8, 4)], [(8, 2), (4, 2)], [(8, 0)], [(8, 1.5)]])
def test_what_is_no_ladder_is_refused(rungs):
    with pytest.raises(ValueError, match="rung"):
        bracket_of(rungs)


def test_one_rung_stops_nobody():
    assert bracket_of([(4, 8)]).budget == bracket_of([(4, 8)]).whole == 32
