"""What came of the trials of a loop."""

import jax
import pytest

import symjax as sj
from symjax import search
from symjax.search import algorithms, early_stopping

HEIGHTS = [(0.1, 0.9), (0.9, 0.9), (0.2,), (0.9, 0.1)]  # of four trials, by step


def loop_of(policy):
    """Trials with these heights; the first one is told to stop, and goes on all the same."""
    space = search.space({"x": search.floatv(0.0, 1.0)})
    loop = sj.sample(
        space, algorithms.Random(), 4, key=jax.random.key(0), objective="height", early_stopping=policy
    )
    for _, feedback in loop:
        for step, height in enumerate(HEIGHTS[feedback.id]):
            feedback.add_measurement(height, metrics={"seconds": 1.0})
            if policy is not None and (feedback.id, step) != (0, 1) and feedback.should_stop_early():
                feedback.set_metadata("asked to stop", step)
        feedback.done()
    return loop


@pytest.fixture(scope="module")
def stopped():
    return loop_of(early_stopping.ByValue([(0, 0.5), (1, 0.5)]))


def test_what_was_stopped_early_is_a_column(stopped):
    assert stopped.results["sample.stopped"].tolist() == [0, 0, 1, 1]
    assert [trial.is_stopped for trial in stopped.trials] == [False, False, True, True]
    assert stopped.results.best().metrics["sample.stopped"] == 0
    assert "sample.stopped" not in loop_of(None).results.columns


def test_measurements_and_notes_are_kept(stopped):
    assert [each.metrics["height"] for each in stopped.measurements(3)] == [0.9, 0.1]
    assert stopped.trials[2].metadata == {"asked to stop": 0}
    with pytest.raises(KeyError, match="no trial 4 among 4"):
        stopped.measurements(4)


def test_optuna_gets_curves_and_what_was_stopped_is_pruned(stopped):
    pytest.importorskip("optuna")
    trials = stopped.to_optuna().trials
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE", "PRUNED", "PRUNED"]
    assert trials[3].intermediate_values == {0: 0.9, 1: 0.1}
    assert {trial.state.name for trial in loop_of(None).to_optuna().trials} == {"COMPLETE"}
