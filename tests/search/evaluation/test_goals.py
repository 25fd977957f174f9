"""What an objective needs of the metrics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.goals import check_objective, costs_in
from symjax.search.results.objective import Objective

SHAPES = {
    "loss": jax.ShapeDtypeStruct((2,), jnp.float32),
    "losses": jax.ShapeDtypeStruct((2, 5), jnp.float32),
    "phase": jax.ShapeDtypeStruct((2,), jnp.complex64),
}


@pytest.mark.parametrize(
    "objective", [Objective(), Objective.of("loss", "min"), Objective.of(["loss", "cost.flops"], "min")]
)
def test_what_is_there_passes(objective):
    check_objective(objective, SHAPES)


def test_a_direction_alone_is_that_of_the_only_metric():
    check_objective(Objective.of(mode="min"), {"loss": SHAPES["loss"]})


@pytest.mark.parametrize(
    ("objective", "error", "message"),
    [
        (Objective.of("los"), KeyError, "the objective.*'los'.*loss"),
        (Objective.of("loss", "min", constraints={"time": 1.0}), KeyError, "the constraint.*'time'"),
        (Objective.of("cost.flop", "min"), KeyError, "the objective.*'cost.flop'.*cost.flops"),
        (Objective.of("losses", "min"), ValueError, r"'losses' is float32\[5\] for each configuration"),
        (Objective.of(mode="min"), ValueError, "mode='min' of which metric.* loss, losses, phase"),
        (Objective.of(constraints={"phase": 1.0}), ValueError, "'phase' is complex64"),
    ],
)
def test_what_is_not(objective, error, message):
    with pytest.raises(error, match=message):
        check_objective(objective, SHAPES)


def test_costs_are_named_once():
    objective = Objective.of(
        "cost.flops", "min", constraints={"cost.flops": 1e9, "cost.bytes": 1e9, "loss": 1.0}
    )
    assert costs_in(objective) == ("cost.flops", "cost.bytes")


def test_costs_are_columns_if_they_are_asked_for():
    space = search.space({"n": search.oneof([2, 40])})
    dnas = search.DNA.from_numbers(space.spec, [[1], [0], [1]])

    def run(exp, key, x):
        return (jnp.ones((exp["n"], 8)) @ x).sum()

    def evaluate(**how):
        return search.evaluate(run, space, dnas, jax.random.key(0), jnp.ones((8, 4)), **how)

    alone = search.cost(run, {"n": 2}, jax.random.key(0), jnp.ones((8, 4)))
    results = evaluate(objective="", constraints={"cost.flops": alone.flops})
    assert results["cost.flops"][1] == alone.flops < results["cost.flops"][0] == results["cost.flops"][2]
    assert results.feasible.tolist() == [False, True, False]
    assert results.best().index == 1
    cheap = evaluate(objective="cost.flops", mode="min")
    assert (cheap.best().index, cheap.best().costs) == (1, {"cost.flops": alone.flops})
    with pytest.warns(RuntimeWarning, match="the largest 'cost.flops' ranks first"):
        assert evaluate(objective="cost.flops").best().index == 0
    assert np.array_equal(evaluate(resume=results)["cost.flops"], results["cost.flops"])
    assert evaluate().costs == {}
