"""`Drive`: one worker's part of a search, from transaction to transaction.

Between two batches there is one transaction: it writes the trials of the one, tells the algorithm, asks for
the other and writes the state. So at any moment the file holds a search that stands between two steps; what
is asked for and not told is run again with the same ids, hence with the same keys, by whoever finds its
worker dead.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from ..algorithms.algorithm import Exhausted, State
from ..evaluation.interrupts import attach
from ..evaluation.jobs import OnResult
from ..results.results import Results
from ..searching.giving_up import Hope
from ..searching.rounds import Search
from ..searching.watching import Watch
from ..spaces.dna import DNA
from .database import Database
from .decision_texts import DecisionTexts, read_genes, write_genes
from .errors import StudyError
from .rows import Reader, Run, write_trials
from .states import read_state, replace_state
from .workers import Worker, is_alive

_WRITTEN = 1.0  # seconds after which trials of a batch that still runs are written


@dataclass(frozen=True)
class Reservation:
    """Trials that a worker has asked for, and that are run by nobody else.

    Attributes:
        first: The id of the first one.
        dnas: What they are, n.
        left: Which of them did not run yet, places int[m].
        started: Seconds since 1970.
    """

    first: int
    dnas: DNA
    left: npt.NDArray[np.intp]
    started: float

    @property
    def last(self) -> int:
        """The id of the last one."""
        return self.first + len(self.dnas) - 1


@final
class Drive:
    """One worker's part of a search.

    Args:
        database: The study's file.
        reader: Reads its trials.
        texts: Writes what trials decided.
        search: Asks, evaluates and tells.
        batch: How many trials are asked for at a time.
        trials: How many the study is to have.
        watch: Follows the search.
        on_result: Called with what came of trials once it is written.
    """

    def __init__(
        self,
        database: Database,
        reader: Reader,
        texts: DecisionTexts,
        search: Search,
        batch: int,
        trials: int,
        watch: Watch,
        on_result: OnResult | None = None,
    ) -> None:
        self._database = database
        self._reader = reader
        self._texts = texts
        self._search = search
        self._batch = batch
        self._trials = trials
        self._watch = watch
        self._on_result = on_result
        self._start = search.init()
        self._version, self._state = 0, self._start  # as they were written or read last

    def run(self) -> None:
        """Runs trials until there are as many as wanted; those that others have reserved are left to them.

        Raises:
            Exception: Everything raised, from the first trial on: what that one did.
        """
        succeeded = self._database.execute("SELECT 1 FROM trials WHERE state != 'failed' LIMIT 1")
        hope = Hope(is_start=not succeeded)
        with Worker(self._database) as worker:
            job = self._turn(worker, None, None)
            while job is not None:
                results = self._evaluate(worker, job)
                try:
                    following = self._turn(worker, job, results)
                except KeyboardInterrupt:  # maybe before anything was written
                    self._store(worker, job, results)
                    raise
                if results is not None:
                    self._watch.saw(results)
                    hope.saw(results)
                    hope.check()
                job = following
        hope.check(is_over=True)

    def _evaluate(self, worker: Worker, job: Reservation) -> Results | None:
        """What comes of a job; what is finished is written, however that ends."""
        if not len(job.left):
            return None
        unwritten: list[Results] = []
        written = time.monotonic()

        def keep(results: Results) -> None:
            nonlocal written
            unwritten.append(results)
            if self._on_result is not None or time.monotonic() - written > _WRITTEN:
                self._store(worker, job, Results.concat(unwritten))
                unwritten.clear()
                written = time.monotonic()
            if self._on_result is not None:
                self._on_result(results)

        options = {**self._watch.options(), "on_result": keep}
        try:
            return self._search.evaluate(job.dnas[job.left], 0, ids=job.left + job.first, **options)
        except BaseException as error:
            results = getattr(error, "results", None)
            if isinstance(results, Results):
                self._store(worker, job, results)
            raise

    def _store(self, worker: Worker, job: Reservation, results: Results | None) -> None:
        """Writes what is finished of a job."""
        if results is not None:
            with self._database.writing():
                write_trials(self._database, self._texts, results, Run(worker.id, job.started, time.time()))

    def _turn(self, worker: Worker, job: Reservation | None, results: Results | None) -> Reservation | None:
        """From one job to the next, in one transaction.

        Args:
            worker: Who works.
            job: What is finished; None at first.
            results: What came of it; None if all of it was there.

        Raises:
            StudyError: The file cannot be written; the results stand in the attribute `results` of the error.
            Exception: What the algorithm raises; the trials are written.
        """
        problem: BaseException | None = None
        try:
            with self._database.writing():
                if job is not None and results is not None:
                    run = Run(worker.id, job.started, time.time())
                    write_trials(self._database, self._texts, results, run)
                try:
                    following = self._go_on(worker, job, results)
                except BaseException as error:  # noqa: BLE001 - is raised below, when the trials are written
                    problem = error
        except StudyError as error:
            if results is not None:
                attach(
                    error, results, "the trials that could not be written stand in its attribute `results`"
                )
            raise
        if problem is not None:
            raise problem
        return following

    def _go_on(self, worker: Worker, job: Reservation | None, results: Results | None) -> Reservation | None:
        """Tells the algorithm of a job, and reserves the next one."""
        state, now = self._current(), time.time()
        if job is not None:
            state = self._search.tell(state, self._whole(job, results))
        following = self._orphan(None if job is None else job.first)
        is_new = False
        if following is None and (first := self._next_id()) < self._trials:
            try:
                dnas, state = self._search.ask(state, first, min(self._batch, self._trials - first))
                following, is_new = Reservation(first, dnas, np.arange(len(dnas)), now), True
            except Exhausted:
                pass
        # From here on nothing is computed, only written: what raises before leaves the file as it is.
        execute, version = self._database.execute, self._version + 1
        if job is not None:
            execute("UPDATE batches SET told = ? WHERE first = ?", (now, job.first))
        if following is not None and is_new:
            genes = b"".join(write_genes(following.dnas))
            row = (following.first, len(following.dnas), genes, version, worker.id, now)
            execute(
                "INSERT INTO batches (first, size, genes, step, version, worker, asked) VALUES (?, ?, ?, 0, "
                "?, ?, ?)",
                row,
            )
        elif following is not None:
            execute("UPDATE batches SET worker = ? WHERE first = ?", (worker.id, following.first))
        if job is not None or is_new:
            self._version, self._state = replace_state(self._database, state), state
        return following

    def _whole(self, job: Reservation, results: Results | None) -> Results:
        """The results of a job, those of an earlier worker included."""
        if results is not None and len(results) == len(job.dnas):
            return results
        return self._reader.some(job.first, job.last)

    def _current(self) -> State:
        """What the algorithm knows."""
        ((version,),) = self._database.execute("SELECT version FROM state") or [(0,)]
        if version != self._version:
            ((layout, content),) = self._database.execute("SELECT layout, content FROM state")
            self._version, self._state = version, read_state(layout, content, self._start)
        return self._state

    def _orphan(self, done: int | None) -> Reservation | None:
        """The first job whose worker is dead."""
        rows = self._database.execute(
            "SELECT first, size, genes, worker, asked FROM batches WHERE told IS NULL ORDER BY first"
        )
        for first, size, genes, worker, asked in rows:
            if first == done or is_alive(self._database.path, worker):
                continue
            width = len(genes) // size
            spec = self._search.space.spec
            dnas = read_genes(spec, [genes[start : start + width] for start in range(0, len(genes), width)])
            ran = self._database.execute(
                "SELECT id FROM trials WHERE id BETWEEN ? AND ?", (first, first + size - 1)
            )
            left = np.setdiff1d(np.arange(size), np.array(ran, np.int64).reshape(-1) - first)
            return Reservation(first, dnas, left, asked)
        return None

    def _next_id(self) -> int:
        rows: list[Any] = self._database.execute(
            "SELECT first + size FROM batches ORDER BY first DESC LIMIT 1"
        )
        return int(rows[0][0]) if rows else 0
