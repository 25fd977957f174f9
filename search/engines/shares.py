"""Shares of a batch: what one worker does in one go, and who does it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from ..planning.buckets import Bucket
from ..planning.grouping import Rows


@dataclass(frozen=True, eq=False)
class Share:
    """Some configurations of a bucket.

    Attributes:
        rows: Their places in the batch, int[m].
        program: What tells the program of the bucket from others; the same in each process.
        size: Of how many configurations the largest share of the bucket consists.
        attempts: How many workers were lost over it.
    """

    rows: Rows
    program: str
    size: int
    attempts: int = 0

    def halves(self) -> list[Share]:
        """The same configurations in two shares."""
        return [dataclasses.replace(self, rows=part) for part in np.array_split(self.rows, 2)]


def cut(buckets: Iterable[Bucket], pending: npt.NDArray[np.bool_], most: int) -> list[Share]:
    """Buckets in shares, which depend on neither how many workers there are nor how fast these are.

    Args:
        buckets: The buckets.
        pending: Which configurations are to run, bool[n].
        most: The most configurations of a share.
    """
    shares = []
    for bucket in buckets:
        program = bucket.program.lane.trace().fingerprint.digest
        rows = bucket.rows[pending[bucket.rows]]
        size = min(most, len(bucket.rows))
        shares += [Share(rows[start : start + most], program, size) for start in range(0, len(rows), most)]
    return shares


@final
class Queue:
    """Shares that wait for a worker.

    Args:
        shares: The shares, in the order in which they are to run where there is nothing to choose.

    Example:
        >>> queue = Queue([Share(np.array([row]), program, 1) for row, program in enumerate('aabb')])
        >>> first = queue.take(known=(), taken=())
        >>> second = queue.take(known=(), taken={'a'})  # another worker begins another program
        >>> third = queue.take(known={'a'}, taken={'a', 'b'})
        >>> fourth = queue.take(known={'a'}, taken={'a', 'b'})  # nothing is left that it knows
        >>> [share.rows.tolist() for share in (first, second, third, fourth)]
        [[0], [2], [1], [3]]
    """

    def __init__(self, shares: Iterable[Share]) -> None:
        self._shares = list(shares)

    def __len__(self) -> int:
        return len(self._shares)

    def put(self, share: Share) -> None:
        """Has a share done before the others."""
        self._shares.insert(0, share)

    def take(self, known: Collection[str], taken: Collection[str], steals: bool = True) -> Share | None:
        """The share that a worker does next; None if there is none.

        One whose program it has compiled; else one of a program that no worker has; else one of the program
        of which there is most to do: compiling it once more is better than waiting.

        Args:
            known: The programs that the worker has.
            taken: Those that any worker has.
            steals: Whether it may be one of a program that the worker does not have.
        """
        if not self._shares:
            return None
        left = Counter(share.program for share in self._shares)

        def order(place: int) -> tuple[bool, bool, int]:
            program = self._shares[place].program
            return program not in known, program in taken, -left[program]

        best = min(range(len(self._shares)), key=order)
        if not steals and self._shares[best].program not in known:
            return None
        return self._shares.pop(best)
