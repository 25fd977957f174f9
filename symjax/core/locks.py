"""`ForkLock`: a lock that never keeps a forked process waiting for a thread that it does not have."""

from __future__ import annotations

import os
import threading


class ForkLock:
    """A re-entrant lock, to be used with ``with``.

    A fork copies locks as they are, and of the threads only its own: a lock that another thread held would
    be held in the child for ever. There it is replaced by a free one. So nothing that it protects may be
    left half done between two steps, or it must not matter that it is.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):  # Windows knows no fork
            os.register_at_fork(after_in_child=self._free)

    def _free(self) -> None:
        if self._lock.acquire(blocking=False):  # nobody's, or of the thread that forked
            self._lock.release()
        else:
            self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


adoption = ForkLock()
"""Held while a symbolic class is made or registered: two threads that ask at once get one class."""
