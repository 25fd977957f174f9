"""`Dispatch`: has the workers of a pool carry out a plan."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any, final

import jax
import numpy as np

from symjax.core.errors import note

from ..evaluation.jobs import Job
from ..evaluation.outcomes import Lanes
from ..planning.grouping import Rows
from ..results.failures import Failure
from .pool import Pool, Ref, WorkerLost
from .shares import Queue, Share, cut
from .worker import Order, Report, settings


@final
class Dispatch:
    """Carries out a plan on workers: sends them shares, and takes what comes back, in whatever order.

    Args:
        pool: The workers.
        most: The most configurations of a share.
        retries: How many workers may be lost over a share before it is halved.
        job: The plan, and who is told of what comes of it.

    Raises:
        ValueError: A plan that was pickled.
    """

    def __init__(self, pool: Pool, most: int, retries: int, job: Job) -> None:
        plan = job.plan
        if plan.task is None:
            raise ValueError("a plan that was pickled has no function, and cannot run again")
        self._pool = pool
        self._retries = retries
        self._job = job
        self._queue = Queue(cut(plan.buckets, job.outcomes.pending, most))
        self._numbers: dict[str, int] = {}
        self._ready: set[str] = set()
        self._widths: dict[str, int] = {}
        for bucket in plan.buckets:
            self._number(bucket.program.lane.trace().fingerprint.digest)
        parts = {"fn": plan.task.fn, "space": plan.space}
        parts |= {f"data {index}": value for index, value in enumerate(job.broadcast)}
        self._parts = parts

    def run(self) -> None:
        """Runs everything; returns when all outcomes are in.

        Raises:
            BaseException: What interrupts it. What has come back by then is among the outcomes, and the
                workers that are at something are ended.
        """
        self._job.pace.begin()
        self._tell()
        pending = self._job.outcomes.pending
        for row, error in self._job.plan.errors.items():
            if pending[row]:
                self._deliver(self._job.outcomes.fail(np.array([row]), error, -1))
        if not len(self._queue):
            return
        refs = {name: self._pool.store(value) for name, value in self._parts.items()}
        try:
            while len(self._queue) or self._pool.busy:
                self._pool.grow(len(self._queue) + len(self._pool.busy))
                self._assign(refs)
                for member, outcome in self._pool.wait():
                    share, member.share = member.share, None
                    if share is not None:
                        self._land(share, outcome)
        except BaseException:
            for member, outcome in self._pool.ready():
                share, member.share = member.share, None
                if share is not None and isinstance(outcome, Report):
                    self._take(share, outcome)
            raise
        finally:
            self._pool.end_busy()
            self._job.outcomes.plan = self._summary()

    def _assign(self, refs: dict[str, Ref]) -> None:
        """Gives idle workers shares: first of the programs that they have, then what there is."""
        # Named by what they are in the store, so that a worker knows what it has already.
        names = {part: ref.hex() for part, ref in refs.items()}
        by_name = {ref.hex(): ref for ref in refs.values()}
        for steals in (False, True):
            for member in self._pool.idle:
                share = self._queue.take(member.programs, self._pool.programs, steals)
                if share is not None:
                    self._pool.send(member, share, self._order(share, names), by_name)

    def _order(self, share: Share, names: dict[str, str]) -> Order:
        plan = self._job.plan
        dnas = plan.dnas[share.rows]
        return Order(
            names["fn"],
            names["space"],
            tuple(names[f"data {index}"] for index in range(len(self._job.broadcast))),
            (np.asarray(dnas.choices), np.asarray(dnas.floats)),
            plan.ids[share.rows],
            plan.key,
            self._job.repeats,
            share.size,
            self._job.lanes,
            self._job.width,
            settings(),
        )

    def _land(self, share: Share, outcome: Any) -> None:
        """Takes what came back of a share, and says so; or does something about a worker that was lost."""
        if isinstance(outcome, WorkerLost):
            self._retry(share, outcome)
        elif isinstance(outcome, Exception):
            note(outcome, "raised by a worker, which could not carry out what was planned here")
            raise outcome
        else:
            self._deliver(self._take(share, outcome))

    def _take(self, share: Share, report: Report) -> Rows:
        """Keeps what a worker reports; the configurations that are finished by it."""
        outcomes, repeats = self._job.outcomes, self._job.repeats
        number = self._number(share.program)
        outcomes.compiled += report.compiled
        outcomes.reused += not report.compiled
        self._ready.add(share.program)
        self._widths[share.program] = max(report.width, self._widths.get(share.program, 0))
        finished: list[Rows] = []
        if len(report.places):
            rows = share.rows[report.places]
            seeds = np.arange(repeats, dtype=np.uint32)
            lanes = Lanes(np.repeat(rows, repeats), np.tile(seeds, len(rows)))
            metrics = jax.tree.map(np.array, report.metrics)  # copies: Ray's lie in its store
            finished.append(
                outcomes.keep(lanes, metrics, number, np.repeat(report.seconds / repeats, repeats))
            )
        failures = [Failure(pickle.loads(error), traceback) for error, traceback in report.failures]
        for place, failure in report.failed.items():
            finished.append(outcomes.fail(share.rows[[place]], failures[failure], number))
        self._job.pace.ran(repeats * len(share.rows))
        return np.concatenate(finished) if finished else np.zeros(0, np.intp)

    def _retry(self, share: Share, error: WorkerLost) -> None:
        """Gives a share to another worker; in halves where that did not help, to isolate who is at fault."""
        share = dataclasses.replace(share, attempts=share.attempts + 1)
        if share.attempts <= self._retries:
            self._queue.put(share)
        elif len(share.rows) > 1:
            for half in share.halves():
                self._queue.put(half)
        else:
            note(error, f"{share.attempts} workers were lost over this configuration")
            self._deliver(self._job.outcomes.fail(share.rows, error, self._number(share.program)))

    def _deliver(self, rows: Rows) -> None:
        self._tell()
        self._job.deliver(rows)

    def _tell(self) -> None:
        self._job.tell(len(self._ready), len(self._numbers), 0)

    def _number(self, program: str) -> int:
        return self._numbers.setdefault(program, len(self._numbers))

    def _summary(self) -> Any:
        """How the batch ran: as planned, but in the lanes of the workers."""
        summary = self._job.plan.summary()
        widths = tuple(self._widths[program] for program in self._numbers if program in self._widths)
        return dataclasses.replace(summary, widths=widths or summary.widths)
