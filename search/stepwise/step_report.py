"""Progress of training that is stopped early, in steps."""

from __future__ import annotations

import dataclasses
from typing import final

from ..evaluation.progress import Progress, Reporter


@final
class StepReport:
    """Tells of progress in steps of all configurations together, over one segment after the other.

    Args:
        bar: Is told.
        total: How many steps there will be.
    """

    def __init__(self, bar: Reporter, total: int) -> None:
        self._bar = bar
        self._total = total
        self._done = 0  # before this segment
        self._failed = 0
        self._trials = 0
        self._steps = 0
        self._latest = Progress(0, total, 0, 0, 0, 0.0, None)

    def begin(self, trials: int, steps: int) -> None:
        """From now on so many configurations are trained for so many steps; those of before are done."""
        self._done += self._trials * self._steps
        self._failed = self._latest.failed
        self._trials, self._steps = trials, steps

    def __call__(self, progress: Progress) -> None:
        """Says how far it is, of what a segment says of its configurations."""
        done = min(self._total, self._done + progress.done * self._steps)
        left = progress.seconds / done * (self._total - done) if done else None
        failed = self._failed + progress.failed
        self._latest = dataclasses.replace(progress, done=done, total=self._total, left=left, failed=failed)
        self._bar(self._latest)

    def end(self) -> None:
        """All is done, although what failed did not run."""
        if self._latest.done < self._total:
            self._bar(dataclasses.replace(self._latest, done=self._total, left=0.0))

    def close(self) -> None:
        """There is no more to be said."""
        self._bar.close()
