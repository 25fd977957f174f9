"""Who works on a study."""

import os
import sys

import pytest

from symjax.search.studies.database import Database, create
from symjax.search.studies.workers import Worker, is_alive, lock_file, remove_dead


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
        remove_dead(database.path)
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


def test_the_files_of_the_dead_go_when_a_worker_comes(database):
    lock_file(database.path, 8).touch()
    other = database.path.with_name("study.db.worker-notes")
    other.touch()
    with Worker(database):
        assert not lock_file(database.path, 8).exists()
        assert other.exists()
