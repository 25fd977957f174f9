"""What an algorithm is told of results."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.searching.rewards import rewards_of, traced_rewards

KEY = jax.random.key(0)
SPACE = search.space({"x": search.oneof([1.0, float("nan"), 3.0, 9.0])})
DNAS = search.DNA.from_numbers(SPACE.spec, [[0], [1], [2], [3]])


def metrics(exp, key):
    return {"gain": exp["x"], "loss": exp["x"] ** 2}


def rewards(**options):
    return rewards_of(search.evaluate(metrics, SPACE, DNAS, KEY, **options))


def test_more_is_better_and_nan_stays():
    assert rewards(objective="gain", mode="max").tolist()[2:] == [[3.0], [9.0]]
    assert rewards(objective="loss", mode="min")[:, 0].tolist()[2:] == [-9.0, -81.0]
    assert np.isnan(rewards(objective="loss", mode="min")[1])


def test_several_objectives_are_columns():
    assert rewards(objective=["gain", "loss"], mode=["max", "min"])[2].tolist() == [3.0, -9.0]


def fails(exp, key):
    raise OSError("no data")


@pytest.mark.parametrize("objective", [None, "gain", ["gain", "loss"]])
def test_of_what_failed_as_a_whole_there_are_as_many_columns_as_objectives(objective):
    results = search.evaluate(fails, SPACE, DNAS, KEY, objective=objective, mode="min", failures="keep")
    told = rewards_of(results)
    assert told.shape == (4, 2 if isinstance(objective, list) else 1)
    assert np.isnan(told).all()


def test_what_is_out_of_bounds_earns_less_the_further_out():
    one, nan, three, nine = rewards(objective="gain", mode="max", constraints={"loss": 2.0})[:, 0]
    assert one == 1.0
    assert np.isnan(nan)
    assert -np.inf < nine < three < -1e29


@pytest.mark.parametrize(
    "how",
    [
        {"objective": "gain", "mode": "max"},
        {"objective": "loss", "mode": "min", "constraints": {"gain": (2.0, 5.0)}},
        {"objective": ["gain", "loss"], "mode": ["max", "min"], "constraints": {"loss": 2.0}},
        {"objective": "gain", "mode": "max", "constraints": {"loss": (None, -1.0), "gain": (4.0, None)}},
    ],
)
def test_traced_rewards_are_the_same(how):
    results = search.evaluate(metrics, SPACE, DNAS, KEY, **how)
    goal = results.objective
    traced = traced_rewards(
        {name: jax.numpy.asarray(results[name]) for name in results.names},
        goal.goals(None, None, results.names),
        goal.bounds,
    )
    assert traced.dtype == np.float32
    np.testing.assert_array_equal(traced, rewards_of(results))


@pytest.mark.parametrize(
    ("column", "bounds", "out"),
    [
        (np.float32([0.1, 0.09999999]), (None, 0.1), [True, False]),  # float32(0.1) is more than 0.1
        (np.float32([0.3, 0.29999998]), (0.3, None), [False, True]),
        (np.int32([20_000_001, 20_000_000]), (None, 2e7), [True, False]),
        (np.int32([2, 3]), (2.5, 1e12), [True, False]),
        (np.float32([np.nan, 5.0]), (0.0, None), [True, False]),
        (np.bool_([True, False]), (None, 0.5), [True, False]),
    ],
)
def test_bounds_are_exact(column, bounds, out):
    low, high = (-np.inf if bounds[0] is None else bounds[0], np.inf if bounds[1] is None else bounds[1])
    columns = {"gain": jax.numpy.ones(2), "size": jax.numpy.asarray(column)}
    rewards = traced_rewards(columns, [("gain", "max")], {"size": (low, high)})
    assert (rewards[:, 0] < 0).tolist() == out
