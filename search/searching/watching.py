"""`Watch`: follows a search from batch to batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, final

from ..evaluation.jobs import OnResult
from ..evaluation.progress import Progress, Report, reporter
from ..results.measurements import OK
from ..results.objective import is_loss
from ..results.results import Results


@final
class Watch:
    """Follows a search: its progress over all batches, the best so far, and a user's `on_result`.

    Args:
        trials: How many there will be.
        progress: True for a bar, or a function; see `search.evaluate`.
        on_result: Called with the results of each chunk.
        repeats: How many seeds each trial runs with.
        clock: Seconds that go on.
    """

    def __init__(
        self,
        trials: int,
        progress: bool | Report = False,
        on_result: OnResult | None = None,
        repeats: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter = reporter(progress)
        self._is_silent = progress is False
        self._on_result = on_result
        self._total = trials * repeats
        self._repeats = repeats
        self._clock = clock
        self._start = clock()
        self._resumed = 0  # trials that took no time
        self._done = 0
        self._failed = 0
        self._best: float | None = None

    def options(self) -> dict[str, Any]:
        """What `search.evaluate` is to call while the next batch runs."""
        if self._is_silent:
            return {"on_result": self._on_result}
        return {"on_result": self._on_result, "progress": self._within}

    def compiles(self) -> None:
        """Says that a program is being compiled."""
        if not self._is_silent:
            self._say(0, 0, 0, 1)

    def saw(self, results: Results, resumed: bool = False) -> None:
        """Takes the results of a batch, or of a chunk of several.

        Args:
            results: The results.
            resumed: Whether they were there before.
        """
        self._done += len(results) * self._repeats
        self._resumed += len(results) * self._repeats * resumed
        self._failed += len(results.errors)
        if not self._is_silent:
            self._best = _better(self._best, results)
            self._say(0, 0, 1, 1)

    def ran(self, results: Results) -> None:
        """As `saw`, for what no engine has told `on_result` of."""
        if self._on_result is not None:
            self._on_result(results)
        self.saw(results)

    def close(self) -> None:
        """There is no more to follow."""
        self._reporter.close()

    def _within(self, progress: Progress) -> None:
        """Says how far the batch is that runs; its end is said when it was told."""
        if progress.done < progress.total:
            self._say(progress.done, progress.failed, progress.compiled, progress.programs)

    def _say(self, done: int, failed: int, compiled: int, programs: int) -> None:
        done += self._done
        seconds, fresh = self._clock() - self._start, done - self._resumed
        left = seconds / fresh * (self._total - done) if fresh else None
        self._reporter(
            Progress(
                done=done,
                total=self._total,
                failed=self._failed + failed,
                compiled=compiled,
                programs=programs,
                seconds=seconds,
                left=left,
                best=self._best,
            )
        )


def _better(best: float | None, results: Results) -> float | None:
    """The better one of a metric so far and of the best of some results, if one metric counts."""
    goal = results.objective
    if len(goal.metrics or results.names) != 1 or not (goal.modes or not any(map(is_loss, results.names))):
        return None
    scores = results.scores()
    counted = (scores.outcome == OK) & (scores.violation == 0)
    if not scores.goals or not counted.any():
        return best
    sign = -1 if scores.goals[0][1] == "max" else 1
    mine = float(scores.costs[counted, 0].min()) * sign
    return mine if best is None else sign * min(sign * best, sign * mine)
