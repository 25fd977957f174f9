"""An ``__init__`` that runs once, whichever thread asks first, for nodes that were made without it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

READY = "_sj_ready"
"""In the dict of a node: True after its ``__init__``; a `_Run` while it is running; absent before."""


class _Run:
    """An ``__init__`` that is under way in one thread; others wait for it at the lock.

    Attributes:
        node: The dict of the node, which would keep the run in a forked child, where nobody ends it.
    """

    __slots__ = ("lock", "node", "thread")

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        self.thread = threading.get_ident()
        self.lock = threading.Lock()
        self.lock.acquire()


_runs: set[_Run] = set()


def _forget_runs() -> None:
    for run in list(_runs):
        if run.thread != threading.get_ident():
            run.node.pop(READY, None)
            _runs.discard(run)


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_forget_runs)


def run_once(attributes: dict[str, Any], init: Callable[[], None]) -> None:
    """Runs an ``__init__`` unless it has run; one that fails counts as not run.

    In other threads this returns when it has run; in its own, which is inside of it, at once.

    Args:
        attributes: The dict of the node.
        init: Runs it.

    Example:
        >>> node, runs = {}, []
        >>> run_once(node, lambda: runs.append(1))
        >>> run_once(node, lambda: runs.append(2))
        >>> runs, node
        ([1], {'_sj_ready': True})
    """
    run = _Run(attributes)
    while (owner := attributes.setdefault(READY, run)) is not run:
        if owner is True or owner.thread == run.thread:
            return
        with owner.lock:  # until that thread is done; it may have failed, then it is our turn
            pass
    _runs.add(run)
    try:
        init()
        attributes[READY] = True
    except BaseException:
        attributes.pop(READY, None)
        raise
    finally:
        _runs.discard(run)
        run.lock.release()


def is_pending(attributes: dict[str, Any]) -> bool:
    """Whether an ``__init__`` has to run before this thread may use the node."""
    run = attributes.get(READY)
    return run is not True and (run is None or run.thread != threading.get_ident())


def is_running(attributes: dict[str, Any]) -> bool:
    """Whether an ``__init__`` is running, in whatever thread."""
    return isinstance(attributes.get(READY), _Run)
