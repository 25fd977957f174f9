"""Trials as rows, and back."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.results.keys import RootKeys
from symjax.search.results.objective import Objective
from symjax.search.studies.storage.database import Database, create
from symjax.search.studies.storage.decision_texts import DecisionTexts
from symjax.search.studies.storage.rows import Reader, Run, write_trials

SPACE = search.space({"x": search.floatv(0.0, 1.0)})
KEY = jax.random.key(0)


def results_of(n, start=0, **more):
    """Results that somebody measured."""
    dnas = SPACE.sample(KEY, start + n)[start:]
    metrics = {"y": np.arange(start, start + n, dtype=np.float32), "n": np.arange(n)}
    arguments = {"metrics": metrics, "seconds": np.full(n, 0.5), **more}
    return search.Results(SPACE, dnas, np.arange(start, start + n), KEY, **arguments)


@pytest.fixture
def database(tmp_path):
    create(tmp_path / "study.db", [])
    database = Database(tmp_path / "study.db")
    yield database
    database.close()


@pytest.fixture
def reader(database):
    return Reader(database, SPACE, RootKeys.of(KEY, 1), Objective(), 1, "")


def write(database, results):
    with database.writing():
        write_trials(database, DecisionTexts(SPACE), results, Run(1, 10.0, 11.0))


def test_trials_come_back_by_their_ids(database, reader):
    write(database, results_of(3, 4))
    write(database, results_of(4))
    again = reader.all()
    assert again.ids.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert again.dnas == SPACE.sample(KEY, 7)
    assert again["y"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert again["y"].dtype == np.float32
    assert again.seconds.tolist() == [0.5] * 7
    assert reader.some(3, 5).ids.tolist() == [3, 4, 5]


def test_nothing_is_no_results(reader):
    assert len(reader.all()) == 0


def test_what_is_pending_is_left_out_and_what_is_there_stays(database, reader):
    write(database, results_of(4, pending=np.array([False, True, False, True])))
    assert reader.all().ids.tolist() == [0, 2]
    other = results_of(4, metrics={"y": np.full(4, 9, np.float32), "n": np.arange(4)})
    write(database, other)
    assert reader.all()["y"].tolist() == [0, 9, 2, 9]


def test_states_and_exceptions_come_back(database, reader):
    metrics = {"y": np.array([np.nan, 1, 2, np.inf], np.float32), "n": np.array([1, 2, 3, 4])}
    error = KeyError("data")
    write(database, results_of(4, metrics=metrics, errors={1: error, 2: error}))
    again = reader.all()
    assert again.states.tolist() == ["nan", "failed", "failed", "ok"]
    assert again.errors[1] is again.errors[2]
    assert repr(again.errors[1]) == "KeyError('data')"
    assert again["n"].mask.tolist() == [False, True, True, False]
    assert database.execute("SELECT metrics FROM trials") == [
        ('{"n": 1, "y": "nan"}',),
        (None,),
        (None,),
        ('{"n": 4, "y": "inf"}',),
    ]


def test_other_metrics_are_refused(database, reader):
    write(database, results_of(2))
    with pytest.raises(search.StudyError, match=r"metrics \['z'\], and \['n'\], \['y'\] in the trials"):
        write(database, results_of(2, 2, metrics={"z": np.zeros(2)}))
    assert len(reader.all()) == 2
    write(database, results_of(2, 2, metrics=None, errors={0: ValueError(), 1: ValueError()}))
    assert len(reader.all()) == 4


def test_damage_is_spoken_of(database, reader):
    write(database, results_of(2))
    with database.writing():
        database.execute("UPDATE trials SET content = x'00' WHERE id = 1")
    with pytest.raises(search.StudyError, match=r"damaged: rows of .* bytes"):
        reader.all()
