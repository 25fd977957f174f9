"""A study as people look at it."""

import csv
import importlib
import json

import jax
import numpy as np
import pytest

from symjax import search

SPACE = search.space(
    {"x": search.floatv(0.0, 1.0, name="x"), "kind": search.oneof(["a", {"b": search.intv(1, 4, name="n")}])}
)


def fall(exp, key):
    return {"loss": (exp["x"] - 0.5) ** 2, "size": exp["x"]}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("studies") / "falls.db"
    with search.Study(path, SPACE, search.algorithms.Random(), objective="loss", mode="min") as study:
        study.run(fall, 8, jax.random.key(0), batch=4)
        yield study


def test_the_best(study):
    best = study.best()
    assert best.id == study.results.best().id
    assert study.best("size", "max").metrics["size"] == study.results["size"].max()
    front = study.pareto(["loss", "size"], ["min", "max"])
    assert best.id in [trial.id for trial in front]
    assert study.table(k=1) == study.results.table(k=1)
    assert study.importance() == study.results.importance()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_trials_are_a_frame(study, library, monkeypatch):
    module = pytest.importorskip(library)
    for other in {"pandas", "polars"} - {library}:
        monkeypatch.setattr(importlib.util, "find_spec", hidden(other, importlib.util.find_spec))
    frame = study.trials
    assert isinstance(frame, module.DataFrame)
    assert list(frame["id"]) == list(range(8))
    assert list(frame["loss"]) == study.results.to_frame()["loss"].to_list()


def test_trials_without_a_library_are_records(study, monkeypatch):
    monkeypatch.setattr(
        importlib.util, "find_spec", hidden("pandas", hidden("polars", importlib.util.find_spec))
    )
    assert study.trials == study.results.records()


def hidden(name, find):
    """As if a package were not installed."""
    return lambda wanted, *more: None if wanted == name else find(wanted, *more)


def test_a_plot(study):
    pytest.importorskip("matplotlib")
    (axes,) = study.plot().axes
    assert axes.get_xlabel() == "trial"
    assert study.plot("pareto", ["loss", "size"]).axes[0].get_xlabel() == "loss ↓"


def test_a_study_of_optuna_has_the_name_and_the_times(study):
    optuna = pytest.importorskip("optuna")
    theirs = study.to_optuna()
    assert theirs.study_name == "falls"
    assert theirs.best_trial.user_attrs["id"] == study.best().id
    began, ended = study.times
    assert [trial.datetime_start.timestamp() for trial in theirs.trials] == pytest.approx(began.tolist())
    assert [trial.datetime_complete.timestamp() for trial in theirs.trials] == pytest.approx(ended.tolist())
    assert theirs.trials[0].state == optuna.trial.TrialState.COMPLETE
    with pytest.raises(ValueError, match="another program's file"):
        study.to_optuna(study.path)


def test_files(study, tmp_path):
    study.save(tmp_path / "trials.csv")
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == pytest.approx(study.results["loss"].tolist())
    study.save(tmp_path / "trials.json")
    assert json.loads((tmp_path / "trials.json").read_text())["n"] == 8
    again = search.load_results(tmp_path / "trials.json")
    np.testing.assert_array_equal(again["loss"], study.results["loss"])
    assert again.best().experiment == study.best().experiment


def test_parquet(study, tmp_path):
    polars = pytest.importorskip("polars")
    study.save(tmp_path / "trials.parquet")
    losses = polars.read_parquet(tmp_path / "trials.parquet")["loss"]
    assert losses.cast(polars.Float32).to_list() == study.results["loss"].tolist()


def test_a_closed_study_has_a_text(study):
    with search.Study(study.path) as again:
        pass
    assert repr(again) == f"<Study 'falls' at {study.path}, closed>"
