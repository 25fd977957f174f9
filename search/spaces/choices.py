"""`oneof` and `floatv`: values that a search decides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from decimal import Decimal
from typing import Any, ClassVar, Literal

import numpy as np

from symjax.core.errors import brief, known, nearest
from symjax.core.fields import field
from symjax.nodes.placeholders import Placeholder

Scale = Literal["linear", "log"]
SCALES: tuple[Scale, ...] = ("linear", "log")

_GREATEST = float(np.finfo(np.float32).max)
_LEAST = float(np.finfo(np.float32).tiny)  # XLA flushes what is smaller to zero


class Choice(Placeholder):
    """A value that a search decides; stands anywhere in a tree in the place of that value.

    Make one with `oneof` or `floatv`.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.Choice"  # as files have it


class OneOf(Choice):
    """One of several candidates; see `oneof`.

    Attributes:
        candidates: What there is to choose from. Candidates may hold choices of their own.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.OneOf"  # as files have it

    candidates: tuple[Any, ...]

    def options(self) -> tuple[Any, ...]:
        """The candidates."""
        return self.candidates

    def __check__(self) -> None:
        if not self.candidates:
            raise ValueError("oneof needs at least one candidate, got an empty list")

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "oneof", [list(self.candidates)], {}


class FloatV(Choice):
    """A float between two bounds, both included; see `floatv`.

    Attributes:
        lo: The lower bound.
        hi: The upper bound.
        scale: ``'linear'`` or ``'log'``: on which scale the law is uniform.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.FloatV"  # as files have it

    lo: float = field(static=True)
    hi: float = field(static=True)
    scale: Scale = "linear"

    def options(self) -> tuple[float, float]:
        """The two bounds."""
        return self.lo, self.hi

    def __check__(self) -> None:
        got = f"got lo={_Brief(self.lo)!r}, hi={_Brief(self.hi)!r}"
        if not all(abs(bound) <= _GREATEST for bound in (self.lo, self.hi)):  # a NaN compares false
            raise ValueError(f"floatv needs finite bounds that float32 can hold, {got}")
        if not np.float32(self.lo) < np.float32(self.hi):
            raise ValueError(f"floatv needs lo < hi, apart by more than float32 can tell, {got}")
        if self.scale == "log" and self.lo < _LEAST:
            raise ValueError(f"floatv on a log scale needs lo ≥ {_LEAST:.3g}, {got}")

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        scale = [self.scale] if self.scale != "linear" else []
        return "floatv", [_Brief(self.lo), _Brief(self.hi), *scale], {}


def oneof(candidates: Iterable[Any], *more: Any) -> Any:
    """One of several candidates: a decision that a search makes.

    Stands anywhere in a tree, whatever the type hint there; each candidate is checked against that
    hint. Candidates may hold choices themselves, which then matter only when their candidate is taken.
    The law is uniform.

    Args:
        candidates: What there is to choose from, in a fixed order; at least one.
        *more: Refused: the candidates are one list.

    Returns:
        A `OneOf`; typed as `Any`, because it stands for another value.

    Raises:
        TypeError: `candidates` is no list: a text, a number, a set (which has no order).
        ValueError: There are no candidates.

    Example:
        >>> oneof([8, 16, 32])
        oneof([8, 16, 32])
    """
    if more:
        raise TypeError(f"oneof takes its candidates as one list: oneof({brief([candidates, *more])})")
    if isinstance(candidates, str | bytes | Set) or not isinstance(candidates, Iterable):
        raise TypeError(
            f"oneof takes a list of candidates, got {brief(candidates)} of type {type(candidates).__name__}"
        )
    return OneOf(tuple(candidates))


def floatv(lo: float, hi: float, scale: Scale = "linear") -> Any:
    """A float between two bounds, both included: a decision that a search makes.

    Args:
        lo: The lower bound.
        hi: The upper bound, above `lo` by more than float32 can tell.
        scale: ``'linear'`` for a uniform law, ``'log'`` for a uniform law of the logarithm, which needs
            ``lo > 0``.

    Returns:
        A `FloatV`; typed as `Any`, because it stands for another value.

    Raises:
        TypeError: A bound is no number.
        ValueError: The bounds are not ordered, not finite, or not positive on a log scale; or the scale
            is unknown.

    Example:
        >>> floatv(1e-4, 0.1, 'log')
        floatv(1e-4, 0.1, 'log')
    """
    if scale not in SCALES:
        hints = [f"unknown scale {scale!r};", nearest(scale, SCALES), known(SCALES, "scales")]
        raise ValueError(" ".join(hint for hint in hints if hint))
    return FloatV(lo, hi, scale)


class _Brief(float):
    """A float that prints as people write it: 1e-4 in the place of 0.0001."""

    def __repr__(self) -> str:
        plain = float.__repr__(self)
        value = float(self)
        if not math.isfinite(value) or value == 0:
            return plain
        sign, digits, exponent = Decimal(plain).normalize().as_tuple()
        first, *rest = map(str, digits)
        mantissa = f"{first}.{''.join(rest)}" if rest else first
        power = int(exponent) + len(digits) - 1
        return min(plain, f"{'-' * sign}{mantissa}e{power}", key=len)
