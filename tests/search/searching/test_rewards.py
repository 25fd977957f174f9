"""What an algorithm is told of results."""

import jax
import numpy as np

from symjax import search
from symjax.search.searching.rewards import rewards_of

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


def test_what_is_out_of_bounds_earns_less_the_further_out():
    one, nan, three, nine = rewards(objective="gain", mode="max", constraints={"loss": 2.0})[:, 0]
    assert one == 1.0
    assert np.isnan(nan)
    assert -np.inf < nine < three < -1e29
