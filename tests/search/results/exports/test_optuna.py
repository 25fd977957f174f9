"""Results as studies of Optuna, read back by its own functions."""

import datetime
import sqlite3
import sys

import jax
import numpy as np
import pytest

from symjax import optax, search
from symjax.search.results.exports.optuna import Times
from symjax.search.results.objective import Objective

optuna = pytest.importorskip("optuna")
State = optuna.trial.TrialState

SPACE = search.space(
    {
        "optimizer": search.oneof(
            [
                optax.adam(search.floatv(1e-4, 1e-1, "log", name="adam lr")),
                optax.sgd(search.floatv(0.1, 0.9, "reverse_log", name="sgd lr")),
            ],
            name="optimizer",
        ),
        "width": search.intv(8, 30, step=8, name="width"),
        "depth": search.intv(1, 64, scale="log", name="depth"),
        "ops": search.manyof(2, ["flip", "crop", "blur"], name="ops"),
    }
)
KEY = jax.random.key(0)
DNAS = SPACE.sample(KEY, 40)
LOSS = np.linspace(1, 2, 40)[::-1].copy()
LOSS[2] = np.nan
SIZE = np.array([SPACE.values(dna)["width"] for dna in DNAS])


@pytest.fixture(autouse=True, scope="module")
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def results(objective="loss", mode="min", constraints=None):
    return search.Results(
        SPACE,
        DNAS,
        np.arange(40) + 100,
        KEY,
        {"loss": LOSS, "size": SIZE, "curve": np.ones((40, 2))},
        errors={3: ValueError("out of luck")},
        pending=np.arange(40) == 5,
        seconds=np.full(40, 2.0),
        objective=Objective.of(objective, mode, constraints),
    )


def test_trials_are_what_they_were():
    ours, theirs = results(), results().to_optuna()
    assert (theirs.metric_names, theirs.direction.name) == (["loss"], "MINIMIZE")
    for trial, exported in zip(ours, theirs.trials, strict=True):
        assert SPACE.suggest(optuna.trial.FixedTrial(exported.params)) == trial.experiment
        assert exported.user_attrs["decided"] == str(trial.values)
        assert exported.user_attrs["id"] == trial.id
        assert search.DNA.from_string(SPACE.spec, exported.user_attrs["dna"]) == trial.dna
    states = [trial.state for trial in theirs.trials]
    assert (states[2], states[3], states[5]) == (State.FAIL, State.FAIL, State.WAITING)
    assert states.count(State.COMPLETE) == 37
    assert theirs.best_trial.user_attrs["id"] == ours.best().id
    assert theirs.trials[0].user_attrs["curve"] == [1.0, 1.0]
    assert theirs.trials[2].user_attrs["loss"] == "nan"
    assert theirs.trials[3].user_attrs["error"] == "ValueError: out of luck"
    assert "out of luck" in theirs.trials[3].user_attrs["traceback"]
    assert theirs.trials[0].duration == datetime.timedelta(seconds=2)


def test_distributions_are_those_of_the_decisions():
    laws = {name: law for trial in results().to_optuna().trials for name, law in trial.distributions.items()}
    of = optuna.distributions
    assert laws == {
        "optimizer": of.CategoricalDistribution(["adam", "sgd"]),
        "adam lr": of.FloatDistribution(1e-4, 1e-1, log=True),
        "1.0 - sgd lr": of.FloatDistribution(0.1, 0.9, log=True),
        "width": of.IntDistribution(8, 24, step=8),
        "depth": of.IntDistribution(1, 64, log=True),
        "ops[0]": of.CategoricalDistribution([0, 1, 2]),
        "ops[1]": of.CategoricalDistribution([0, 1]),
    }


def test_options_are_texts_as_others_print_them():
    choices = results().to_optuna().trials[0].distributions["optimizer"].choices
    assert repr(choices) == "('adam', 'sgd')"


def test_optuna_goes_on_from_there():
    study = results().to_optuna()
    study.sampler = optuna.samplers.TPESampler(n_startup_trials=5, seed=0)
    waiting, fresh = (SPACE.suggest(study.ask()) for _ in range(2))
    assert waiting == results()[5].experiment  # the trial that waits is the first that it takes
    SPACE.encode(fresh)


def test_several_objectives_and_bounds():
    ours = results(["loss", "size"], ["min", "max"], {"size": 16})
    theirs = ours.to_optuna()
    assert [direction.name for direction in theirs.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert theirs.metric_names == ["loss", "size"]
    front = {trial.user_attrs["id"] for trial in theirs.best_trials}
    assert front == {trial.id for trial in ours.pareto()}
    assert all(trial.user_attrs["size"] <= 16 for trial in theirs.best_trials)


def test_the_best_is_within_the_bounds():
    ours = results(constraints={"size": (9, None)})
    assert ours.to_optuna().best_trial.user_attrs["id"] == ours.best().id
    assert results().best().id != ours.best().id


def test_another_metric_for_this_time():
    study = results().to_optuna(metric="size", mode="max")
    assert (study.metric_names, study.best_value) == (["size"], 24)
    assert study.trials[2].state == State.COMPLETE  # its loss is NaN, its size is not


@pytest.mark.parametrize("file", ["trials.db", "trials.log"])
def test_a_file_that_the_dashboard_opens(tmp_path, file):
    path = tmp_path / file
    few = results()[:6]
    few.to_optuna(path, "widths")
    if file.endswith(".log"):
        backend = optuna.storages.journal.JournalFileBackend(str(path))
        storage = optuna.storages.JournalStorage(backend)
    else:
        storage = f"sqlite:///{path}"
    study = optuna.load_study(study_name="widths", storage=storage)
    assert study.best_trial.params == few.to_optuna().best_trial.params
    assert len(study.trials) == 6
    with pytest.raises(optuna.exceptions.DuplicatedStudyError) as caught:
        few.to_optuna(path, "widths")
    assert "say another name=" in caught.value.__notes__[0]


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_file_of_another_program_stays_as_it_is(tmp_path, form):
    path = tmp_path / "study.db"
    connection = sqlite3.connect(path)
    connection.executescript("pragma application_id = 7; create table trials (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"study\.db is another program's file"):
        results().to_optuna(form.format(path))
    assert path.read_bytes() == before


def test_when_trials_ran():
    start = np.array([1e9, np.nan, *[1e9] * 38])
    study = results().to_optuna(times=Times(start, np.full(40, 1e9 + 5)))
    assert study.trials[0].datetime_start.timestamp() == 1e9
    assert study.trials[0].duration == datetime.timedelta(seconds=5)
    assert study.trials[1].duration == datetime.timedelta(0)


def test_nothing_ran():
    pending = search.Results(SPACE, DNAS[:2], np.arange(2), KEY, None, pending=np.ones(2, bool))
    study = pending.to_optuna()
    assert [trial.state for trial in study.trials] == [State.WAITING] * 2
    assert study.direction.name == "MAXIMIZE"


def test_optunas_own_measure_of_importance():
    pytest.importorskip("sklearn")
    evaluator = optuna.importance.MeanDecreaseImpurityImportanceEvaluator(n_trees=4, max_depth=4, seed=0)
    shares = optuna.importance.get_param_importances(results().to_optuna(), evaluator=evaluator)
    assert set(shares) == {"optimizer", "width", "depth", "ops[0]", "ops[1]"}  # those that all trials have


def test_without_optuna(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match="pip install optuna"):
        results().to_optuna()
