"""Who works on a study: a worker lives as long as its process has a lock on the worker's file.

The lock goes with the process, however that ends: no heartbeat, no guess by process numbers, which come
again. A worker is entered, and asked for, within a transaction that writes: so nobody sees one without its
lock.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, final

from .storage.database import Database

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, shared: bool = False) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, shared: bool = False) -> None:
        # By open file, and not by process as `lockf`: two workers of one process are two.
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


@final
class Worker:
    """One that runs trials of a study, as long as it is not closed.

    Args:
        database: The study's file.

    Attributes:
        id: Its number.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.writing():
            bury(database)
            database.execute(
                "INSERT INTO workers (pid, host, started) VALUES (?, ?, ?)",
                (os.getpid(), socket.gethostname(), time.time()),
            )
            self.id = int(database.execute("SELECT max(id) FROM workers")[0][0])
            self._file = lock_file(database.path, self.id)
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT)
            _lock(self._descriptor)

    def close(self) -> None:
        """It runs no more."""
        os.close(self._descriptor)
        self._file.unlink(missing_ok=True)
        with self._database.writing():
            self._database.execute("UPDATE workers SET ended = ? WHERE id = ?", (time.time(), self.id))

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def is_alive(path: Path, worker: int) -> bool:
    """Whether a worker lives. The file of one that was killed is removed.

    Args:
        path: The study's file.
        worker: Its number.
    """
    file = lock_file(path, worker)
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        _lock(descriptor, shared=True)  # so that two who ask do not take each other for the worker
    except OSError:
        return True
    finally:
        os.close(descriptor)
    with contextlib.suppress(OSError):  # a file that stays does no harm
        file.unlink()
    return False


def bury(database: Database) -> None:
    """Enters which workers were killed, and removes their files, within a transaction."""
    for (worker,) in database.execute("SELECT id FROM workers WHERE ended IS NULL"):
        if not is_alive(database.path, worker):
            database.execute("UPDATE workers SET ended = ? WHERE id = ?", (time.time(), worker))


def lock_file(path: Path, worker: int) -> Path:
    """The file on which a worker has a lock."""
    return path.with_name(f"{path.name}.worker-{worker}")
