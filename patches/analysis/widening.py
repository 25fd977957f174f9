"""Which position of a widened axis stands for which of the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .axes import Axes
from .extents import Extent

UNKNOWN = "may depend on it"  # how the reason ends for which an axis is pinned that nothing is known of


class NotWidened(Exception):
    """An axis has another size that is no widening of the old one; says why.

    Attributes:
        pinned: Whether its positions have meanings of their own (classes, words, turns of a loop), so that
            the first ones may stay what they were.
    """

    def __init__(self, why: str, pinned: bool = False) -> None:
        super().__init__(why)
        self.pinned = pinned


@dataclass(frozen=True)
class Widening:
    """The axes of two models of which one is to continue the other.

    A wider axis repeats each position of the old one, interleaved: ``a a b b``. Of a product of sizes
    (height, width, channels) each factor is repeated by itself, of a sum (a concatenation) each term. Then
    all that a model does along its widths, sums divided by the number of repetitions, comes to the same.

    Chen, Goodfellow & Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016, section 2.3.

    Attributes:
        old: The axes of the old model.
        new: The axes of the new model.
    """

    old: Axes
    new: Axes

    def index(self, old: Extent, new: Extent) -> np.ndarray:
        """For each position of a new axis, that of the old one for which it stands: ``int[size]``.

        Args:
            old: The extent of the axis in the old model.
            new: That in the new model.

        Raises:
            NotWidened: It is no multiple, or nothing that could be widened.
        """
        index = np.zeros(1, int)
        for size, factor in self._factors(old, new):
            index = (index[:, None] * size + factor).ravel()
        return index

    def _factors(self, old: Extent, new: Extent) -> Iterator[tuple[int, np.ndarray]]:
        if len(old) != len(new):  # an axis of size 1 has no factors, for instance
            before, after = self.old.size(old), self.new.size(new)
            for extent, axes in ((old, self.old.pinned), (new, self.new.pinned)):
                for number in extent if before != after else ():
                    _refuse(axes, number)
            yield before, _repeated(before, after)
            return
        for a, b in zip(old, new, strict=True):
            yield self.old.size((a,)), self._of_class(a, b)

    def _of_class(self, old: int, new: int) -> np.ndarray:
        before, after = self.old.size((old,)), self.new.size((new,))
        if before == after:
            return np.arange(before)
        _refuse(self.old.pinned, old)
        _refuse(self.new.pinned, new)
        terms = self.old.terms(old), self.new.terms(new)
        if not terms[0] or len(terms[0]) != len(terms[1]):
            return _repeated(before, after)
        parts, start = [], 0
        for a, b in zip(*terms, strict=True):
            parts.append(start + self.index(a, b))
            start += self.old.size(a)
        return np.concatenate(parts)


def _repeated(before: int, after: int) -> np.ndarray:
    if after % before:
        raise NotWidened(f"{after} is no multiple of {before}")
    return np.repeat(np.arange(before), after // before)


def _refuse(pinned: Mapping[int, str], number: int) -> None:
    reason = pinned.get(number, UNKNOWN)
    if not reason.endswith(UNKNOWN):
        raise NotWidened(reason, pinned=True)
