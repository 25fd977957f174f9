"""`SampledTrials`: the trials of a study, for a loop of Python that runs them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, final

from ..results.results import Results
from ..searching.measurement import Measurement
from ..spaces.dna import DNA
from .driving import Drive, Outcome
from .ledger import Reservation
from .storage.database import Database
from .storage.rows import Notes, read_courses, read_measurements, write_metadata
from .workers import Worker


@final
class SampledTrials:
    """Where a loop takes the trials of a study from, and whom it tells.

    What a loop leaves without feedback stays reserved until the study is closed, and is what the next one
    begins with.

    Args:
        database: The study's file.
        drive: Reserves trials, and writes what came of them.
        worker: Who works.
    """

    def __init__(self, database: Database, drive: Drive, worker: Worker) -> None:
        self._database = database
        self._drive = drive
        self._worker = worker
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, DNA]] = []
        self._past: tuple[object, dict[int, tuple[Measurement, ...]]] = None, {}
        self._open: dict[int, tuple[Reservation, set[int]]] = {}  # with the ids that are not reported yet

    def claim(self) -> tuple[int, DNA] | None:
        """The next trial's id and point; None if there are no more."""
        with self._lock:
            while not self._waiting:
                job = self._drive.reserved(self._worker)
                if job is None or job.dnas is None:
                    return None
                ids = (job.left + job.first).tolist()
                if not ids:  # all of it has run, and its algorithm was not told
                    self._drive.told(self._worker, job, Outcome(None))
                left = set(ids)
                self._open.update(dict.fromkeys(ids, (job, left)))
                self._waiting = [(number, job.dnas[number - job.first]) for number in ids]
            return self._waiting.pop(0)

    def report(
        self,
        results: Results,
        measurements: Sequence[Measurement] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Takes what came of a trial: it is written, and the algorithm told."""
        with self._lock:
            (number,) = results.ids.tolist()
            job, left = self._open.pop(number)
            left.discard(number)
            outcome = Outcome(results, notes=Notes(tuple(measurements), metadata or {}))
            if left:
                self._drive.store(self._worker, job, outcome)
            else:
                self._drive.told(self._worker, job, outcome)

    def past(self) -> Mapping[int, tuple[Measurement, ...]]:
        """What finished trials measured on their way, by their ids; those of other processes, too."""
        with self._lock:
            moment, known = self._past
            now = self._database.moment
            if moment != now:
                rows = self._database.execute("SELECT id FROM trials")
                new = {number for (number,) in rows}.difference(known)
                if moment is None:
                    known = read_courses(self._database)
                read = {number: read_measurements(self._database, number) for number in new - known.keys()}
                self._past = now, {**known, **read}
            return self._past[1]

    def note(self, trial: int, metadata: Mapping[str, Any]) -> None:
        """Takes what was noted of a trial later."""
        write_metadata(self._database, trial, metadata)
