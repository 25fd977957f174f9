"""What counts, said once."""

import json

import numpy as np
import pytest

from symjax.search.results.objective import Objective

INF = float("inf")


def test_reads_what_a_user_says():
    assert Objective.of() == Objective() == Objective((), (), {})
    assert Objective.of("loss", "min") == Objective(("loss",), ("min",), {})
    assert Objective.of(["a", "b"], "min").modes == ("min", "min")
    assert Objective.of(["a", "b"], ["min", "max"]).modes == ("min", "max")
    bounds = {"a": 3, "b": (1, 2), "c": (None, 2.0), "d": (1, None)}
    assert Objective.of(constraints=bounds).bounds == {
        "a": (-INF, 3.0),
        "b": (1.0, 2.0),
        "c": (-INF, 2.0),
        "d": (1.0, INF),
    }


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("loss", "best"), ValueError, "'max' or 'min', got 'best'"),
        ((["a", "b"], ["min"]), ValueError, r"2 objectives \(a, b\) and 1 mode$"),
        ((["a", "a"],), ValueError, "counts once"),
        (([0],), TypeError, "name of a metric, got 0"),
        (("a", "max", {"b": "big"}), TypeError, "constraint on 'b'.*upper bound"),
        (("a", "max", {"b": (1, 2, 3)}), TypeError, "constraint on 'b'"),
        (("a", "max", {"b": (2, 1)}), ValueError, r"nothing is within the constraint on 'b', \[2.0, 1.0\]"),
        (("a", "max", {"b": float("nan")}), ValueError, "nothing is within"),
    ],
)
def test_refuses_what_cannot_be_meant(arguments, error, message):
    with pytest.raises(error, match=message):
        Objective.of(*arguments)


def test_what_there_is_not_is_refused_by_name():
    objective = Objective.of("los", constraints={"parameters": 3})
    with pytest.raises(
        KeyError, match="the objective is not among the metrics: no metric 'los'; did you mean 'loss'"
    ):
        objective.check(["loss", "parameters"])
    with pytest.raises(KeyError, match="the constraint is not among the metrics: no metric 'parameters'"):
        objective.check(["los"])
    objective.check(["los", "parameters"])


def test_a_direction_without_a_metric_has_a_text():
    assert str(Objective.of(mode="min")) == "min"


def test_goals_of_one_ranking():
    stated = Objective.of(["loss", "size"], ["min", "max"])
    assert stated.goals(None, None, ["loss", "size", "x"]) == [("loss", "min"), ("size", "max")]
    assert stated.goals("loss", None, []) == [("loss", "min")]
    assert stated.goals("loss", "max", []) == [("loss", "max")]
    assert stated.goals("x", None, []) == [("x", "max")]
    assert stated.goals(["x", "loss"], None, []) == [("x", "max"), ("loss", "min")]
    assert Objective.of(mode="min").goals(None, None, ["only"]) == [("only", "min")]
    assert Objective().goals(None, "min", ["only"]) == [("only", "min")]
    with pytest.raises(ValueError, match="say which metric to rank by: a, b; or once and for all"):
        Objective().goals(None, None, ["a", "b"])


def test_violation_is_in_shares_of_the_bounds():
    objective = Objective.of(constraints={"flops": 1000, "accuracy": (0.5, None), "drift": (0, 0)})
    columns = {
        "flops": np.array([1000.0, 1100, 1000, 900, np.nan]),
        "accuracy": np.array([0.5, 1, 0.25, 1, 1]),
        "drift": np.array([0.0, 0, 0, -2, 0]),
    }
    np.testing.assert_allclose(objective.violation(columns, 5), [0, 0.1, 0.5, 2, INF])
    assert (objective.violation({}, 2) == INF).all()
    assert (Objective().violation({}, 2) == 0).all()


def test_a_loss_that_is_to_be_large_is_warned_of():
    for name in ("loss", "eval/loss", "val_error", "test-nll", "perplexity", "RMSE", "cost.flops"):
        with pytest.warns(RuntimeWarning, match="largest .* say mode='min'"):
            assert Objective.of(name) == Objective.of(name, "max")
    with pytest.warns(RuntimeWarning, match="the largest 'loss' ranks first"):
        assert Objective().goals(None, None, ["loss"]) == [("loss", "max")]
    assert Objective.of("neg_loss").modes == Objective.of("accuracy").modes == ("max",)
    assert Objective.of(mode="min").goals("loss", None, ["loss"]) == [("loss", "min")]


def test_an_objective_comes_back_from_its_record():
    for goal in (
        Objective(),
        Objective.of(None, "min"),
        Objective.of(["loss", "accuracy"], ["min", "max"], {"drift": (None, 1.0), "flops": (2.0, 3.0)}),
    ):
        assert Objective.of_record(json.loads(json.dumps(goal.to_record(), allow_nan=False))) == goal
