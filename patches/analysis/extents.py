"""Extents of axes, and which of them are one: products of classes, which may be sums of such products."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Extent: TypeAlias = tuple[int, ...]
"""The extent of an axis: the product of the classes with these numbers, major first; ``()`` is 1."""


class Extents:
    """Classes of extents, joined as reasons are seen why two are the same (union and find).

    A class is opaque; or, once an axis of it was split by a reshape, the product of others; or, once it was
    concatenated or sliced, the sum of extents. Classes of size 1 do not exist: they tell nothing.

    Example:
        >>> extents = Extents()
        >>> merged, heads = extents.fresh(12), extents.fresh(3)
        >>> rest = extents.fresh(4)
        >>> extents.join(merged, heads + rest)   # a reshape from (12,) to (3, 4)
        >>> extents.flat(merged) == extents.flat(heads + rest)
        True
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._size: list[int] = []
        self._factors: dict[int, Extent] = {}
        self._terms: dict[int, tuple[Extent, ...]] = {}
        self._counts: set[int] = set()
        self._pins: list[tuple[Extent, str, bool]] = []
        self._used: list[Extent] = []
        self._left: list[tuple[Extent, str]] = []

    def fresh(self, size: int) -> Extent:
        """An extent of which nothing but the size is known."""
        if size == 1:
            return ()
        self._parent.append(len(self._parent))
        self._size.append(size)
        return (len(self._parent) - 1,)

    def size(self, extent: Extent) -> int:
        """How many positions an extent has."""
        return math.prod([self._size[number] for number in extent])

    def flat(self, extent: Extent) -> Extent:
        """An extent as the product of the classes that are no products themselves, as far as is known."""
        flat: list[int] = []
        for number in extent:
            root = self._root(number)
            flat.extend(self.flat(self._factors[root]) if root in self._factors else (root,))
        return tuple(flat)

    def terms(self, extent: Extent) -> tuple[Extent, ...]:
        """The extents whose sum an extent is, itself if it is no sum."""
        flat = self.flat(extent)
        if len(flat) != 1 or flat[0] not in self._terms:
            return (flat,)
        return tuple([part for term in self._terms[flat[0]] for part in self.terms(term)])

    def pin(self, extent: Extent, reason: str, *, lightly: bool = False) -> None:
        """Says that a size cannot be chosen freely, and why; lightly, if it may yet follow from another."""
        if extent:
            self._pins.append((extent, reason, lightly))

    def count(self, extent: Extent) -> None:
        """Says that an extent is a number of things (heads, groups), whose own size is what varies."""
        self._counts.update(extent)

    def counts(self) -> frozenset[int]:
        """The classes that are numbers of things."""
        return frozenset(self.flat(tuple(sorted(self._counts))))

    def pins(self, *, lightly: bool) -> dict[int, str]:
        """The classes that are pinned, with the first reason; those pinned lightly, or the others."""
        reasons: dict[int, str] = {}
        for extent, reason, light in self._pins:
            if light == lightly:
                for number in self._parts(extent):
                    reasons.setdefault(number, reason)
        if not lightly:
            used = {number for extent in self._used for number in self._parts(extent)}
            for extent, reason in self._left:
                for number in self._parts(extent):
                    if number not in used:
                        reasons.setdefault(number, reason)
        return reasons

    def leave(self, extent: Extent, reason: str) -> None:
        """Says that a part of an axis is not taken where another is: pinned, unless it is taken elsewhere."""
        self._left.append((extent, reason))

    def use(self, extent: Extent) -> None:
        """Says that a part of an axis is taken."""
        self._used.append(extent)

    def _parts(self, extent: Extent) -> Iterable[int]:
        """The classes of which an extent consists, sums and what they add up."""
        for number in self.flat(extent):
            yield number
            for term in self._terms.get(number, ()):
                yield from self._parts(term)

    def join(self, a: Extent, b: Extent) -> None:
        """Says that two extents are of one size for one reason, class by class as far as they line up."""
        left, right = self.flat(a), self.flat(b)
        while left and right:
            x, y = left[0], right[0]
            left, right = left[1:], right[1:]
            if x == y:
                continue
            if self._size[x] == self._size[y]:
                self._unite(x, y)
            elif self._size[x] > self._size[y]:
                left = self._divide(x, y) + left
            else:
                right = self._divide(y, x) + right
            left, right = self.flat(left), self.flat(right)

    def _divide(self, whole: int, first: int) -> Extent:
        """What is left of a class when another is divided off at its front."""
        rest_size, remainder = divmod(self._size[whole], self._size[first])
        repeated = self._repetition(whole)
        if repeated is not None:
            self._factors[whole] = repeated
            return self._after(repeated, first)
        if remainder or whole in self._terms:
            self.pin((whole, first), "two ways to see one axis do not line up")
            return ()
        rest = self.fresh(rest_size)
        self._factors[whole] = (first, *rest)
        return rest

    def _repetition(self, whole: int) -> Extent | None:
        """A sum of equal terms as a product."""
        terms = self.terms((whole,)) if whole in self._terms else ()
        if len(terms) < 2 or len(set(terms)) > 1:
            return None
        del self._terms[whole]
        times = self.fresh(len(terms))
        self.count(times)
        return times + terms[0]

    def _after(self, extent: Extent, first: int) -> Extent:
        flat = self.flat(extent)
        if self._size[flat[0]] == self._size[first]:
            self._unite(flat[0], first)
            return self.flat(flat[1:])
        self.pin((*flat, first), "two ways to see one axis do not line up")
        return ()

    def _unite(self, x: int, y: int) -> None:
        x_terms, y_terms = self._terms.get(x), self._terms.get(y)
        self._parent[y] = x
        if y_terms is not None:
            self._terms[x] = y_terms
            del self._terms[y]
        if x_terms is not None and y_terms is not None:
            self._align(x_terms, y_terms)

    def _align(self, a: Sequence[Extent], b: Sequence[Extent]) -> None:
        """Says that two sums are one, term by term."""
        left, right = list(a), list(b)
        while left and right:
            x, y = left.pop(0), right.pop(0)
            difference = self.size(x) - self.size(y)
            if difference > 0:
                x, rest = self.cut(x, self.size(y))
                left.insert(0, rest)
            elif difference < 0:
                y, rest = self.cut(y, self.size(x))
                right.insert(0, rest)
            self.join(x, y)

    def total(self, parts: Sequence[Extent]) -> Extent:
        """The extent of a concatenation."""
        if len(parts) == 1:
            return parts[0]
        whole = self.fresh(sum([self.size(part) for part in parts]))
        if whole:
            self._terms[whole[0]] = tuple(parts)
        return whole

    def cut(self, extent: Extent, at: int) -> tuple[Extent, Extent]:
        """The extents of the first `at` positions of an axis and of the others; neither is empty."""
        flat = self.flat(extent)
        if not 0 < at < self.size(flat):  # an axis without positions
            return (flat, self.fresh(0)) if at else (self.fresh(0), flat)
        if len(flat) == 1:
            return self._cut_class(flat[0], at)
        inner = self.size(flat[1:])
        if at % inner:
            self.pin(flat, "it is cut inside of what was merged")
            parts = self.fresh(at), self.fresh(self.size(flat) - at)
            for part in parts:
                self.pin(part, "it is cut out of a merged axis")
            return parts
        first, rest = self.cut(flat[:1], at // inner)
        return first + flat[1:], rest + flat[1:]

    def _cut_class(self, number: int, at: int) -> tuple[Extent, Extent]:
        if number not in self._terms:
            halves = self.fresh(at), self.fresh(self._size[number] - at)
            self._terms[number] = halves
            return halves
        before: list[Extent] = []
        after: list[Extent] = []
        offset = 0
        for term in self.terms((number,)):
            size = self.size(term)
            if offset < at < offset + size:
                first, rest = self.cut(term, at - offset)
                before.append(first)
                after.append(rest)
            else:
                (before if offset < at else after).append(term)
            offset += size
        return self.total(before), self.total(after)

    def regroup(self, extents: Sequence[Extent], shape: Sequence[int]) -> list[Extent]:
        """The extents of an array after a reshape.

        Args:
            extents: The extents before.
            shape: The sizes after, of the same product.
        """
        if 0 in shape:
            return self._unrelated(extents, shape)
        pending = list(self.flat(tuple([number for extent in extents for number in extent])))
        result: list[Extent] = []
        for size in shape:
            taken: Extent = ()
            while (missing := size // max(1, self.size(taken))) > 1:
                if not pending or size % self.size(taken):
                    return self._unrelated(extents, shape)
                number = pending.pop(0)
                if self._size[number] > missing:
                    if self._size[number] % missing:
                        return self._unrelated(extents, shape)
                    first = self.fresh(missing)
                    self.count(first)
                    rest = self._divide(number, first[0])
                    if not rest:
                        return self._unrelated(extents, shape)
                    pending[:0] = self.flat(rest)
                    taken += self.flat(first)
                else:
                    taken += (number,)
            if self.size(taken) != size:
                return self._unrelated(extents, shape)
            result.append(taken)
        return result

    def _unrelated(self, extents: Sequence[Extent], shape: Sequence[int]) -> list[Extent]:
        for extent in extents:
            self.pin(extent, "a reshape mixes it with other axes")
        result = [self.fresh(size) for size in shape]
        for extent in result:
            self.pin(extent, "a reshape mixes it with other axes")
        return result

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number
