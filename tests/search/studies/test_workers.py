"""Who works on a study."""

import fcntl
import os
import sys

import pytest

from symjax.search.studies.storage.database import Database, create
from symjax.search.studies.workers import Worker, bury, is_alive, lock_file


@pytest.fixture
def database(tmp_path):
    create(tmp_path / "study.db", [])
    database = Database(tmp_path / "study.db")
    yield database
    database.close()


def test_a_worker_lives_until_it_is_closed(database):
    with Worker(database) as one, Worker(database) as other:
        assert one.id != other.id
        assert is_alive(database.path, one.id)  # also for its own process
        assert is_alive(database.path, other.id)
        with database.writing():
            bury(database)
        assert lock_file(database.path, one.id).exists()
    assert not is_alive(database.path, one.id)
    assert not lock_file(database.path, one.id).exists()
    assert database.execute("SELECT count(*) FROM workers WHERE ended IS NOT NULL") == [(2,)]


def test_a_worker_whose_process_has_ended_is_dead_and_leaves_nothing(database):
    number = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", f"import fcntl, os; f = open({str(lock_file(database.path, 7))!r}, 'w'); "
         "fcntl.flock(f, fcntl.LOCK_EX); os.kill(os.getpid(), 9)"],
        os.environ,
    )  # fmt: skip
    os.waitpid(number, 0)
    assert lock_file(database.path, 7).exists()
    assert not is_alive(database.path, 7)
    assert not lock_file(database.path, 7).exists()


def test_who_asks_is_not_taken_for_the_worker(database):
    lock_file(database.path, 9).touch()
    with open(lock_file(database.path, 9)) as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert not is_alive(database.path, 9)


def test_the_dead_are_buried_when_a_worker_comes(database):
    with database.writing():
        database.execute("INSERT INTO workers (id, pid, host, started) VALUES (8, 1, 'here', 0.0)")
    lock_file(database.path, 8).touch()
    with Worker(database):
        assert not lock_file(database.path, 8).exists()
        ((ended,),) = database.execute("SELECT ended FROM workers WHERE id = 8")
        assert ended is not None
