"""What SQLite says, as people need it."""

import sqlite3

import pytest

from symjax.search.studies.storage.errors import of_sqlite


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (sqlite3.SQLITE_FULL, "no room left"),
        (
            sqlite3.SQLITE_IOERR_WRITE,
            "no room left on the disk, or the file may not grow further, or the disk",
        ),
        (sqlite3.SQLITE_READONLY, "may be read and not written"),
        (sqlite3.SQLITE_BUSY, "locked by another process"),
        (sqlite3.SQLITE_CORRUPT, "cut off or damaged"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_NOTADB, "is no study"),
        (sqlite3.SQLITE_TOOBIG, "raised: what SQLite said"),
    ],
)
def test_a_message_names_the_file_and_what_helps(code, text):
    error = sqlite3.OperationalError("what SQLite said")
    error.sqlite_errorcode = code
    message = str(of_sqlite(error, "here.db"))
    assert message.startswith("here.db ")
    assert text in message
