"""The file of a study: opened, created, and read and written in transactions."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from .errors import StudyError, of_sqlite
from .schema import APPLICATION_ID, SCHEMA, VERSION

_MAGIC = b"SQLite format 3\0"
_WAIT = 120.0  # seconds for which another process may write; it compiles within a transaction, too
_SLICE = 2.0  # seconds after which Ctrl-C is heeded while one waits
_CLOSED = "is closed: open it again by search.Study(path)"
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@final
class Database:
    """An open file of a study. Threads may share it.

    Args:
        path: The file, which exists.

    Raises:
        StudyError: It is no study's, cut off, of a later version, or may not be read.

    Attributes:
        path: The file.
        can_write: Whether it may be written.
        is_closed: Whether it was closed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.can_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        self.is_closed = False
        self._lock = threading.RLock()
        self._writes = 0
        _check_magic(path)
        self._connection = self._connect()
        try:
            self._check()
            if self.can_write:
                self.execute(
                    "PRAGMA journal_mode = WAL"
                )  # it is already, but for files that tools have changed
                self.execute("PRAGMA synchronous = FULL")
        except BaseException:
            self._connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        if self.can_write:
            return _connection(self.path, "mode=rw")
        connection = _connection(self.path, "mode=ro")
        try:
            connection.execute("PRAGMA user_version")
        except sqlite3.OperationalError as error:
            # In a folder that cannot be written there is no place for what SQLite needs beside the file. If
            # there is no log beside it, the file is all, and nobody changes it.
            connection.close()
            log = self.path.with_name(f"{self.path.name}-wal")
            if log.exists() and log.stat().st_size:
                raise StudyError(
                    f"{self.path} was not closed, its last trials are in {log.name}, and both cannot be read "
                    "in a folder that cannot be written: copy both files to another folder, and open that "
                    "copy"
                ) from error
            connection = _connection(self.path, "immutable=1")
        return connection

    def _check(self) -> None:
        """Refuses what is no study."""
        ((application,),) = self.execute("PRAGMA application_id")
        ((version,),) = self.execute("PRAGMA user_version")
        if application != APPLICATION_ID:
            tables = [name for (name,) in self.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            raise StudyError(
                f"{self.path} is a SQLite file of another program, and stays as it is; its tables are "
                f"{', '.join(tables[:5]) or 'none'}. Give a study a file of its own"
            )
        if version > VERSION:
            raise StudyError(
                f"{self.path} was written by a later version of symjax: its tables are of version {version}, "
                f"and this one knows them up to {VERSION}. Update symjax (pip install -U symjax-flax); the "
                "file stays as it is"
            )

    # Reading and writing.

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Runs a statement, and gives its rows.

        Raises:
            StudyError: SQLite refuses.
        """
        with self._lock, self._told():
            return self._connection.execute(sql, parameters).fetchall()

    def insert(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Runs a statement for each row.

        Raises:
            StudyError: SQLite refuses.
        """
        with self._lock, self._told():
            self._connection.executemany(sql, rows)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes: all of what is done within, or nothing of it.

        No other process writes meanwhile.

        Raises:
            StudyError: The file cannot be written; or another process does not let go of it.
        """
        if not self.can_write:
            raise StudyError(
                f"{self.path} cannot be written: it, or its folder, may only be read. "
                "study.backup(path) makes a copy to go on with"
            )
        with self._lock:
            try:
                self._begin()
                yield
                self._writes += 1
                self.execute("COMMIT")
            finally:
                self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction that reads: what is read within is of one moment."""
        with self._lock:
            with self._told():
                is_within = self._connection.in_transaction
            try:
                if not is_within:
                    self.execute("BEGIN")
                yield
            finally:
                if not is_within:
                    self._roll_back()

    def _roll_back(self) -> None:
        """Ends a transaction that has not come to its end."""
        with contextlib.suppress(sqlite3.Error):  # what went wrong is raised already
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _begin(self) -> None:
        end = time.monotonic() + _WAIT
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > end:
                    raise of_sqlite(error, self.path) from error
            except sqlite3.ProgrammingError as error:
                raise StudyError(f"{self.path} {_CLOSED}") from error
            else:
                return

    @property
    def moment(self) -> tuple[int, int]:
        """What changes when anybody writes."""
        return self._writes, int(self.execute("PRAGMA data_version")[0][0])

    def backup(self, target: Path) -> None:
        """Copies the file as it is now, with what stands in the log beside it.

        Raises:
            StudyError: It cannot be written there.
        """
        part = target.with_name(f"{target.name}.part-{os.getpid()}")
        try:
            with self._lock, self._told(part), contextlib.closing(sqlite3.connect(part)) as copy:
                self._connection.backup(copy)
            _finish(part)
            os.replace(part, target)
        except OSError as error:
            raise StudyError(f"{target} cannot be written: {error.strerror or error}") from error
        finally:
            _remove(part)

    def close(self) -> None:
        """Closes the file; what stood in the log beside it comes into it."""
        with self._lock:
            self._connection.close()
            self.is_closed = True

    @contextmanager
    def _told(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise StudyError(f"{self.path} {_CLOSED}") from error
        except sqlite3.Error as error:
            raise of_sqlite(error, path or self.path) from error


def create(path: Path, rows: Iterable[tuple[str, Sequence[Any]]]) -> None:
    """Creates the file of a study: it is there as a whole, or not at all.

    Args:
        path: Where; another process may be about to do the same, then one of both does.
        rows: Statements, with their parameters, that say what it is about.

    Raises:
        StudyError: It cannot be written there.
    """
    part = path.with_name(f"{path.name}.part-{os.getpid()}-{threading.get_ident()}")
    try:
        _remove(part)
        with contextlib.closing(_connection(part, "mode=rwc")) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN;{SCHEMA}COMMIT;")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            for sql, parameters in rows:
                connection.execute(sql, parameters)
        _finish(part)
        _place(part, path)
    except sqlite3.Error as error:
        raise StudyError(f"{path} cannot be created: {_reason(error, path.parent)}") from error
    except OSError as error:
        raise StudyError(f"{path} cannot be created: {error.strerror or error}") from error
    finally:
        _remove(part)


def _reason(error: sqlite3.Error, folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if not os.access(folder, os.W_OK):
        return f"the folder {folder} may only be read"
    return str(of_sqlite(error, "it"))


def _connection(path: Path, how: str) -> sqlite3.Connection:
    # `isolation_level=None`: transactions begin and end where it is said, in Python 3.11 as in 3.12.
    return sqlite3.connect(
        f"{path.as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=_SLICE
    )


def _place(part: Path, path: Path) -> None:
    """Gives a whole file its name, unless another process was first."""
    if path.exists() and not path.stat().st_size:
        os.replace(part, path)  # of an empty file there is nothing to lose
        return
    with contextlib.suppress(FileExistsError):
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if not path.exists():
                os.rename(part, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _finish(part: Path) -> None:
    """Sees that a file is on the disk."""
    with open(part, "rb+") as file:
        os.fsync(file.fileno())


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


def _check_magic(path: Path) -> None:
    """Refuses what is no SQLite file, and says what it may be."""
    try:
        with open(path, "rb") as file:
            start = file.read(512)
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror or error}") from error
    if start[:16] != _MAGIC[: len(start[:16])]:
        raise StudyError(
            f"{path} is no study, but a file of another kind, and stays as it is: {start[:16]!r}…"
        )
    size, log = path.stat().st_size, path.with_name(f"{path.name}-wal")
    page = int.from_bytes(start[16:18], "big")
    # SQLite would take half of a last page for a whole one. With a log beside the file, that is made good.
    is_ragged = size % (page or 1) and not (log.exists() and log.stat().st_size)
    if len(start) < 512 or is_ragged:
        raise StudyError(
            f"{path} is cut off: {size} bytes are left, which is no whole number of pages; go on with a "
            "backup"
        )
