"""`Ledger`: which trials are asked for, by whom, and which of them the algorithm was told of."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import numpy.typing as npt

from ..spaces.dna import DNA
from ..spaces.points import Spec
from .storage.database import Database
from .storage.decision_texts import read_genes, write_genes
from .workers import is_alive


@dataclass(frozen=True)
class Reservation:
    """Trials that a worker has asked for, and that nobody else runs.

    Attributes:
        first: The id of the first one.
        size: How many.
        dnas: What they are; None where rounds run as one program, which asks itself.
        left: Which of them did not run yet, places int[m].
        started: Seconds since 1970.
    """

    first: int
    size: int
    dnas: DNA | None
    left: npt.NDArray[np.intp]
    started: float

    @classmethod
    def of(cls, first: int, size: int, dnas: DNA | None = None) -> Reservation:
        """A new one."""
        return cls(first, size, dnas, np.arange(size), time.time())


@final
class Ledger:
    """The reservations of a study. All of its methods are called within a transaction that writes.

    Args:
        database: The study's file.
        spec: The decisions of the space.
    """

    def __init__(self, database: Database, spec: Spec) -> None:
        self._database = database
        self._spec = spec

    def next_id(self) -> int:
        """The id of the next trial that is asked for."""
        rows = self._database.execute("SELECT first + size FROM batches ORDER BY first DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def reserve(self, new: Reservation, worker: int) -> None:
        """Enters a reservation."""
        genes = None if new.dnas is None else b"".join(write_genes(new.dnas))
        self._database.execute(
            "INSERT INTO batches (first, size, genes, worker, asked) VALUES (?, ?, ?, ?, ?)",
            (new.first, new.size, genes, worker, new.started),
        )

    def adopt(self, orphan: Reservation, worker: int) -> None:
        """Hands a reservation to another worker."""
        self._database.execute("UPDATE batches SET worker = ? WHERE first = ?", (worker, orphan.first))

    def close(self, done: Reservation, size: int) -> None:
        """The algorithm was told of a reservation, of which so many trials have run."""
        self._database.execute(
            "UPDATE batches SET size = ?, told = ? WHERE first = ?", (size, time.time(), done.first)
        )

    def is_open(self, job: Reservation) -> bool:
        """Whether the algorithm was not told of a reservation yet."""
        return any(first == job.first for first, _, _ in self._open())

    def cancel(self, unused: Reservation) -> None:
        """A reservation is given back, of which nothing ran."""
        self._database.execute("DELETE FROM batches WHERE first = ?", (unused.first,))

    def orphan(self, done: Reservation | None, end: int) -> Reservation | None:
        """The first reservation before a trial id whose worker is dead, but for one that is just done.

        Those of rounds that ran as one program are given back: from the same state the same comes again.
        """
        for first, genes, worker in self._open():
            if (done is not None and first == done.first) or is_alive(self._database.path, worker):
                continue
            orphan = self._reservation(first)
            if genes and first >= end:  # waits until so many trials are wanted
                continue
            if genes:
                return orphan
            self.cancel(orphan)
        return None

    def is_taken(self, worker: int) -> bool:
        """Whether another worker runs rounds as one program: before it is through, nobody asks."""
        return any(
            not genes and other != worker and is_alive(self._database.path, other)
            for _, genes, other in self._open()
        )

    def is_alone(self, worker: int) -> bool:
        """Whether no other worker lives, or has left something."""
        workers = self._database.execute("SELECT id FROM workers WHERE ended IS NULL")
        others = [other for (other,) in workers if other != worker]
        return not any(is_alive(self._database.path, other) for other in others)

    def _open(self) -> list[tuple[int, bool, int]]:
        """The first id, whether there are genes, and the worker, of what is not told."""
        return self._database.execute(
            "SELECT first, genes IS NOT NULL, worker FROM batches WHERE told IS NULL ORDER BY first"
        )

    def _reservation(self, first: int) -> Reservation:
        ((size, genes, asked),) = self._database.execute(
            "SELECT size, genes, asked FROM batches WHERE first = ?", (first,)
        )
        whole = replace(Reservation.of(first, size), started=asked)
        if genes is None:
            return whole
        width = len(genes) // size
        dnas = read_genes(self._spec, [genes[start : start + width] for start in range(0, len(genes), width)])
        ran = self._database.execute(
            "SELECT id FROM trials WHERE id BETWEEN ? AND ?", (first, first + size - 1)
        )
        left = np.setdiff1d(np.arange(size), np.array(ran, np.int64).reshape(-1) - first)
        return replace(whole, dnas=dnas, left=left)
