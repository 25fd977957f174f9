"""The extents of arrays, and what rules of primitives do with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ..extents import Extent, Extents

WINDOW: Final = "the window of a convolution"
SCAN: Final = "the length of a scan"
LOOKUP: Final = "it is looked up by index"

Value: TypeAlias = tuple[Extent, ...]
"""The extents of an array's axes."""

Rule: TypeAlias = "Callable[[Extents, Any, list[Value]], Sequence[Value]]"
"""Of what is known, an equation and the extents of its operands: the extents of its results."""


def fresh(extents: Extents, aval: Any) -> Value:
    """The axes of an array of which nothing is known."""
    return tuple([extents.fresh(size) for size in getattr(aval, "shape", ())])


def results_of(extents: Extents, equation: Any) -> list[Value]:
    """The axes of the results of an equation of which nothing is known."""
    return [fresh(extents, variable.aval) for variable in equation.outvars]


def pinned(extents: Extents, size: int, reason: str) -> Extent:
    """The extent of an axis whose size cannot be chosen."""
    extent = extents.fresh(size)
    extents.pin(extent, reason)
    return extent


def join(extents: Extents, a: Value, b: Value) -> None:
    """Says that two arrays are of one shape for one reason."""
    for left, right in zip(a, b, strict=True):
        extents.join(left, right)


def without(value: Value, axes: Sequence[int]) -> Value:
    """The axes of an array but for some, by position."""
    return tuple([extent for axis, extent in enumerate(value) if axis not in axes])
