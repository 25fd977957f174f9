"""The file of a study."""

import sqlite3
import threading

import pytest

from symjax.search.studies.storage.database import Database, create
from symjax.search.studies.storage.errors import StudyError
from symjax.search.studies.storage.schema import APPLICATION_ID, VERSION

WORKER = "INSERT INTO workers (pid, host, started) VALUES (1, 'here', 0.0)"
COUNT = "SELECT count(*) FROM workers"


@pytest.fixture
def path(tmp_path):
    create(tmp_path / "study.db", [])
    return tmp_path / "study.db"


@pytest.fixture
def database(path):
    database = Database(path)
    yield database
    database.close()


def test_a_file_says_what_it_is_and_is_safe(database):
    assert database.execute("PRAGMA application_id") == [(APPLICATION_ID,)]
    assert database.execute("PRAGMA user_version") == [(VERSION,)]
    assert database.execute("PRAGMA journal_mode") == [("wal",)]
    assert database.execute("PRAGMA synchronous") == [(2,)]  # FULL


def test_a_transaction_is_written_as_a_whole(database, path):
    def write_half():
        with database.writing():
            database.execute(WORKER)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert database.execute(COUNT) == [(0,)]
    other = Database(path)
    with database.writing():
        database.execute(WORKER)
        assert other.execute(COUNT) == [(0,)]
    assert other.execute(COUNT) == [(1,)]
    other.close()


def test_what_is_read_together_is_of_one_moment(database, path):
    other = Database(path)
    with other.reading():
        assert other.execute(COUNT) == [(0,)]
        with database.writing():
            database.execute(WORKER)
        assert other.execute(COUNT) == [(0,)]
    assert other.execute(COUNT) == [(1,)]
    other.close()


def test_a_moment_passes_when_anybody_writes(database, path):
    other, moments = Database(path), set()
    for writer in (None, database, other):
        if writer is not None:
            with writer.writing():
                writer.execute(WORKER)
        moments.add(database.moment)
        assert database.moment in moments
    assert len(moments) == 3
    other.close()


def test_threads_take_turns(database):
    def write():
        for _ in range(20):
            with database.writing():
                ((before,),) = database.execute(COUNT)
                database.execute(WORKER)
                assert database.execute(COUNT) == [(before + 1,)]

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.execute(COUNT) == [(80,)]


def test_of_two_who_create_a_file_one_does(path):
    database = Database(path)
    with database.writing():
        database.execute(WORKER)
    create(path, [])
    assert database.execute(COUNT) == [(1,)]
    assert sorted(file.name for file in path.parent.iterdir()) == ["study.db", "study.db-shm", "study.db-wal"]
    database.close()


def test_an_empty_file_is_taken(tmp_path):
    (tmp_path / "study.db").touch()
    create(tmp_path / "study.db", [])
    Database(tmp_path / "study.db").close()


def test_there_must_be_a_folder(tmp_path):
    with pytest.raises(StudyError, match=r"study\.db cannot be created: there is no folder .*nowhere"):
        create(tmp_path / "nowhere" / "study.db", [])


def test_a_name_may_hold_anything(tmp_path):
    path = tmp_path / "50% of? a#study & more.db"
    create(path, [])
    Database(path).close()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("data", [b"x", b"loss,accuracy\n0.1,0.9\n", b"\x00" * 5000])
def test_a_file_of_another_kind_is_refused_and_stays(tmp_path, data):
    path = tmp_path / "metrics.csv"
    path.write_bytes(data)
    with pytest.raises(StudyError, match=r"metrics\.csv is no study, but a file of another kind"):
        Database(path)
    assert path.read_bytes() == data


def test_another_programs_database_is_refused_and_stays(tmp_path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mails (text TEXT)")
    other.close()
    data = path.read_bytes()
    with pytest.raises(
        StudyError, match="SQLite file of another program, and stays as it is; its tables are mails"
    ):
        Database(path)
    assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_a_later_version_is_refused_and_stays(path):
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {VERSION + 1}")
    other.close()
    with pytest.raises(
        StudyError, match=r"later version of symjax: its tables are of version 2.*pip install -U"
    ):
        Database(path)


def test_damage_within_is_spoken_of(path):
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    database = Database(path)
    with pytest.raises(StudyError, match="cut off or damaged"):
        database.execute(COUNT)
    database.close()


def test_a_closed_file_says_so(database):
    database.close()
    with pytest.raises(StudyError, match="is closed"):
        database.execute(COUNT)
    with pytest.raises(StudyError, match="is closed"), database.writing():
        pass


def test_a_backup_has_what_the_log_has(database, tmp_path):
    with database.writing():
        database.execute(WORKER)
    database.backup(tmp_path / "copy.db")
    copy = Database(tmp_path / "copy.db")
    assert copy.execute(COUNT) == [(1,)]
    copy.close()
    with pytest.raises(StudyError, match="cannot be"):
        database.backup(tmp_path / "nowhere" / "copy.db")
