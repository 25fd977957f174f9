"""A progress bar of plain text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO, final

Report = Callable[[int, int], object]
_WIDTH = 30


@final
class Bar:
    """Writes how many configurations are done, of how many, and for how long.

    Args:
        out: Where to; by default the standard error stream.

    Example:
        >>> import sys
        >>> bar = Bar(out=sys.stdout, clock=lambda: 0.0)
        >>> bar(64, 64)  # doctest: +NORMALIZE_WHITESPACE
        64/64 [##############################] 0 s
    """

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = sys.stderr if out is None else out
        self._clock = clock
        self._start = clock()

    def __call__(self, done: int, total: int) -> None:
        """Draws the bar anew; the last time it ends the line."""
        filled = _WIDTH * done // total if total else _WIDTH
        bar = "#" * filled + "." * (_WIDTH - filled)
        seconds = self._clock() - self._start
        left = f", about {seconds / done * (total - done):.0f} s left" if 0 < done < total else ""
        text = f"{done}/{total} [{bar}] {seconds:.0f} s{left}"
        self._out.write(f"\r{text:<72}" + ("\n" if done >= total else ""))
        self._out.flush()


def reporter(progress: bool | Report) -> Report:
    """What to call with ``(done, total)``."""
    if callable(progress):
        return progress
    return Bar() if progress else _silent


def _silent(done: int, total: int) -> None:
    pass
