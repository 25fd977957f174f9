"""Selections of candidates in lexicographic order: all of them, or those from one on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Selections:
    """All ways to take `k` of `number` candidates, each a tuple of indices.

    Attributes:
        number: How many candidates there are.
        k: How many are taken.
        distinct: Whether each is taken once at most.
        sorted: Whether they are taken in ascending order.

    Example:
        >>> list(Selections(3, 2, distinct=True, sorted=True))
        [(0, 1), (0, 2), (1, 2)]
        >>> Selections(52, 5, distinct=True, sorted=True)[2_598_959]
        (47, 48, 49, 50, 51)
    """

    number: int
    k: int
    distinct: bool
    sorted: bool

    @property
    def size(self) -> int:
        """How many there are."""
        return self._after(0, 0, self.k)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        indices = range(self.number)
        match self.distinct, self.sorted:
            case True, True:
                return itertools.combinations(indices, self.k)
            case True, False:
                return itertools.permutations(indices, self.k)
            case False, True:
                return itertools.combinations_with_replacement(indices, self.k)
        return itertools.product(indices, repeat=self.k)

    def __getitem__(self, index: int) -> tuple[int, ...]:
        """The one of a number: place by place, by how many begin with each candidate.

        Args:
            index: From 0 to less than `size`.
        """
        taken: list[int] = []
        for place in range(self.k):
            first = taken[-1] + self.distinct if self.sorted and taken else 0
            for candidate in range(first, self.number):
                if self.distinct and candidate in taken:
                    continue
                ways = self._after(candidate + self.distinct, place + 1, self.k - place - 1)
                if index < ways:
                    taken.append(candidate)
                    break
                index -= ways
        return tuple(taken)

    def _after(self, first: int, place: int, rest: int) -> int:
        """How many ways there are to take `rest` more.

        Args:
            first: The least candidate that may follow, where they are sorted.
            place: How many are taken already.
            rest: How many are still to be taken.
        """
        left = self.number - first
        match self.distinct, self.sorted:
            case True, True:
                return math.comb(left, rest)
            case True, False:
                return math.perm(self.number - place, rest)
            case False, True:
                return math.comb(left + rest - 1, rest) if rest else 1
        return int(self.number**rest)
