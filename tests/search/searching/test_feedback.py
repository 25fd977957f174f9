"""What a loop is told of a trial."""

import math

import jax
import pytest

import symjax as sj
from symjax import search

SPACE = search.space({"x": search.oneof([0.0, 1.0, 2.0, 3.0])})


def loop_of(n=1, **options):
    return sj.sample(SPACE, search.algorithms.Random(), n, key=jax.random.key(0), **options)


def first(loop):
    return next(iter(loop))


def test_what_counts_is_the_last_measurement():
    loop = loop_of()
    _, feedback = first(loop)
    feedback.add_measurement(0.1)
    feedback.add_measurement(0.2, metrics={"loss": 1.0})
    feedback.add_measurement(0.3, step=10)
    assert [each.step for each in feedback.measurements] == [0, 1, 10]
    assert loop.results.states.tolist() == ["pending"]
    feedback.done()
    (trial,) = loop.trials
    assert [each.metrics["reward"] for each in trial.measurements] == [0.1, 0.2, 0.3]
    assert trial.measurements[1].metrics == {"reward": 0.2, "loss": 1.0}
    assert loop.results["reward"].tolist() == [0.3]
    assert 0 <= trial.measurements[0].seconds <= trial.seconds == loop.results.seconds[0]


def test_steps_go_up():
    _, feedback = first(loop_of())
    feedback.add_measurement(0.1, step=3)
    for step in (3, 2):
        with pytest.raises(ValueError, match=f"step {step} was measured after step 3"):
            feedback.add_measurement(0.2, step=step)
    with pytest.raises(TypeError, match=r"whole number, got 3\.5"):
        feedback.add_measurement(0.2, step=3.5)
    assert len(feedback.measurements) == 1


def test_feedback_comes_once():
    loop = loop_of()
    _, feedback = first(loop)
    feedback(1.0)
    for again in (lambda: feedback(2.0), feedback.done, feedback.skip, lambda: feedback.add_measurement(3.0)):
        with pytest.raises(search.RaceCondition, match="trial 0 has its feedback already"):
            again()
    with feedback.ignore_race_condition():
        feedback(2.0)
    assert loop.results["reward"].tolist() == [1.0]


def test_done_without_a_measurement_says_what_to_do():
    _, feedback = first(loop_of())
    with pytest.raises(ValueError, match=r"nothing was measured of trial 0.*feedback\(reward\)"):
        feedback.done()


def test_a_skipped_trial_has_failed_for_a_reason():
    loop = loop_of(3)
    reasons = ("too slow", ValueError("bad"), None)
    for reason, (_, feedback) in zip(reasons, loop, strict=True):
        feedback.add_measurement(0.5)
        feedback.skip(reason)
    assert loop.results.states.tolist() == ["failed"] * 3
    assert [str(each.error) for each in loop.trials] == ["too slow", "bad", "no reason was given"]
    assert isinstance(loop.results.errors[1], ValueError)
    assert math.isnan(loop.results["reward"][0])


def test_exceptions_that_are_named_skip():
    loop = loop_of(4)
    errors = (ValueError("bad value"), KeyError("x"), ValueError("good value"), None)
    trials = iter(loop)
    for error in errors[:2]:
        _, feedback = next(trials)
        with feedback.skip_on_exceptions((KeyError, (ValueError, "bad .*"))):
            raise error
    _, feedback = next(trials)
    with pytest.raises(ValueError, match="good"), feedback.skip_on_exceptions(((ValueError, "bad .*"),)):
        raise errors[2]
    with feedback.skip_on_exceptions(ValueError):
        feedback(1.0)
    assert loop.results.states.tolist() == ["failed", "failed", "ok"]


def test_what_is_noted_is_kept():
    loop = loop_of()
    _, feedback = first(loop)
    feedback.set_metadata("checkpoint", "a/b")
    feedback(1.0, metadata={"host": "h"})
    feedback.set_metadata("late", True)
    assert loop.trials[0].metadata == {"checkpoint": "a/b", "host": "h", "late": True}
    assert feedback.get_metadata("host") == "h"
    assert feedback.get_metadata("nothing", 3) == 3


def test_a_trial_has_the_key_of_run_and_says_what_was_decided():
    keys = {}

    def fn(exp, key):
        return {"reward": exp["x"], "noise": jax.random.normal(key)}

    loop = loop_of(4)
    for exp, feedback in loop:
        keys[feedback.id] = feedback.key
        feedback(exp["x"], metrics={"noise": float(fn(exp, feedback.key)["noise"])})
        assert feedback.values == exp
    run = search.run(search.algorithms.Random(), fn, SPACE, 4, jax.random.key(0), objective="reward")
    assert loop.results.dnas == run.dnas
    assert loop.results["noise"].tolist() == pytest.approx(run["noise"].tolist(), abs=1e-6)
    assert all((run[i].key == key).all() for i, key in keys.items())


def test_stopping_early_asks_the_policy_about_this_trial_and_the_others():
    loop = loop_of(4, early_stopping=search.early_stopping.ByRank([(1, 1, 2)]), objective="loss", mode="min")
    steps = []
    for loss, (_, feedback) in zip((0.5, 0.6, 0.55, 0.4), loop, strict=True):
        feedback.add_measurement(9.0)
        assert not feedback.should_stop_early()
        feedback.add_measurement(loss)
        steps.append(feedback.should_stop_early())
        feedback.done()
    assert steps == [False, False, True, False]


def test_without_a_policy_stopping_early_is_no_question():
    _, feedback = first(loop_of())
    with pytest.raises(ValueError, match=r"no policy.*early_stopping="):
        feedback.should_stop_early()
