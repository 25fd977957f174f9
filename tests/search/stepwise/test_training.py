"""What training is asked for: before the first step."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.requests import Request
from symjax.search.results.objective import Objective
from symjax.search.stepwise.training import Where, check_steps, drawn, own_key, planned

KEY = jax.random.key(0)


def _request(space, n, objective=None):
    return Request(
        space, drawn(space, n, KEY), np.arange(n, dtype=np.uint32), KEY, 1, objective or Objective(), ""
    )


def test_one_width_of_vectorized_lanes_serves_all_segments(descents):
    space, steps = descents
    objective = Objective.of("loss", "min")
    device = jax.devices()[0]
    many = planned(steps, _request(space, 64, objective), (), Where("vmap", devices=device), [(64, 8)])[0]
    few = planned(
        steps, _request(space, 64, objective), (), Where("vmap", devices=device), [(64, 1), (2, 1000)]
    )[0]
    assert many.widths == (8,)
    assert few.widths == (2,)
    fixed = planned(steps, _request(space, 64, objective), (), Where("vmap", 32, device), [(2, 8)])[0]
    assert fixed.widths == (32,)


def test_the_only_metric_is_the_objective(descents):
    space, _ = descents
    steps = search.Steps(lambda exp, key: exp.rate, lambda x: x, lambda x: {"y": x}, n=2)
    _, request = planned(steps, _request(space, 2), (), Where(), [(2, 2)])
    assert request.objective == Objective.of("y")


def test_several_metrics_without_an_objective_are_refused(descents):
    space, steps = descents
    with pytest.raises(ValueError, match="say which metric to rank by"):
        planned(steps, _request(space, 2), (), Where(), [(2, 2)])


def test_keys_beside_the_trials_are_their_own():
    data = {tuple(jax.random.key_data(own_key(KEY, number)).tolist()) for number in range(8)}
    trials = {tuple(jax.random.key_data(jax.random.fold_in(KEY, number)).tolist()) for number in range(8)}
    assert len(data) == 8
    assert not data & trials


def test_steps_are_steps():
    with pytest.raises(TypeError, match="of which it runs some at a time"):
        check_steps(len, "pbt")
    with pytest.raises(ValueError, match="at least one step, got n=0"):
        check_steps(search.Steps(len, len, len, n=0), "pbt")
