"""Policies compose, and say by which metric they go."""

import math

import pytest

from symjax.search import Measurement
from symjax.search.searching.early_stopping import ByValue
from symjax.search.searching.early_stopping.policy import goal_of, height

GOAL = ("reward", "max")


def series(*values, **more):
    return [Measurement(step, {"reward": value, **more}, 0.0) for step, value in enumerate(values)]


def test_policies_compose():
    low, high = ByValue([(0, 0.2)]), ByValue([(0, 0.8)])
    either, both, neither = low | high, low & high, ~high
    middle = series(0.5)
    assert either.should_stop(middle, [], GOAL)
    assert not both.should_stop(middle, [], GOAL)
    assert not neither.should_stop(middle, [], GOAL)
    assert neither.should_stop(series(0.9), [], GOAL)
    assert both == low & high
    assert both != either


def test_what_a_policy_goes_by_it_says_itself_or_the_search_says():
    assert goal_of(None, None, ("loss", "min")) == ("loss", "min")
    assert goal_of("loss", None, ("loss", "min")) == ("loss", "min")
    assert goal_of("accuracy", None, ("loss", "min")) == ("accuracy", "max")
    assert goal_of("loss", "min", None) == ("loss", "min")
    with pytest.raises(ValueError, match="several objectives: say which one"):
        goal_of(None, None, None)


def test_nan_is_the_least_in_both_directions():
    for mode in ("max", "min"):
        assert height(series(math.nan)[0], "reward", mode) == -math.inf
    assert height(series(2.0)[0], "reward", "min") == -2.0
    with pytest.raises(KeyError, match="reward"):
        height(series(1.0)[0], "los", "max")  # the message lists what there is


def test_a_metric_that_was_not_measured_is_named():
    with pytest.raises(KeyError, match="'accuracy'"):
        ByValue([(0, 0.5)], metric="accuracy").should_stop(series(0.5), [], GOAL)
