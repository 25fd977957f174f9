"""Optuna's samplers behind the protocol."""

import importlib.util
import logging
import math

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA
from symjax.search.algorithms import Optuna
from symjax.search.algorithms.adapters.optuna import distribution_of
from symjax.search.spaces.suggesting import suggestions

optuna = pytest.importorskip("optuna", reason="needs Optuna: pip install symjax-flax[search]")

KEY = jax.random.key(0)
BRANIN = search.space({"x": sj.floatv(-5.0, 10.0), "y": sj.floatv(0.0, 15.0)})
MIXED = search.space(
    {
        "layer": sj.oneof(
            [sj.floatv(1e-3, 1.0, "log"), {"a": sj.intv(0, 9), "b": sj.oneof(["u", "v", "w"])}]
        ),
        "order": sj.permutate(["a", "b", "c"]),
        "set": sj.manyof(2, [1, 2, sj.floatv(0.0, 1.0)], sorted=True),
        "beta": sj.floatv(0.9, 0.999, "rlog"),
        "depth": sj.intv(1, 10, step=4),
    }
)
NEEDS = {"gp": "torch", "cmaes": "cmaes"}


def needing(sampler):
    needed = NEEDS.get(sampler)
    is_there = needed is None or importlib.util.find_spec(needed) is not None
    return pytest.param(sampler, marks=pytest.mark.skipif(not is_there, reason=f"{sampler} needs {needed}"))


SAMPLERS = [needing(name) for name in ("tpe", "gp", "cmaes", "random", "nsga2")]


def branin(tree):
    """Its greatest value is -0.397887, at three places."""
    x, y = tree["x"], tree["y"]
    bowl = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return -(bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10)


def mixed(tree):
    layer = tree["layer"]
    return tree["set"][0] + (layer if isinstance(layer, float) else layer["a"] / 9) - tree["depth"]


def reloaded(state):
    """A state as it comes back from a file: arrays, and nothing else."""
    return jax.tree.map(np.copy, state)


def proposals(algorithm, space, fn, n, batch=1, between=lambda state: state):
    """What is proposed in a search of which some trials fail."""
    state, asked = algorithm.init(space, KEY), []
    for first in range(0, n, batch):
        dnas, state = algorithm.ask(state, jax.random.fold_in(KEY, first), batch)
        asked.append(dnas)
        state = between(state)
        rewards = [math.nan if i % 5 == 3 else fn(space.decode(dna)) for i, dna in enumerate(dnas, first)]
        state = between(algorithm.tell(state, dnas, np.array(rewards)))
    return DNA.concat(asked)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_from_a_saved_state_is_the_uninterrupted_one(sampler):
    algorithm = Optuna(sampler)
    for batch in (4,) if sampler == "gp" else (1, 4):  # a Gaussian process takes its time
        n = 16 if sampler == "gp" else 24
        whole = proposals(algorithm, MIXED, mixed, n, batch)
        assert proposals(algorithm, MIXED, mixed, n, batch, reloaded) == whole
        MIXED.spec.check(whole.choices, whole.floats)


def test_from_one_state_several_searches_go_on():
    algorithm = Optuna("tpe")
    state = algorithm.init(MIXED, KEY)
    for first in range(12):
        dnas, state = algorithm.ask(state, jax.random.fold_in(KEY, first), 1)
        state = algorithm.tell(state, dnas, np.array([mixed(MIXED.decode(dnas[0]))]))
    one, _ = algorithm.ask(state, KEY, 2)
    other, _ = algorithm.ask(state, jax.random.key(1), 2)
    again, _ = algorithm.ask(state, KEY, 2)
    assert one == again != other


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [needing("tpe"), needing("gp"), needing("cmaes")])
def test_samplers_learn(sampler):
    trees = BRANIN.decode(proposals(Optuna(sampler), BRANIN, branin, 100))
    assert max(map(branin, trees)) > {"tpe": -1.0, "gp": -0.41, "cmaes": -1.0}[sampler]


def test_tpe_asks_only_for_what_matters():
    """Each trial of Optuna's has the parameters of the decisions that are active, by their laws."""
    algorithm = Optuna("tpe")
    state = algorithm.init(MIXED, KEY)
    for first in range(15):
        dnas, state = algorithm.ask(state, jax.random.fold_in(KEY, first), 1)
        (study,) = state.own.memo
        trial = study._study.trials[-1]
        expected = dict(suggestions(MIXED.spec, study._choices, study._names, dnas[0]))
        assert trial.params == {parameter.name: value for parameter, value in expected.items()}
        assert trial.distributions == {each.name: distribution_of(each) for each in expected}
        is_float = isinstance(MIXED.decode(dnas[0])["layer"], float)
        assert ("layer[=0/2]" in trial.params, "layer[=1/2].a" in trial.params) == (is_float, not is_float)
        assert trial.system_attrs == {}  # a study that is made anew would not have them
        state = algorithm.tell(state, dnas, np.array([mixed(MIXED.decode(dnas[0]))]))


@pytest.mark.parametrize("sampler", [needing("tpe"), needing("random"), needing("nsga2")])
def test_what_failed_or_is_out_of_bounds_ranks_last(sampler):
    algorithm = Optuna(sampler)
    state = algorithm.init(BRANIN, KEY)
    dnas, state = algorithm.ask(state, KEY, 4)
    state = algorithm.tell(state, dnas, np.array([1.0, math.nan, -1.5e30, math.inf]))
    trials = state.own.memo[0]._study.trials
    complete, pruned = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
    assert [trial.state for trial in trials] == [complete, pruned, pruned, complete]
    assert trials[1].value is None
    assert trials[2].value == pytest.approx(-1.5e30)
    assert trials[3].value > 1e38


def test_tpe_keeps_away_from_what_fails():
    """The half that fails is proposed less often than one time in four, once there is something else.

    A sampler that were told nothing of failures would not know it from what it never tried.
    """
    space = search.space({"x": sj.floatv(-1.0, 1.0)})
    dnas = proposals(
        Optuna("tpe"), space, lambda tree: -abs(tree["x"] + 0.5) if tree["x"] < 0 else math.nan, 40
    )
    assert (dnas.floats[20:] >= 0).mean() < 0.25


def test_what_nobody_asked_for_is_learnt_too():
    algorithm = Optuna("tpe")
    points = BRANIN.sample(KEY, 12)
    rewards = np.array([branin(tree) for tree in BRANIN.decode(points)])
    state = algorithm.tell(algorithm.init(BRANIN, KEY), points, rewards)
    first, _ = algorithm.ask(state, KEY, 1)
    blank, _ = algorithm.ask(algorithm.init(BRANIN, KEY), KEY, 1)
    assert first != blank
    assert algorithm.ask(reloaded(state), KEY, 1)[0] == first


@pytest.mark.parametrize("sampler", [needing("tpe"), needing("nsga2"), needing("random")])
def test_several_objectives(sampler):
    algorithm = Optuna(sampler)
    state = algorithm.init(BRANIN, KEY, objectives=2)
    for first in range(0, 16, 4):
        dnas, state = algorithm.ask(state, jax.random.fold_in(KEY, first), 4)
        rewards = np.stack([-dnas.floats[:, 0], dnas.floats[:, 1]], axis=1)
        rewards[1] = math.nan
        state = algorithm.tell(reloaded(state), dnas, rewards)
    assert len(state.own) == 16


@needing("cmaes").marks[0]
def test_cmaes_knows_no_fronts():
    with pytest.raises(ValueError, match="maximizes one number"):
        Optuna("cmaes").init(BRANIN, KEY, objectives=2)


def with_few_candidates(seed):
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=4, n_ei_candidates=4)


def test_a_sampler_of_ones_own():
    algorithm = Optuna(with_few_candidates)
    whole = proposals(algorithm, MIXED, mixed, 12, 2)
    assert proposals(algorithm, MIXED, mixed, 12, 2, reloaded) == whole
    assert whole != proposals(Optuna("tpe"), MIXED, mixed, 12, 2)


def noting(seed):
    class Noting(optuna.samplers.RandomSampler):
        def after_trial(self, study, trial, state, values):
            study.set_user_attr(str(trial.number), seed)

    return Noting(seed)


def test_a_reward_is_told_with_the_sampler_that_was_asked():
    algorithm = Optuna(noting)
    dnas, state = algorithm.ask(algorithm.init(BRANIN, KEY), KEY, 3)
    state = algorithm.tell(state, dnas, np.zeros(3))
    noted = state.own.memo[0]._study.user_attrs
    assert noted == {str(row): int(seed) for row, seed in enumerate(state.own.seeds)}


def without_a_seed(seed):
    return optuna.samplers.RandomSampler()


def test_a_sampler_without_its_seed_is_told_apart():
    algorithm = Optuna(without_a_seed)
    _, state = algorithm.ask(algorithm.init(BRANIN, KEY), KEY, 2)
    with pytest.raises(RuntimeError, match="does not propose again what it proposed as point 0"):
        algorithm.ask(reloaded(state), KEY, 1)


def test_a_search_runs():
    results = search.run(Optuna(), lambda exp, key: -((exp["x"] - 1) ** 2), BRANIN, 8, KEY, batch=4)
    assert len(results) == 8
    again = search.run(Optuna(), lambda exp, key: -((exp["x"] - 1) ** 2), BRANIN, 8, KEY, batch=4)
    assert results.dnas == again.dnas


def test_a_search_does_not_speak_of_studies_in_memory():
    logger, spoken = logging.getLogger("optuna"), []
    handler = logging.Handler()
    handler.emit = spoken.append
    logger.addHandler(handler)
    try:
        sampler = Optuna("random")
        sampler.ask(sampler.init(search.space(search.floatv(0.0, 1.0)), KEY), KEY, 1)
        assert not spoken
        importlib.import_module("optuna").create_study(study_name="another")
        assert len(spoken) == 1
    finally:
        logger.removeHandler(handler)


def test_settings():
    assert Optuna() == Optuna("tpe") != Optuna("gp")
    assert sj.from_json(sj.to_json(Optuna("gp"))) == Optuna("gp")
    with pytest.raises(ValueError, match="no sampler 'cmaess' here; did you mean 'cmaes'"):
        Optuna("cmaess")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_what_a_sampler_needs_besides_is_said_at_once():
    with pytest.raises(ImportError, match="'gp' needs torch: pip install torch"):
        Optuna("gp").init(BRANIN, KEY)


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match=r"pip install symjax-flax\[search\]"):
        Optuna("random").init(BRANIN, KEY)
