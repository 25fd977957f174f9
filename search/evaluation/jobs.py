"""`Job`: an evaluation that is planned, and is to be carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..compiling.lanes import Mode
from ..planning.grouping import Rows
from ..planning.plan import Plan
from ..results.results import Results
from .outcomes import Outcomes
from .pace import Pace
from .progress import Progress, Reporter

OnResult: TypeAlias = Callable[[Results], object]


@dataclass(frozen=True)
class Job:
    """What is to be run, and who is to be told of it.

    Attributes:
        plan: How it is to run.
        outcomes: Takes what comes of it, at once: whatever interrupts the run leaves them whole.
        broadcast: Arguments that all configurations share.
        repeats: How many seeds each configuration runs with.
        reporter: Is told of progress.
        on_result: Called with the results of each chunk that is finished; None for nothing.
        pace: Measures how long it takes.
        width: The lanes side by side that were asked for; None for as many as fit into memory.
        lanes: The way that was asked for in which they run; None for what suits the devices.
    """

    plan: Plan
    outcomes: Outcomes
    broadcast: tuple[Any, ...]
    repeats: int
    reporter: Reporter
    on_result: OnResult | None
    pace: Pace
    width: int | None = None
    lanes: Mode | None = None

    def deliver(self, rows: Rows) -> None:
        """Says that configurations are finished."""
        if self.on_result is not None and len(rows):
            self.on_result(self.outcomes.results(rows))

    def tell(self, compiled: int, programs: int, size: int) -> None:
        """Says how far it is.

        Args:
            compiled: The programs that are ready.
            programs: All programs.
            size: That of the programs that are still to be compiled.
        """
        total = self.repeats * len(self.plan)
        left = self.outcomes.lanes_left
        self.reporter(
            Progress(
                done=total - left,
                total=total,
                failed=len(self.outcomes.errors),
                compiled=compiled,
                programs=programs,
                seconds=self.pace.seconds,
                left=self.pace.left(size, left),
            )
        )
