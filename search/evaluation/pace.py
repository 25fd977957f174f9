"""How long an evaluation will still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import final


@final
class Pace:
    """Measures an evaluation, so that it can be said how long it will still take.

    What is compiled is compiled one program after the other, while trials may run beside it. So the time
    that is left is that of the programs to be compiled, by their sizes and by what those took that were;
    and that of the trials, as long each as those so far have taken of the time in which nothing was compiled.

    Args:
        clock: Seconds that go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._running: float | None = None  # when the first program was about to be compiled
        self._compiling = 0.0
        self._sized = 0.0  # of which on programs that were not on disk
        self._size = 0
        self._trials = 0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._clock() - self._start

    def begin(self) -> None:
        """The plan stands: programs are compiled and run from now on."""
        self._running = self._clock()

    def compiled(self, seconds: float, size: int) -> None:
        """A program was compiled.

        Args:
            seconds: How long it took.
            size: How large it is, such as the number of its equations; 0 if it was on disk.
        """
        self._compiling += seconds
        self._sized += seconds if size else 0.0
        self._size += size

    def ran(self, trials: int) -> None:
        """Trials were run."""
        self._trials += trials

    def left(self, size: int, trials: int) -> float | None:
        """Seconds until the end; None before any trial was run.

        Args:
            size: That of all programs that are to be compiled.
            trials: How many are to be run.
        """
        if not self._trials or self._running is None:
            return None
        running = max(0.0, self._clock() - self._running - self._compiling)
        rate = self._sized / self._size if self._size else 0.0
        return size * rate + trials * running / self._trials
