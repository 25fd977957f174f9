"""Rewards as people give them."""

import jax.numpy as jnp
import numpy as np
import pytest

from symjax.search.results.objective import Objective
from symjax.search.searching.measurement import metrics_of

ONE = Objective.of("reward")
TWO = Objective.of(["gain", "size"], ["max", "min"])


@pytest.mark.parametrize("reward", [1, 1.0, np.float32(1), jnp.float32(1), jnp.ones(()), [1], (1.0,)])
def test_a_number_is_the_objective(reward):
    assert metrics_of(reward, None, ONE) == {"reward": 1.0}
    assert type(metrics_of(reward, None, ONE)["reward"]) is float


def test_several_objectives_come_in_their_order_or_by_name():
    both = {"gain": 1.0, "size": 2.0}
    assert metrics_of(jnp.array([1.0, 2.0]), None, TWO) == both
    assert metrics_of({"size": 2, "gain": 1}, None, TWO) == both
    assert metrics_of(None, both, TWO) == both
    assert metrics_of((1, 2), {"loss": 3}, TWO) == {**both, "loss": 3.0}


@pytest.mark.parametrize(
    ("reward", "metrics", "objective", "error", "message"),
    [
        (1.0, None, TWO, ValueError, "2 numbers .gain, size., got 1.0"),
        ((1, 2, 3), None, TWO, ValueError, "2 numbers"),
        ({"gain": 1}, None, TWO, ValueError, "lacks size; it has gain$"),
        (None, None, ONE, ValueError, "lacks reward; it has nothing; give a number"),
        ({"accuracy": 0.5}, None, ONE, ValueError, "objective='accuracy'"),
        ("high", None, ONE, TypeError, "reward is a real number, got 'high'"),
        (1j, None, ONE, TypeError, "reward is a real number"),
        (1.0, {"loss": np.ones(2)}, ONE, TypeError, "loss is a real number"),
        (1.0, {3: 1.0}, ONE, TypeError, "the name of a metric"),
        (1.0, {"reward": 2.0}, ONE, ValueError, "given twice: 1.0 and 2.0"),
    ],
)
def test_what_is_no_reward_is_refused(reward, metrics, objective, error, message):
    with pytest.raises(error, match=message):
        metrics_of(reward, metrics, objective)


def test_what_is_constrained_has_to_be_there():
    bounded = Objective.of("gain", "max", {"size": 3.0})
    with pytest.raises(ValueError, match="lacks size"):
        metrics_of(1.0, None, bounded)
    assert metrics_of(1.0, {"size": 4}, bounded) == {"gain": 1.0, "size": 4.0}
