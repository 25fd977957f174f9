"""By value, by rank, by the median."""

import math

import pytest

import symjax as sj
from symjax.search import Measurement
from symjax.search.searching.early_stopping import ByRank, ByValue, Median

GOAL = ("reward", "max")


def series(values):
    """Measurements out of values by step."""
    return [Measurement(step, {"reward": value}, 0.0) for step, value in values.items()]


@pytest.mark.parametrize(
    ("values", "stops"),
    [
        ({1: 0.1}, False),  # not there yet
        ({1: 0.1, 2: 0.4}, True),
        ({1: 0.1, 2: 0.5}, False),  # as good as the threshold
        ({3: 0.4}, True),  # the first measurement after the step
        ({2: 0.6, 4: 0.1}, False),  # the next step has not come
        ({2: 0.6, 5: 0.1}, True),
        ({2: 0.1, 5: 0.9}, False),  # it was not stopped, and is now good
        ({2: math.nan}, True),
        ({}, False),
    ],
)
def test_by_value(values, stops):
    assert ByValue([(5, 0.8), (2, 0.5)]).should_stop(series(values), [], GOAL) is stops


def test_less_may_be_better():
    policy = ByValue([(0, 0.5)])
    assert policy.should_stop(series({0: 0.6}), [], ("reward", "min"))
    assert not policy.should_stop(series({0: 0.4}), [], ("reward", "min"))
    assert policy.should_stop(series({0: math.nan}), [], ("reward", "min"))


def others(*values):
    return [series({1: value}) for value in values]


@pytest.mark.parametrize(
    ("rank", "reward", "stops"),
    [
        (2, 0.7, True),
        (2, 0.8, False),  # as good as the second best
        (5, -1.0, False),  # there is no fifth
        (0.5, 0.75, True),  # of four the place floor(3 * 0.5) of the best first: 0.8
        (0.5, 0.8, False),
        (0.0, 0.85, True),  # worse than the best
        (1.0, 0.05, True),  # worse than the worst
        (1.0, 0.1, False),
    ],
)
def test_by_rank(rank, reward, stops):
    history = others(0.1, 0.9, 0.8, 0.7)
    assert ByRank([(1, rank, 4)]).should_stop(series({1: reward}), history, GOAL) is stops


def test_by_rank_waits_for_others_at_the_same_step():
    policy = ByRank([(1, 1, 3), (4, 1, 1)])
    assert not policy.should_stop(series({1: 0.0}), others(0.5, 0.5), GOAL)
    # The third began late: what it measured at step 5 is no history of step 1.
    assert not policy.should_stop(series({1: 0.0}), [*others(0.5, 0.5), series({5: 0.5})], GOAL)
    assert policy.should_stop(series({1: 0.0}), others(0.5, 0.5, 0.5), GOAL)
    # At step 4 what others had at step 1 does not count.
    assert not policy.should_stop(series({1: 0.0, 4: 0.0}), others(0.5, 0.5, 0.5), GOAL)
    assert policy.should_stop(series({1: 0.0, 4: 0.0}), [series({1: 0.0, 4: 0.5})], GOAL)


def test_failed_others_rank_last():
    assert not ByRank([(1, 2, 2)]).should_stop(series({1: 0.0}), others(0.5, math.nan), GOAL)


def test_the_median_rule_compares_the_best_with_running_averages():
    # Averages up to step 2: 1, 2 and 3 (what comes later does not count).
    history = [series({1: mean - 1, 2: mean + 1, 3: 100.0}) for mean in (1.0, 2.0, 3.0)]
    policy = Median(after=1, trials=3)
    assert policy.should_stop(series({1: 1.9, 2: 0.0}), history, GOAL)
    assert not policy.should_stop(series({1: 2.0, 2: 0.0}), history, GOAL)  # its best one, not its last
    assert not policy.should_stop(series({1: 0.0}), history, GOAL)  # too early
    assert not policy.should_stop(series({1: 0.0, 2: 0.0}), history[:2], GOAL)  # too few
    short = [*history[:2], series({1: 3.0})]  # the third did not come as far
    assert not policy.should_stop(series({1: 0.0, 2: 0.0}), short, GOAL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ByValue([]), "at least one step"),
        (lambda: ByValue([(1, 0.5), (1, 0.6)]), "each step once"),
        (lambda: ByRank([(1, 1.5, 3)]), "a share between"),
        (lambda: ByRank([(1, 0, 3)]), "a whole number from 1 on"),
        (lambda: ByRank([(1, 0.5, 0)]), "at least one other trial"),
        (lambda: Median(after=-1), "after"),
    ],
)
def test_settings_that_mean_nothing(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_policies_are_symbolic_and_saved():
    policy = ByValue([(1, 0.5)]) | ByRank([(2, 0.5, 3)]) & ~Median(after=3)
    assert sj.eq(sj.from_json(sj.to_json(policy)), policy)
    assert policy.rebind({"policies[0].steps[0][1]": 0.7}).policies[0] == ByValue([(1, 0.7)])
