"""Calls in flight: the devices work on them while the host goes on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from ...planning.metrics import Metrics
from ...planning.programs import Running, Submit

C = TypeVar("C")

# For speed the devices are never to wait for the host, so several calls wait for them. Few, for the results
# of each take memory; and where they are long only one, for an interrupt cannot take them back.
_SHORT, _LONG = 8, 2
_IS_LONG = 0.5  # seconds


@dataclass(frozen=True)
class Landed(Generic[C]):
    """A call that is over.

    Attributes:
        call: What was called.
        outcome: The metrics as NumPy arrays, or what the devices raised.
        seconds: How long the devices had it in hand.
    """

    call: C
    outcome: Metrics | Exception
    seconds: float


@final
class Flight(Generic[C]):
    """Calls in the order in which they were started.

    A thread waits for them, so that it is known when each was over, whatever the host was doing, and so
    that the host can be interrupted while it waits: JAX's own waiting heeds no Ctrl-C.

    Args:
        workers: The threads in which calls may have parts run.
        in_step: Other processes do the same calls: how many wait must not hang on time.
    """

    def __init__(self, workers: int = 1, in_step: bool = False) -> None:
        self._in_step = in_step
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="symjax-lanes")
        self._waiter = ThreadPoolExecutor(1, thread_name_prefix="symjax-evaluate")
        self._calls: deque[tuple[C, float, Future[tuple[Metrics | Exception, float]]]] = deque()
        self._latest = 0.0  # when the call before was over
        self._seconds = 0.0  # how long it took

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether enough calls wait for the devices."""
        return len(self._calls) >= (_LONG if self._in_step or self._seconds > _IS_LONG else _SHORT)

    def start(self, call: C, run: Callable[[Submit], Running]) -> None:
        """Starts a call.

        Args:
            call: What is called.
            run: Starts it; it is given what has a function called by one of the workers.

        Raises:
            Exception: Whatever `run` raises.
        """
        begun = time.perf_counter()
        self._calls.append((call, begun, self._waiter.submit(_wait, run(self._workers.submit))))

    def fail(self, call: C, error: Exception) -> None:
        """Has a call that could not be started land in its turn."""
        begun = time.perf_counter()
        self._calls.append((call, begun, self._waiter.submit(lambda: (error, begun))))

    def next(self) -> Landed[C]:
        """Waits for the oldest call."""
        call, begun, future = self._calls[0]
        outcome, over = future.result()
        self._calls.popleft()
        self._seconds = over - max(begun, self._latest)  # the devices work on one call after the other
        self._latest = over
        return Landed(call, outcome, self._seconds)

    def ready(self) -> Iterator[Landed[C]]:
        """The oldest calls, as far as they are over; none where that must not hang on time."""
        while not self._in_step and self._calls and self._calls[0][2].done():
            yield self.next()

    def close(self) -> None:
        """Waits for nothing any more."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._waiter.shutdown(wait=False, cancel_futures=True)


def _wait(running: Running) -> tuple[Metrics | Exception, float]:
    """Waits for metrics; gives them, or what the devices raised, and the time."""
    try:
        metrics = running.metrics()
    except Exception as error:  # noqa: BLE001 - kept in the results, beside the other calls'
        return error, time.perf_counter()
    return metrics, time.perf_counter()
