"""What processes that carry out a plan together tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, final

import jax
import numpy as np

from ...planning.metrics import Metrics
from ...results.failures import picklable


class HostLost(RuntimeError):
    """Another process of a distributed search is gone, or does not answer.

    What was reported done before is in the study: start all processes again with it, and the search goes on.
    """


class Peers(Protocol):
    """The processes that carry out a plan together; each does all that the others do, in the same order."""

    @property
    def count(self) -> int:
        """How many there are."""

    def gather(self, value: Any) -> list[Any]:
        """What each process gives, in their order. Waits for all of them.

        Args:
            value: What this one gives; it is pickled.

        Raises:
            HostLost: One of them is gone.
        """


@final
class Alone:
    """The peers of a process that has none.

    Example:
        >>> Alone().gather('a')
        ['a']
    """

    count = 1

    def gather(self, value: Any) -> list[Any]:
        """The value."""
        return [value]


def joined(outcome: Metrics | Exception, seconds: float, peers: Peers) -> tuple[Metrics | Exception, float]:
    """What came of a call in all processes.

    Args:
        outcome: The metrics of the lanes of this process, arrays [m, ...]; or what the devices raised.
        seconds: How long they took.
        peers: The processes.

    Returns:
        The metrics of all lanes, or the first exception, whoever had it; and how long the slowest took. The
        same in all processes.
    """
    error = outcome if isinstance(outcome, Exception) else None
    mine = (sendable(error), None if error else jax.tree.leaves(outcome), seconds)
    theirs = peers.gather(mine)
    slowest = max(seconds for _, _, seconds in theirs)
    raised = first_error([error for error, _, _ in theirs])
    if raised is not None:
        return raised, slowest
    columns = zip(*(leaves for _, leaves, _ in theirs), strict=True)
    whole = [np.concatenate(column) for column in columns]
    return jax.tree.unflatten(jax.tree.structure(outcome), whole), slowest


def first_error(errors: Sequence[Exception | None]) -> Exception | None:
    """The error of the first process that has one."""
    return next((error for error in errors if error is not None), None)


def sendable(error: Exception | None) -> Exception | None:
    """The error as it can be sent to other processes."""
    if error is None:
        return None
    sent = picklable({0: error})[0]
    assert isinstance(sent, Exception)
    return sent
