"""`StudyError`: what is wrong with a study's file, for the one who reads it at night."""

from __future__ import annotations

import sqlite3

_FULL = "there is no room left on the disk, or the file may not grow further"
_READ_ONLY = "it may be read and not written"


class StudyError(RuntimeError):
    """A study cannot be opened, read or written. The message says which file, why, and what helps."""


def of_sqlite(error: sqlite3.Error, path: object) -> StudyError:
    """What SQLite says, as people need it.

    Args:
        error: What SQLite raised.
        path: The study's file.

    Example:
        >>> import sqlite3
        >>> print(of_sqlite(sqlite3.DatabaseError('file is not a database'), 'study.db'))
        study.db is no study: file is not a database
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_FULL:
            why = f"cannot be written: {_FULL}. {_SAFE}"
        case sqlite3.SQLITE_IOERR:
            why = f"cannot be read or written ({error}): {_FULL}, or the disk is at fault. {_SAFE}"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            why = f"cannot be written: {_READ_ONLY}. Copy it by `study.backup(path)` and go on with the copy"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            why = (
                "is locked by another process, which neither goes on nor lets go: look for one that is "
                "stopped (Ctrl-Z) or in a debugger"
            )
        case sqlite3.SQLITE_CORRUPT:
            why = (
                f"is cut off or damaged ({error}). Go on with a backup; `sqlite3 {path} .recover` prints "
                "what can still be read"
            )
        case sqlite3.SQLITE_CANTOPEN:
            why = f"cannot be opened ({error}): look at who owns it and its folder"
        case _:
            why = f"is no study: {error}" if code in (0, sqlite3.SQLITE_NOTADB) else f"raised: {error}"
    return StudyError(f"{path} {why}")


_SAFE = "What was finished before is in the file, and the study opens again"
