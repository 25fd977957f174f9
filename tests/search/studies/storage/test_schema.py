"""The tables."""

import sqlite3

from symjax.search.studies.storage.schema import APPLICATION_ID, SCHEMA


def test_the_tables_can_be_made_and_each_is_explained():
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"study", "state", "workers", "batches", "trials", "layouts", "errors", "measurements"}
    assert SCHEMA.count("\n-- ") >= len(tables)
    database.close()


def test_the_application_id_is_one_that_sqlite_takes():
    database = sqlite3.connect(":memory:")
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    database.close()
