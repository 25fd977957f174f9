"""Who works on a study: a worker lives as long as its process has a lock on the worker's file.

The lock goes with the process, however that ends: no heartbeat, no guess by process numbers, which come
again. A worker is entered, and asked for, within a transaction that writes: so nobody sees one without its
lock.
"""

from __future__ import annotations

import contextlib
import glob
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, final

from .database import Database

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # By open file, and not by process as `lockf`: two workers of one process are two.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
            remove_dead(database.path)
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
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        _lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    with contextlib.suppress(OSError):  # a file that stays does no harm
        file.unlink()
    return False


def remove_dead(path: Path) -> None:
    """Removes the files of workers that were killed."""
    for file in path.parent.glob(f"{glob.escape(path.name)}.worker-*"):
        number = file.name.rpartition("-")[2]
        if number.isdecimal():
            is_alive(path, int(number))


def lock_file(path: Path, worker: int) -> Path:
    """The file on which a worker has a lock."""
    return path.with_name(f"{path.name}.worker-{worker}")
