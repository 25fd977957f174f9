"""How far an evaluation is: a record, and a bar of plain text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TextIO, TypeAlias, final

from symjax.verbs.query import arity_form

from ..compiling.compile_times import duration

Report: TypeAlias = Callable[..., object]
"""A function of a `Progress`, or of ``(done, total)``."""

_WIDTH = 30  # characters of the bar
_LINE = 96  # characters of a line that is drawn over the one before
_REDRAWN = 0.1  # seconds between two states of a line that is drawn anew
_LOGGED = 5.0  # seconds between two lines of a log


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an evaluation is.

    Attributes:
        done: Trials that are through, those that failed included.
        total: All trials: configurations times repeats.
        failed: Trials that raised.
        compiled: Programs that are ready: compiled, or there from an earlier call.
        programs: All programs; 0 while the evaluation is still being planned.
        seconds: Since the evaluation began.
        left: Seconds until its end, as an estimate; None before the first program has run.
        best: In a search for one objective the best that was seen so far; else None.

    Example:
        >>> from symjax.search import Progress
        >>> Progress(done=16, total=64, failed=0, compiled=1, programs=2, seconds=9.0, left=17.0).done
        16
    """

    done: int
    total: int
    failed: int
    compiled: int
    programs: int
    seconds: float
    left: float | None
    best: float | None = None


class Reporter(Protocol):
    """What is told of progress."""

    def __call__(self, progress: Progress) -> object:
        """Says how far it is."""

    def close(self) -> None:
        """There is no more to be said, be it finished or not."""


@final
class Bar:
    """Draws how many trials are done, how many programs compiled, for how long and how long still.

    In a terminal or a notebook one line is drawn over and over; in a file there is a line every few
    seconds.

    Args:
        out: Where to; by default the standard error stream.
        clock: Seconds that go on.

    Example:
        >>> import sys
        >>> bar = Bar(out=sys.stdout)
        >>> bar(Progress(done=64, total=64, failed=1, compiled=2, programs=2, seconds=75.0, left=0.0))
        64/64 [##############################] 2/2 programs, 75 s, 1 failed
    """

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = sys.stderr if out is None else out
        self._clock = clock
        self._redraws = _redraws(self._out)
        self._next: float | None = None  # when the next state may be drawn
        self._open = False  # whether a line was begun and not ended
        self._hidden: Progress | None = None  # the latest state, if it was too early for it

    def __call__(self, progress: Progress) -> None:
        """Draws this state, if it is the last one or the one before is old enough."""
        now = self._clock()
        if progress.done < progress.total and self._next is not None and now < self._next:
            self._hidden = progress
            return
        self._next = now + (_REDRAWN if self._redraws else _LOGGED)
        self._draw(progress)

    def close(self) -> None:
        """Draws the state that was held back, and ends the line."""
        if self._hidden is not None:
            self._draw(self._hidden)
        if self._open:
            self._out.write("\n")
            self._open = False
        self._out.flush()

    def _draw(self, progress: Progress) -> None:
        self._hidden = None
        text, last = line(progress), progress.done >= progress.total
        if not self._redraws:
            self._out.write(f"{text}\n")
        else:
            self._out.write(f"\r{text:<{_LINE}}" + ("\n" if last else ""))
            self._open = not last
        self._out.flush()


def line(progress: Progress) -> str:
    """A state in a line of text.

    Example:
        >>> line(Progress(done=1, total=4, failed=0, compiled=1, programs=3, seconds=9.0, left=200.0))
        '1/4 [#######.......................] 1/3 programs, 9 s, about 3 min left'
    """
    done, total = progress.done, progress.total
    filled = _WIDTH * done // total if total else _WIDTH
    parts = [f"{progress.compiled}/{progress.programs} programs" if progress.programs else "planning"]
    if done >= total:
        parts = parts if progress.programs else []
    parts.append(duration(progress.seconds))
    if progress.left is not None and done < total:
        parts.append(f"about {duration(progress.left)} left")
    if progress.best is not None:
        parts.append(f"best {progress.best:.4g}")
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    return f"{done}/{total} [{'#' * filled}{'.' * (_WIDTH - filled)}] {', '.join(parts)}"


def reporter(progress: bool | Report) -> Reporter:
    """What to tell of progress.

    Args:
        progress: True for a bar, False for nothing, or a function of a `Progress` or of ``(done, total)``.

    Raises:
        TypeError: A function of something else, or no function.
    """
    if callable(progress):
        return _Calls(progress)
    return Bar() if progress else _Silent()


class _Silent:
    """Nobody listens."""

    def __call__(self, progress: Progress) -> None:
        pass

    def close(self) -> None:
        pass


class _Calls(_Silent):
    """A user's function."""

    def __init__(self, report: Report) -> None:
        form = arity_form(report, ("p", "dt"), "progress")
        self._report, self._whole = report, form == "p"

    def __call__(self, progress: Progress) -> None:
        if self._whole:
            self._report(progress)
        else:
            self._report(progress.done, progress.total)


def _redraws(out: Any) -> bool:
    """Whether a line can be drawn over: in terminals, and in notebooks, whose streams are none."""
    isatty = getattr(out, "isatty", None)
    return bool(isatty and isatty()) or type(out).__module__.startswith("ipykernel")
