"""A search as a loop of Python."""

import threading

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms import Algorithm

TREE = {"x": search.floatv(-1.0, 1.0), "k": search.oneof([1, 2])}
SPACE = search.space(TREE)
KEY = jax.random.key(0)


class Repeats(Algorithm):
    """Proposes the best that it was told of again, a little lower each time."""

    is_traceable = False
    has_fronts = True

    def start(self, space, key, objectives):
        return np.full((1, objectives), -np.inf, np.float32), np.zeros((1, space.spec.floats), np.float32)

    def propose(self, spec, own, key, n):
        _, best = own
        floats = np.clip(best.repeat(n, 0) + 0.25, -1, 1).astype(np.float32)
        return search.DNA(spec, np.zeros((n, spec.choices), np.int32), floats), own

    def learn(self, spec, own, dnas, rewards):
        height, _ = own
        return (rewards, np.asarray(dnas.floats)) if rewards[0, 0] > height[0, 0] else own


def test_the_algorithm_learns_of_a_trial_before_the_next_one():
    loop = sj.sample(TREE, Repeats(), 4, key=KEY)
    xs = []
    for exp, feedback in loop:
        xs.append(exp["x"])
        feedback(exp["x"] if len(xs) < 3 else float("nan"))
    assert xs == [0.25, 0.5, 0.75, 0.75]
    assert loop.results.ids.tolist() == [0, 1, 2, 3]
    assert loop.results.states.tolist() == ["ok", "ok", "nan", "nan"]
    assert loop.results.best().id == 1


def test_a_skipped_trial_is_told_as_the_least():
    xs = []
    for exp, feedback in sj.sample(SPACE, Repeats(), 3, key=KEY, objective=["a", "b"], mode="max"):
        xs.append(exp["x"])
        feedback.skip("no") if len(xs) == 1 else feedback((exp["x"], 1.0))
    assert xs == [0.25, 0.25, 0.5]


def test_less_may_be_better_and_bounds_hold():
    loop = sj.sample(SPACE, Repeats(), 3, key=KEY, objective="loss", mode="min", constraints={"size": 1.0})
    for exp, feedback in loop:
        feedback(-exp["x"], metrics={"size": 2.0 if feedback.id == 1 else 0.0})
    assert loop.results.dnas.floats[:, 0].tolist() == [0.25, 0.5, 0.5]
    assert loop.results.feasible.tolist() == [True, False, True]
    assert loop.results.best().id == 2


def test_the_same_key_gives_the_same_proposals():
    def proposals(key):
        loop = sj.sample(SPACE, search.algorithms.Random(), 5, key=key)
        for _, feedback in loop:
            feedback(0.0)
        return loop.results.dnas

    assert proposals(KEY) == proposals(KEY)
    assert proposals(KEY) != proposals(jax.random.key(1))


def test_an_iteration_without_feedback_is_an_error():
    loop = sj.sample(SPACE, search.algorithms.Random(), 3, key=KEY)
    with pytest.raises(RuntimeError, match=r"trial 0 ended without feedback: feedback\(reward\)"):
        for _ in loop:
            pass
    trials = iter(loop)
    _, feedback = next(trials)
    feedback.add_measurement(1.0)
    with pytest.raises(RuntimeError, match=r"trial 1 ended without feedback: feedback\.done\(\)"):
        next(trials)
    assert loop.results.states.tolist() == ["pending", "pending"]


def test_a_loop_that_is_left_goes_on():
    loop = sj.sample(SPACE, search.algorithms.Random(), 5, key=KEY)
    for _, feedback in loop:
        feedback(1.0)
        if feedback.id == 1:
            break
    for _, feedback in loop:
        feedback(2.0)
    assert loop.results["reward"].tolist() == [1.0, 1.0, 2.0, 2.0, 2.0]


def test_end_loop_ends_it_for_all():
    loop = sj.sample(SPACE, search.algorithms.Random(), key=KEY)
    for _, feedback in loop:
        feedback(1.0)
        if feedback.id == 2:
            feedback.end_loop()
    assert len(loop.results) == 3
    assert list(loop) == []


class Twice(search.algorithms.Random):
    """Comes to its end after two points."""

    is_traceable = False

    def propose(self, spec, own, key, n):
        if own.drawn == 2:
            raise search.algorithms.Exhausted
        return super().propose(spec, own, key, n)


def test_a_loop_ends_with_its_algorithm():
    loop = sj.sample(SPACE, Twice(), key=KEY)
    for _, feedback in loop:
        feedback(1.0)
    assert len(loop.results) == 2


def test_threads_share_a_loop():
    loop = sj.sample(SPACE, search.algorithms.Random(), 20, key=KEY)
    errors = []

    def work():
        try:
            for exp, feedback in loop:
                feedback(exp["x"])
        except Exception as error:  # noqa: BLE001 - for the main thread
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    results = loop.results
    assert sorted(results.ids.tolist()) == list(range(20))
    assert results.states.tolist() == ["ok"] * 20


class Even(sj.Object):
    """Refuses an odd width."""

    width: int

    def __check__(self):
        if self.width % 2:
            raise ValueError("odd")


def test_what_cannot_be_made_fails_with_a_warning():
    tree = Even(sj.oneof([1, 2]))
    loop = sj.sample(tree, search.algorithms.Random(), 8, key=KEY)

    def work():
        for exp, feedback in loop:
            feedback(float(exp.width))

    with pytest.warns(RuntimeWarning, match=r"cannot be made, and counts as failed: .*odd"):
        work()
    assert loop.results.best().metrics == {"reward": 2.0}
    assert set(loop.results.states.tolist()) == {"ok", "failed"}


def test_what_is_opened_can_be_chosen():
    loop = sj.sample(
        TREE, search.algorithms.Random(), 1, key=KEY, where=lambda v: isinstance(v, search.FloatV)
    )
    exp, _ = next(iter(loop))
    assert isinstance(exp["k"], search.OneOf)


class OneNumber(Repeats):
    """Knows no fronts."""

    has_fronts = False


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((SPACE, "random", 1), {}, TypeError, "sample takes an algorithm, or a study, got 'random'"),
        ((SPACE, search.algorithms.Random(), 1), {"key": 0}, TypeError, r"as jax\.random\.key\(0\) gives"),
        (
            (SPACE, search.algorithms.Random(), 1),
            {"early_stopping": "x"},
            TypeError,
            r"\.Median\(\); got 'x'",
        ),
        ((SPACE, search.algorithms.Random(), 0), {}, ValueError, "at least one trial, got n=0"),
        ((SPACE, search.algorithms.Random(), 1.5), {}, TypeError, "whole number, got n=1.5"),
        ((SPACE, search.algorithms.Random(), 1), {"where": bool}, TypeError, "a space already"),
        (({"x": 1}, search.algorithms.Random(), 1), {}, ValueError, "nothing to decide"),
        ((SPACE, OneNumber(), 1), {"objective": ["a", "b"]}, ValueError, "NSGA2"),
    ],
)
def test_what_is_wrong_is_said_at_once(arguments, options, error, message):
    with pytest.raises(error, match=message):
        sj.sample(*arguments, **{"key": KEY, **options})


def test_who_names_no_algorithm_gets_the_default():
    assert repr(sj.sample(SPACE, None, 1, key=KEY)) == "<SamplingLoop: 0 trials, 0 with feedback>"


def test_nothing_sampled_has_no_results():
    loop = sj.sample(SPACE, search.algorithms.Random(), 1, key=KEY)
    assert loop.trials == ()
    with pytest.raises(ValueError, match="nothing was sampled yet"):
        _ = loop.results
