"""Which trials are asked for, by whom."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.studies.ledger import Ledger, Reservation
from symjax.search.studies.storage.database import Database, create
from symjax.search.studies.workers import Worker

SPACE = search.space({"x": search.floatv(0.0, 1.0), "k": search.oneof([1, 2])})
DNAS = SPACE.sample(jax.random.key(0), 3)
DEAD = 99


@pytest.fixture
def database(tmp_path):
    create(tmp_path / "study.db", [])
    database = Database(tmp_path / "study.db")
    yield database
    database.close()


@pytest.fixture
def ledger(database):
    return Ledger(database, SPACE.spec)


def test_ids_count_on(ledger):
    assert ledger.next_id() == 0
    ledger.reserve(Reservation.of(0, 3, DNAS), DEAD)
    ledger.reserve(Reservation.of(3, 3, DNAS), DEAD)
    assert ledger.next_id() == 6


def test_what_the_dead_have_reserved_is_taken_over_in_order(database, ledger):
    with Worker(database) as worker:
        ledger.reserve(Reservation.of(0, 3, DNAS), worker.id)
        ledger.reserve(Reservation.of(3, 3, DNAS[::-1]), DEAD)
        ledger.reserve(Reservation.of(6, 3, DNAS), DEAD)
        orphan = ledger.orphan(None, 100)
        assert (orphan.first, orphan.size, orphan.left.tolist()) == (3, 3, [0, 1, 2])
        assert orphan.dnas == DNAS[::-1]
        assert ledger.orphan(orphan, 100).first == 6  # the one that is just done is none
        ledger.adopt(orphan, worker.id)
        assert ledger.orphan(None, 100).first == 6
        ledger.close(orphan, 3)
        assert not ledger.is_open(orphan)
    assert ledger.orphan(None, 100).first == 0
    assert ledger.orphan(None, 0) is None  # that is more than is wanted


def test_what_ran_of_it_does_not_run_again(database, ledger):
    ledger.reserve(Reservation.of(4, 3, DNAS), DEAD)
    columns = "id, state, worker, started, finished, digest, genes, decisions, layout, content"
    database.execute(f"INSERT INTO trials ({columns}) VALUES (5, 'ok', 1, 0, 0, '', x'', '', 0, x'')")
    np.testing.assert_array_equal(ledger.orphan(None, 100).left, [0, 2])


def test_rounds_as_one_program_have_the_study_for_themselves(database, ledger):
    with Worker(database) as one, Worker(database) as other:
        assert not ledger.is_alone(one.id)
        ledger.reserve(Reservation.of(0, 100), one.id)
        assert ledger.is_taken(other.id)
        assert not ledger.is_taken(one.id)
        assert ledger.orphan(None, 100) is None
    with Worker(database) as third:
        assert ledger.is_alone(third.id)
        assert not ledger.is_taken(third.id)
        assert ledger.orphan(None, 100) is None  # it was given back
        assert ledger.next_id() == 0


def test_less_may_run_than_was_reserved(ledger):
    chunk = Reservation.of(0, 100)
    ledger.reserve(chunk, DEAD)
    ledger.close(chunk, 40)
    assert ledger.next_id() == 40
    again = Reservation.of(40, 100)
    ledger.reserve(again, DEAD)
    ledger.cancel(again)
    assert ledger.next_id() == 40
