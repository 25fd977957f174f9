"""What came of halving, when it did not come to its end."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.stepwise.halving_results import gathered

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def evaluated():
    space = search.space({"x": search.floatv(0.0, 1.0)})
    return search.evaluate(lambda exp, key: {"y": exp["x"]}, space, space.sample(KEY, 4), KEY)


def test_a_rung_that_was_cut_off_counts_for_those_that_finished_it(evaluated):
    results = search.Results(**{**evaluated.arguments(), "pending": np.array([False, False, False, True])})
    places = np.array([1, 3])
    second = search.Results(
        **{**evaluated[places].arguments(), "pending": np.array([False, True]), "metrics": {"y": np.ones(2)}}
    )
    whole = gathered([(np.arange(4), results), (places, second)], [2, 4], evaluated)
    assert whole["halving.steps"].tolist() == [2, 4, 2, 0]
    assert whole["halving.rung"].tolist() == [0, 1, 0, -1]
    assert whole["y"].tolist()[:3] == [evaluated["y"][0], 1.0, evaluated["y"][2]]
    assert whole.states.tolist() == ["ok", "ok", "ok", "pending"]


def test_nothing_ran_yet(evaluated):
    assert gathered([], [2, 4], evaluated).states.tolist() == ["pending"] * 4


def test_nobody_was_measured_under_another_name(descents):
    space, steps = descents
    halved = search.halving(steps, space, 4, KEY, objective="loss", mode="min", rungs=[(4, 4), (2, 8)])
    assert repr(halved).startswith("<HalvingResults: 4 → 2 of 4 configurations; 4 × 4 → 2 × 8 steps")
    assert len(halved.measurements(halved.best().id)) == 2
    with pytest.raises(KeyError, match="no trial 9"):
        halved.measurements(9)


def test_what_was_stopped_is_pruned_in_optuna(descents):
    optuna = pytest.importorskip("optuna")
    space, steps = descents
    halved = search.halving(steps, space, 4, KEY, objective="loss", mode="min", rungs=[(4, 4), (2, 8)])
    theirs = halved.to_optuna()
    states = [trial.state.name for trial in theirs.trials]
    assert states == ["COMPLETE" if len(halved.measurements(id)) == 2 else "PRUNED" for id in range(4)]
    assert states.count("PRUNED") == 2
    for trial in theirs.trials:
        measured = halved.measurements(trial.user_attrs["id"])
        assert trial.intermediate_values == {step: pytest.approx(m["loss"]) for step, m in measured}
    assert theirs.best_trial.user_attrs["id"] == halved.best().id
    assert theirs.direction == optuna.study.StudyDirection.MINIMIZE
