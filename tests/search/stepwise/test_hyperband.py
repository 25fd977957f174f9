"""Hyperband: brackets through the same programs, and what an algorithm is told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.algorithms.algorithm import Exhausted

KEY = jax.random.key(0)
OPTIONS = {"objective": "loss", "mode": "min"}


@pytest.fixture(scope="module")
def tried(descents):
    space, steps = descents
    search.clear_programs()
    return search.hyperband(steps, space, KEY, eta=2, **OPTIONS)


def test_all_brackets_run_as_the_table_says(tried):
    assert [[len(rung) for rung in each.rungs] for each in tried.brackets] == [
        [rung.trials for rung in bracket.rungs] for bracket in search.hyperband_brackets(8, eta=2)
    ]
    assert tried.results.ids.tolist() == list(range(tried.plan.trials))
    assert tried.results.compiled == 2


def test_trials_are_what_their_ids_say(descents, tried):
    """The configurations of all brackets are one stream, and so are their keys."""
    space, steps = descents
    root = tried.results[0].root.data
    last = tried.brackets[1].rungs[-1]
    whole = search.evaluate(
        steps, space, tried.results.dnas, jax.random.wrap_key_data(jnp.asarray(root[0])), **OPTIONS
    )
    np.testing.assert_array_equal(last["loss"], whole["loss"][last.ids])


def test_the_winner_was_never_stopped(tried):
    finalists = [trial for each in tried.brackets for trial in each.rungs[-1]]
    assert tried.best().metrics["loss"] == min(trial.metrics["loss"] for trial in finalists)
    assert tried.best().costs["halving.steps"] == 8
    np.testing.assert_allclose(tried.best_state.state[0], tried.best().metrics["at"])
    assert tried.measurements(tried.best().id)[-1][0] == 8
    with pytest.raises(KeyError, match="no trial"):
        tried.measurements(10**6)


class Told(search.algorithms.Algorithm):
    """Proposes the best rate there is, and remembers how much it was told of."""

    is_traceable = False

    def start(self, space, key, objectives):
        return np.zeros(0, np.float32)

    def propose(self, spec, own, key, n):
        rates = np.linspace(0.05, 0.3, n, dtype=np.float32)[:, None]
        return search.DNA(spec, np.zeros((n, 0), np.int32), rates), own

    def learn(self, spec, own, dnas, rewards):
        TOLD.append((dnas.floats[:, 0].tolist(), rewards[:, 0].tolist()))
        return own


TOLD: list = []


def test_an_algorithm_is_told_of_those_that_were_never_stopped(descents):
    space, steps = descents
    TOLD.clear()
    tried = search.hyperband(steps, space, KEY, algorithm=Told(), eta=2, min_steps=4, **OPTIONS)
    assert len(TOLD) == len(tried.brackets) == 2
    for (rates, rewards), each in zip(TOLD, tried.brackets, strict=True):
        assert rates == each.rungs[-1].dnas.floats[:, 0].tolist()
        np.testing.assert_array_equal(-np.array(rewards, np.float32), each.rungs[-1]["loss"])


class Sometimes(sj.Object):
    kind: str
    rate: float = 0.1

    def init(self, key):
        if self.kind == "broken":
            raise ValueError("broken from the start")
        return jax.random.normal(key)

    def step(self, x):
        return x - self.rate * x

    def metric(self, x):
        return {"loss": x**2}


def test_a_bracket_in_which_all_fail_stops_no_other():
    class Broken(Told):
        def propose(self, spec, own, key, n):
            choices = np.full((n, 1), int(len(own) == 0), np.int32)
            return search.DNA(spec, choices, np.zeros((n, 0), np.float32)), np.ones(1, np.float32)

        def learn(self, spec, own, dnas, rewards):
            TOLD.append((dnas.choices[:, 0].tolist(), rewards[:, 0].tolist()))
            return own

    TOLD.clear()
    space = search.space(Sometimes(search.oneof(["sound", "broken"])))
    tried = search.hyperband(
        search.Steps.of(Sometimes, n=2), space, KEY, algorithm=Broken(), eta=2, **OPTIONS
    )
    assert tried.results.states.tolist() == ["failed"] * 2 + ["ok"] * 2
    assert TOLD[0] == ([1, 1], [-np.inf, -np.inf])
    assert tried.best().values == {"kind": "sound"}


def test_an_interrupt_gives_all_brackets_so_far(descents):
    space, steps = descents

    def interrupt(done, total):
        if done > 24:
            raise KeyboardInterrupt

    with pytest.raises(search.Interrupted) as caught:
        search.hyperband(steps, space, KEY, eta=2, progress=interrupt, **OPTIONS)
    results = caught.value.results
    assert len(results) == 8 + 6
    assert results.states.tolist()[:8] == ["ok"] * 8


def test_what_makes_no_sense_is_refused(descents):
    space, steps = descents
    with pytest.raises(TypeError, match="hyperband takes steps"):
        search.hyperband(len, space, KEY)
    with pytest.raises(ValueError, match="min_steps lies between 1 and the 8 steps"):
        search.hyperband(steps, space, KEY, min_steps=9)


def test_an_algorithm_that_has_no_more_to_propose_ends_it(descents):
    class Three(Told):
        def propose(self, spec, own, key, n):
            if len(own):
                raise Exhausted("three were all")
            return super().propose(spec, own, key, 3)[0], np.ones(1, np.float32)

        def learn(self, spec, own, dnas, rewards):
            return own

    space, steps = descents
    tried = search.hyperband(steps, space, KEY, algorithm=Three(), eta=2, **OPTIONS)
    assert [[len(rung) for rung in each.rungs] for each in tried.brackets] == [[3, 3, 2, 1]]


def test_it_is_exported_as_its_brackets_are(tried):
    pytest.importorskip("optuna")
    theirs = tried.to_optuna()
    assert len(theirs.trials) == len(tried)
    assert theirs.best_trial.user_attrs["id"] == tried.best().id
    assert theirs.best_trial.last_step == 8
