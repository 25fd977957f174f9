"""`Drive`: one worker's part of a search, from transaction to transaction.

Between two batches there is one transaction: it writes the trials of the one, tells the algorithm, asks for
the other and writes the state. So at any moment the file holds a search that stands between two steps; what
is asked for and not told is run again with the same ids, hence with the same keys, by whoever finds its
worker dead.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import final

from ..algorithms.algorithm import Exhausted, State
from ..evaluation.interrupts import attach
from ..evaluation.jobs import OnResult
from ..evaluation.running.recovery import is_interrupt
from ..results.results import Results
from ..searching.giving_up import Hope
from ..searching.rounds import Search
from ..searching.watching import Watch
from .ledger import Ledger, Reservation
from .storage.database import Database
from .storage.decision_texts import DecisionTexts
from .storage.errors import StudyError
from .storage.rows import Notes, Reader, Run, write_trials
from .storage.states import read_state, replace_state
from .workers import Worker

_WRITTEN = 1.0  # seconds after which trials of a batch that still runs are written
_PAUSE = 0.05  # seconds after which it is looked again whether another worker is through
_CHUNK = 1 << 13  # trials that run as one program at most, and are written together


@dataclass(frozen=True)
class Outcome:
    """What came of a reservation.

    Attributes:
        results: Of what ran now; None if all of it had run before.
        state: What the algorithm knows after it, where it was told on the way.
        notes: What else is to be written of a single trial.
    """

    results: Results | None
    state: State | None = None
    notes: Notes | None = None


@final
class Drive:
    """One worker's part of a search.

    Where rounds can run as one program, and no other worker is there, they do; else they run one by one.

    Args:
        database: The study's file.
        reader: Reads its trials.
        texts: Writes what trials decided.
        search: Asks, evaluates and tells.
        batch: How many trials are asked for at a time.
        trials: How many the study is to have.
        watch: Follows the search.
        on_result: Called with what came of trials once it is written.
        is_host: Whether rounds run one by one in any case.
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
        is_host: bool = False,
    ) -> None:
        self._database = database
        self._reader = reader
        self._texts = texts
        self._search = search
        self._batch = batch
        self._trials = trials
        self._watch = watch
        self._on_result = on_result
        self._ledger = Ledger(database, search.space.spec)
        self._start = search.init()
        self._version, self._state = 0, self._start  # as they were written or read last
        self._program = None if is_host else search.as_program(min(batch, trials))

    def run(self) -> None:
        """Runs trials until there are as many as wanted; those that others have reserved are left to them.

        Raises:
            Exception: Everything raised, from the first trial on: what that one did.
        """
        succeeded = self._database.execute("SELECT 1 FROM trials WHERE state != 'failed' LIMIT 1")
        hope = Hope(is_start=not succeeded)
        with Worker(self._database) as worker:
            job = self.reserved(worker)
            while job is not None:
                outcome = self._evaluate(worker, job)
                try:
                    following = self._turn(worker, job, outcome)
                except KeyboardInterrupt:  # maybe before anything was written
                    self.told(worker, job, outcome)
                    raise
                if outcome.results is not None:
                    if job.dnas is None and self._on_result is not None:
                        self._on_result(outcome.results)
                    self._watch.saw(outcome.results)
                    hope.saw(outcome.results)
                    hope.check()
                job = following
        hope.check(is_over=True)

    # Trials.

    def _evaluate(self, worker: Worker, job: Reservation) -> Outcome:
        """What comes of a reservation; what is finished is written, however that ends."""
        if job.dnas is None:
            return self._rounds(job)
        if not len(job.left):
            return Outcome(None)
        unwritten: list[Results] = []
        written = time.monotonic()

        def keep(results: Results) -> None:
            nonlocal written
            unwritten.append(results)
            if self._on_result is not None or time.monotonic() - written > _WRITTEN:
                self.store(worker, job, Outcome(Results.concat(unwritten)))
                unwritten.clear()
                written = time.monotonic()
            if self._on_result is not None:
                self._on_result(results)

        options = {**self._watch.options(), "on_result": keep}
        try:
            dnas, ids = job.dnas[job.left], job.left + job.first
            return Outcome(self._search.evaluate(dnas, 0, ids=ids, **options))
        except BaseException as error:
            results = getattr(error, "results", None)
            if isinstance(results, Results):
                self.store(worker, job, Outcome(results))
            raise

    def _rounds(self, job: Reservation) -> Outcome:
        """What comes of rounds as one program; nothing if a trial makes it fail: one by one, then."""
        assert self._program is not None
        try:
            results, state = self._program.run(self._state, job.first, job.size // self._program.batch)
        except Exception as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from error
            self._program = None
            return Outcome(None)
        return Outcome(results, state)

    # Transactions.

    def reserved(self, worker: Worker) -> Reservation | None:
        """The next trials; None if there are no more."""
        return self._turn(worker, None, None)

    def told(self, worker: Worker, job: Reservation, outcome: Outcome) -> None:
        """Writes what came of a reservation, and tells the algorithm."""
        self._turn(worker, job, outcome, is_last=True)

    def store(self, worker: Worker, job: Reservation, outcome: Outcome) -> None:
        """Writes what is finished of a reservation."""
        with self._database.writing():
            self._write(worker, job, outcome)

    def _write(self, worker: Worker, job: Reservation, outcome: Outcome) -> None:
        if outcome.results is not None:
            run = Run(worker.id, job.started, time.time())
            write_trials(self._database, self._texts, outcome.results, run, outcome.notes)

    def _turn(
        self, worker: Worker, job: Reservation | None, outcome: Outcome | None, is_last: bool = False
    ) -> Reservation | None:
        """From one reservation to the next; waits while another worker runs rounds as one program.

        Args and errors are those of `_step`.
        """
        following, is_taken = self._step(worker, job, outcome, is_last)
        while is_taken:
            time.sleep(_PAUSE)
            following, is_taken = self._step(worker, None, None)
        return following

    def _step(
        self, worker: Worker, job: Reservation | None, outcome: Outcome | None, is_last: bool = False
    ) -> tuple[Reservation | None, bool]:
        """From one reservation to the next, in one transaction; gives whether there is one to wait for, too.

        Args:
            worker: Who works.
            job: What is finished; None at first.
            outcome: What came of it; None at first.
            is_last: Whether nothing more is to be reserved.

        Raises:
            StudyError: The file cannot be written; the results stand in the attribute `results` of the error.
            Exception: What the algorithm raises; the trials are written.
        """
        results = outcome.results if outcome is not None else None
        problem: BaseException | None = None
        following, known = None, (self._version, self._state)
        try:
            with self._database.writing():
                if job is not None and outcome is not None:
                    self._write(worker, job, outcome)
                try:
                    following, known = self._go_on(worker, job, outcome, is_last)
                except BaseException as error:  # noqa: BLE001 - is raised below, when the trials are written
                    problem = error
                is_taken = not is_last and following is None and self._ledger.is_taken(worker.id)
        except StudyError as error:
            if results is not None:
                attach(error, results, "what could not be written stands in its attribute `results`")
            raise
        if problem is not None:
            raise problem
        self._version, self._state = known  # not before it is written
        return following, is_taken

    def _go_on(
        self, worker: Worker, job: Reservation | None, outcome: Outcome | None, is_last: bool
    ) -> tuple[Reservation | None, tuple[int, State]]:
        """Tells the algorithm of what is done, and reserves what is next; gives that, and the new state."""
        version, before = self._current()
        state, orphan, new = before, None, None
        if job is not None and not self._ledger.is_open(job):
            return None, (version, state)  # an interrupt came when it was written already
        if job is not None and outcome is not None:
            state = self._told(state, job, outcome)
        if not is_last:
            orphan = self._ledger.orphan(job, self._trials)
        if not is_last and orphan is None and not self._ledger.is_taken(worker.id):
            new, state = self._asked(worker, state, job, outcome)
        # From here on it is only written: what raises before leaves the ledger and the state as they are.
        if job is not None and outcome is not None:
            self._close(job, outcome)
        if new is not None:
            self._ledger.reserve(new, worker.id)
        elif orphan is not None:
            self._ledger.adopt(orphan, worker.id)
        if state is not before:
            version = replace_state(self._database, state)
        return new or orphan, (version, state)

    def _told(self, state: State, job: Reservation, outcome: Outcome) -> State:
        """What the algorithm knows after a reservation."""
        if job.dnas is None:
            return outcome.state or state
        results = outcome.results
        if results is None or len(results) < job.size:  # an earlier worker's are in the file
            results = self._reader.some(job.first, job.first + job.size - 1)
        return self._search.tell(state, results)

    def _asked(
        self, worker: Worker, state: State, job: Reservation | None, outcome: Outcome | None
    ) -> tuple[Reservation | None, State]:
        """What is next, if anything is, and what the algorithm knows then."""
        first = self._ledger.next_id()
        if job is not None and job.dnas is None and outcome is not None:  # may have run less than reserved
            first = job.first + (len(outcome.results) if outcome.results is not None else 0)
        left = self._trials - first
        if left <= 0:
            return None, state
        size = min(self._batch, left)
        if self._program is not None and self._ledger.is_alone(worker.id):
            self._program = self._program.of_batch(size)
            return Reservation.of(first, size * max(1, min(left, _CHUNK) // size)), state
        try:
            dnas, state = self._search.ask(state, first, size)
        except Exhausted:
            return None, state
        return Reservation.of(first, len(dnas), dnas), state

    def _close(self, job: Reservation, outcome: Outcome) -> None:
        if job.dnas is not None:
            self._ledger.close(job, job.size)
        elif outcome.results is None:
            self._ledger.cancel(job)
        else:
            self._ledger.close(job, len(outcome.results))

    def _current(self) -> tuple[int, State]:
        """What the algorithm knows, and the version of that."""
        ((version,),) = self._database.execute("SELECT version FROM state") or [(0,)]
        if version == self._version:
            return version, self._state
        ((layout, content),) = self._database.execute("SELECT layout, content FROM state")
        return version, read_state(layout, content, self._start)
