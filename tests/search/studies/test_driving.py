"""One worker's part of a search."""

import sqlite3
import sys
import time
from types import SimpleNamespace

import jax
import numpy as np

from symjax import search
from symjax.search.searching.rounds import Keys, Search
from symjax.search.studies import driving
from symjax.search.studies.ledger import Ledger, Reservation
from symjax.search.studies.storage.database import Database
from symjax.search.studies.storage.states import write_state
from symjax.search.studies.workers import Worker

from . import lives

KEY = jax.random.key(7)


def rows(path, query):
    database = sqlite3.connect(path)
    answer = database.execute(query).fetchall()
    database.close()
    return answer


def test_the_state_in_the_file_is_that_of_the_trials_in_the_file(tmp_path):
    path = tmp_path / "study.db"
    loop = Search(
        lives.Drift(), lives.height, lives.SPACE, Keys.of(KEY), search.engines.Local(), (), lives.OPTIONS
    )
    states, state, first = [], loop.init(), 0
    for _ in range(3):
        dnas, state = loop.ask(state, first, 4)
        states.append(write_state(state)[1])
        state = loop.tell(state, loop.evaluate(dnas, first))
        first += 4
    seen = []

    def look(results):
        """While a batch runs, the file has the state after it was asked for, and all trials before."""
        ((content,),) = rows(path, "SELECT content FROM state")
        ((told,),) = rows(path, "SELECT count(*) FROM batches WHERE told IS NOT NULL")
        seen.append((content, told))

    lives.live(path, 12, look)
    assert list(dict.fromkeys(seen)) == [(content, told) for told, content in enumerate(states)]
    assert rows(path, "SELECT content FROM state") == [(write_state(state)[1],)]


def test_what_is_reported_is_written_already(tmp_path):
    path = tmp_path / "study.db"

    def look(results):
        ids = {number for (number,) in rows(path, "SELECT id FROM trials")}
        assert set(results.ids.tolist()) <= ids

    assert len(lives.live(path, 8, look)) == 8


def test_a_trial_is_written_while_its_batch_still_runs(tmp_path):
    counted = []
    with search.Study(
        tmp_path / "study.db", lives.SPACE, search.algorithms.Random(), **lives.OPTIONS
    ) as study:

        def look(results):
            counted.append((len(study), study.counts["reserved"]))

        study.run(lives.height, 24, KEY, batch=24, on_result=look)
    assert all(done + reserved == 24 for done, reserved in counted)
    assert counted[0][0] < 24


class Failing(lives.Drift):
    """Does not know what to do with the eighth trial."""

    __symjax_name__ = "tests.studies.Failing"
    is_traceable = False

    def learn(self, spec, own, dnas, rewards):
        if int(own["asked"]) == 2:
            raise ArithmeticError("too much")
        return super().learn(spec, own, dnas, rewards)


def test_trials_are_kept_where_the_algorithm_raises(tmp_path):
    path = tmp_path / "study.db"
    with search.Study(path, lives.SPACE, Failing(), **lives.OPTIONS) as study:
        for _ in range(2):  # now, and where one tries again
            try:
                study.run(lives.height, 12, KEY)
            except ArithmeticError:
                assert study.results.ids.tolist() == list(range(8))
        states = study.results.states
    assert np.isin(states, ["ok", "nan"]).all()
    assert rows(path, "SELECT first FROM batches WHERE told IS NULL") == [(4,)]


def test_who_waits_for_rounds_as_one_program_waits_as_long_as_that_takes(tmp_path, monkeypatch):
    path, turns = tmp_path / "study.db", 0
    with search.Study(path, lives.SPACE, search.algorithms.Random(), **lives.OPTIONS) as study:
        database = Database(path)
        ledger, chunk = Ledger(database, lives.SPACE.spec), Reservation.of(0, 8)
        with Worker(database) as other:
            with database.writing():
                ledger.reserve(chunk, other.id)

            def pause(seconds):
                nonlocal turns
                turns += 1
                if turns == sys.getrecursionlimit():  # each turn must not stand within the one before
                    with database.writing():
                        ledger.cancel(chunk)

            monkeypatch.setattr(driving, "time", SimpleNamespace(**{**vars(time), "sleep": pause}))
            assert len(study.run(lives.height, 4, KEY)) == 4
        database.close()
    assert turns == sys.getrecursionlimit()
