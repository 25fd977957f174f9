"""A study as a loop of Python."""

import importlib.util

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search

from . import lives

KEY = jax.random.key(7)


def loop_over(study, n, stop_after=None):
    """Runs a loop, which ends by an exception after so many trials."""
    loop = sj.sample(lives.SPACE, study, n, key=KEY)
    for count, (exp, feedback) in enumerate(loop):
        if count == stop_after:
            raise KeyboardInterrupt
        feedback.add_measurement(exp["x"], step=1, metrics={"seconds": 0.5})
        feedback.add_measurement(exp["x"] ** 2, step=5)
        feedback.done({"host": "here", "shape": (1, 2)})
    return loop


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


def test_a_loop_is_the_one_in_memory_and_all_of_it_is_in_the_file(path):
    memory = loop_over(lives.Drift(), 6)
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop = loop_over(study, 6)
        assert loop.results.dnas == memory.results.dnas
        assert study.results["reward"].tolist() == memory.results["reward"].tolist()
        first = study.measurements(0)
        assert [each.step for each in first] == [1, 5]
        assert [dict(each.metrics) for each in first] == [
            dict(each.metrics) for each in memory.trials[0].measurements
        ]


def test_a_loop_that_was_stopped_goes_on(path):
    memory = loop_over(lives.Drift(), 6)
    study = search.Study(path, lives.SPACE, lives.Drift())
    with pytest.raises(KeyboardInterrupt):
        loop_over(study, 6, stop_after=3)
    assert study.counts == {"ok": 3, "nan": 0, "failed": 0, "reserved": 1}
    study.close()
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop_over(study, 6)
        assert study.results.dnas == memory.results.dnas
        assert study.counts["reserved"] == 0
        assert list(sj.sample(lives.SPACE, study, 6, key=KEY)) == []


def test_what_a_run_has_left_a_loop_takes_over(path):
    def stop(results):
        raise KeyboardInterrupt

    with pytest.raises(search.Interrupted):
        lives.live(path, 8, stop)
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        done = len(study)
        seen = []
        for _, feedback in sj.sample(lives.SPACE, study, 8, key=KEY):
            seen.append(feedback.id)
            feedback.skip("is not measured here")
        assert sorted({*seen, *study.results.ids.tolist()}) == list(range(8))
        assert len(seen) == 8 - done
        assert study.counts["failed"] == len(seen)


def test_another_space_objective_or_algorithm_is_refused(path):
    with search.Study(path, lives.SPACE, lives.Drift(), **lives.OPTIONS) as study:
        with pytest.raises(search.StudyError, match="another space"):
            sj.sample(lives.FLAT, study, 4, key=KEY)
        with pytest.raises(search.StudyError, match="begun with the objective max y"):
            sj.sample(lives.SPACE, study, 4, key=KEY, objective="z", mode="max")
    with pytest.raises(TypeError, match="sample takes an algorithm"):
        sj.sample(lives.SPACE, "random", 4, key=KEY)


def test_metadata_stands_in_the_file(path):
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        loop_over(study, 1)
        assert study.records()[0]["metadata"] == {"host": "here", "shape": [1, 2]}


def test_what_is_noted_later_stands_in_the_file_too(path):
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        for _, feedback in sj.sample(None, study, 1, key=KEY):  # over the study's own space
            feedback(1.0, metadata={"host": "here"})
            feedback.set_metadata("checked", True)
        assert study.records()[0]["metadata"] == {"host": "here", "checked": True}


def stopped(study, n):
    """After how many steps each trial of a loop was stopped."""
    policy = search.early_stopping.Median(after=0)
    steps = {}
    for exp, feedback in sj.sample(lives.SPACE, study, n, key=KEY, early_stopping=policy):
        for step in range(4):
            feedback.add_measurement(exp["x"] * step, step=step)
            if feedback.should_stop_early():
                break
        steps[feedback.id] = step
        feedback.done()
    return steps


def test_a_loop_that_goes_on_stops_early_as_one_that_was_never_stopped(path):
    expected = stopped(lives.Drift(), 8)
    assert 0 < sum(step == 3 for step in expected.values()) < 8
    for n in (4, 8):
        with search.Study(path, lives.SPACE, lives.Drift()) as study:
            assert stopped(study, n).items() <= expected.items()
            column = study.results["sample.stopped"]
            exported = study.to_optuna() if n == 8 and importlib.util.find_spec("optuna") else None
    early = [step < 3 for _, step in sorted(expected.items())]
    assert column[np.array(early)].all()
    if exported is not None:
        pruned = [trial.state.name == "PRUNED" for trial in exported.trials]
        assert pruned == column.astype(bool).tolist()


def test_what_others_measure_meanwhile_counts(path):
    policy = search.early_stopping.Median(trials=1)
    with search.Study(path, lives.SPACE, lives.Drift()) as one, search.Study(path) as two:
        loop = iter(sj.sample(None, one, 8, key=KEY, early_stopping=policy))
        answers = []
        for _ in range(3):
            _, feedback = next(loop)
            feedback.add_measurement(-1.0, step=1)
            answers.append(feedback.should_stop_early())
            feedback.skip("does not count")
            _, feedback = next(iter(sj.sample(None, two, 8, key=KEY)))
            feedback(1.0, step=1)
        assert answers == [False, True, True]  # not worse than its own ones alone


def test_optuna_gets_what_was_measured_and_why_it_was_skipped(path):
    optuna = pytest.importorskip("optuna")
    with search.Study(path, lives.SPACE, lives.Drift()) as study:
        for exp, feedback in sj.sample(lives.SPACE, study, 3, key=KEY):
            if feedback.id == 1:
                feedback.skip("does not fit")
                continue
            for step in range(2 + feedback.id):
                feedback.add_measurement(exp["x"] + step, step=step)
            feedback.done()
        exported = study.to_optuna()
        first, skipped, last = exported.trials
        assert (
            first.intermediate_values
            == dict(study.courses[0])
            == {each.step: each.metrics["reward"] for each in study.measurements(0)}
        )
        assert len(last.intermediate_values) == 4
        assert skipped.state is optuna.trial.TrialState.FAIL
        assert "does not fit" in skipped.user_attrs["error"]
        assert exported.best_trial.user_attrs["id"] == study.best().id
