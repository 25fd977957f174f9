"""Measurements as people read them."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search import DNA, Results
from symjax.search.results.objective import Objective
from symjax.search.results.plan_summary import PlanSummary
from symjax.search.results.reports import cells_of, records_of, summary_of

SPACE = search.space(
    {"act": search.oneof({"plain": jax.nn.relu, "soft": jax.nn.gelu}), "lr": search.floatv(0, 1)}
)
DNAS = DNA.from_numbers(SPACE.spec, [[0, 0.5], [1, 0.25], [0, 0.1], [1, 0.2]])
NAN = float("nan")


def results_of(**more):
    metrics = {"loss": np.array([[1.0, 2.0], [3.0, 3.0], [0.0, 0.0], [NAN, 1.0]], np.float32)}
    return Results(
        SPACE,
        DNAS,
        np.arange(4) + 10,
        jax.random.key(0),
        metrics,
        repeats=2,
        errors={2: ValueError("out of\nluck")},
        objective=Objective.of("loss", "min", {"loss": 2}),
        **more,
    )


def test_a_table_ranks_and_says_the_state():
    results = results_of()
    cells, right = cells_of(results, results.scores(), 9)
    assert cells == [
        ["rank", "trial", "state", "feasible", "loss ↓", "act", "lr"],
        ["1", "10", "ok", "True", "1.5 ± 0.71", "'plain'", "0.5"],
        ["2", "11", "ok", "False", "3.0 ± 0", "'soft'", "0.25"],
        ["", "13", "nan", "False", "nan ± nan", "'soft'", "0.2"],
        ["", "12", "failed", "False", "", "'plain'", "0.1"],
    ]
    assert right == {0, 1, 4}
    unranked, _ = cells_of(results, None, 2)
    assert [row[:2] for row in unranked] == [["rank", "trial"], ["", "10"], ["", "11"]]


def test_a_summary_says_what_happened():
    plan = PlanSummary("4 configurations → 2 programs")
    assert summary_of(results_of(plan=plan, compiled=2, reused=1)).splitlines() == [
        "Results of 4 configurations → 2 programs",
        "  metrics: loss; means of 2 repeats",
        "  objective: min loss; loss ≤ 2",
        "  programs: 2 compiled, 1 reused",
        "  states: 2 ok, 1 nan, 1 failed",
        "  raised: 1; trial 12: ValueError('out of\\nluck')",
    ]
    assert summary_of(results_of()).startswith("Results of 4 trials")


def test_a_summary_of_several_batches_speaks_of_all_trials():
    results = results_of(plan=PlanSummary("4 configurations → 2 programs"))
    first, second = results[:1], results[1:]
    assert summary_of(first).splitlines()[0] == "Results of 1 trial"
    assert summary_of(second).splitlines()[0] == "Results of 3 trials"
    parts = [
        Results(**{**part.arguments(), "plan": PlanSummary(f"{len(part)} configurations → 1 program")})
        for part in (results[:2], results[2:])
    ]
    assert summary_of(parts[0]).splitlines()[0] == "Results of 2 configurations → 1 program"
    assert summary_of(parts[0] + parts[1]).splitlines()[0] == "Results of 4 trials"
    whole = results_of(plan=PlanSummary("all configurations → 1 program"))
    assert summary_of(whole).startswith("Results of 4 configurations → 1 program")


def test_records_are_flat_and_plain():
    table = records_of(results_of(programs=np.array([0, 1, -1, 1]), seconds=np.array([1.5, 2.5, NAN, 0.5])))
    assert list(table) == [
        "id",
        "state",
        "feasible",
        "act",
        "lr",
        "loss",
        "loss.std",
        "program",
        "seconds",
        "error",
    ]
    assert table["act"] == ["plain", "soft", "plain", "soft"]
    assert table["lr"] == [0.5, 0.25, 0.1, 0.2]
    assert table["loss"] == pytest.approx([1.5, 3, None, NAN], nan_ok=True)
    assert table["program"] == [0, 1, None, 1]
    assert table["seconds"] == [1.5, 2.5, None, 0.5]
    assert table["error"] == [None, None, "ValueError: out of", None]


def test_costs_are_whole_numbers_and_metrics_of_each_trial():
    results = results_of(costs={"cost.parameters": np.array([492.0, 7, NAN, 3])})
    assert results[0].metrics["cost.parameters"] == 492
    assert repr(results[0]).endswith("; ok; loss 1.5 ± 0.71, cost.parameters 492>")
    assert "; ok, infeasible; loss 3.0 ± 0" in repr(results[1])
    assert records_of(results)["cost.parameters"] == [492, 7, None, 3]
    assert [row[5] for row in cells_of(results, results.scores(), 4)[0][1:]] == ["492", "7", "3", ""]


def test_names_do_not_clash():
    space = search.space(
        {"id": search.oneof([1, 2]), "loss": search.oneof([3, 4]), "x": search.oneof([5, 6])}
    )
    metrics = {"loss": np.zeros(2), "state": np.ones(2), "x": np.zeros(2)}
    results = Results(space, space.sample(jax.random.key(0), 2), np.arange(2), jax.random.key(0), metrics)
    assert list(records_of(results)) == [
        *("id", "state", "decision.id", "decision.loss", "decision.x"),
        *("loss", "metric.state", "x", "program", "seconds", "error"),
    ]
    titles = cells_of(results, results.scores("x"), 1)[0][0]
    assert titles == [
        *("rank", "trial", "state", "loss", "metric.state", "x ↑"),
        *("decision.id", "decision.loss", "decision.x"),
    ]
