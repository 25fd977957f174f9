"""`intv`: a whole number between two bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief, known, nearest

from ..choice import Choice, Gene, Genes, Number, Size, named, refuse_choices
from ..parameter import Answer, Parameter
from .drawing import below, shares

_SCALES = ("linear", "log")
_MOST = 2**31 - 1  # genes are int32
_OCTAVES = 10  # of steps of `vary`, at most


class IntV(Choice):
    """A whole number between two bounds, both included; see `intv`.

    Its gene says how many steps it lies above the lower bound, an int32.

    Attributes:
        lo: The lower bound.
        hi: The upper bound.
        step: How far apart neighbours are.
        scale: On which scale the law is uniform.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.IntV"  # as files have it

    lo: int
    hi: int
    step: int = 1
    scale: Literal["linear", "log"] = "linear"

    def __check__(self) -> None:
        refuse_choices("intv", lo=self.lo, hi=self.hi, step=self.step)
        got = f"got lo={self.lo}, hi={self.hi}"
        if self.step < 1:
            raise ValueError(f"intv needs a step of at least 1, got {self.step}")
        if not self.lo < self.hi:
            raise ValueError(f"intv needs lo < hi, {got}")
        if self.hi - self.lo < self.step:
            raise ValueError(f"intv needs a step within its bounds, {got}, step={self.step}")
        if (self.hi - self.lo) // self.step >= _MOST:
            raise ValueError(f"intv has at most {_MOST:,} values, {got}, step={self.step}")
        if self.scale == "log" and self.lo < 1:
            raise ValueError(f"intv on a log scale needs lo ≥ 1, {got}")

    def __len__(self) -> int:
        return (self.hi - self.lo) // self.step + 1

    @property
    def values(self) -> range:
        """All values, in order."""
        return range(self.lo, self.hi + 1, self.step)

    def options(self) -> tuple[int, ...]:
        """The least and the greatest value."""
        return self.lo, self.values[-1]

    def size(self, sizes: Sequence[Sequence[Size]]) -> Size:
        """How many values there are."""
        return len(self)

    @property
    def bounds(self) -> tuple[float, float]:
        """From none to the greatest number of steps."""
        return 0, len(self) - 1

    def least(self) -> list[Gene]:
        """The lower bound."""
        return [0]

    def check(self, genes: npt.NDArray[Any], name: str) -> None:
        """Refuses what is not within the bounds."""
        wrong = genes[(genes < 0) | (genes >= len(self))]
        if wrong.size:
            self.genes([self.lo + self.step * wrong.flat[0].item()], name)

    def enumerate(self, steps: int | None) -> Iterator[list[Gene]]:
        """All values."""
        return self.enumerate_from(0, steps)

    def enumerate_from(self, start: int, steps: int | None) -> Iterator[list[Gene]]:
        """All values from one on."""
        return ([index] for index in range(start, len(self)))

    @classmethod
    def draw(cls, choices: Sequence[IntV], words: jax.Array) -> jax.Array:
        """Uniform on the scale of each: on a log scale of what is rounded to the values."""
        number = np.array([len(choice) for choice in choices], np.int32)
        drawn = below(words, [len(choice) for choice in choices])
        is_log = np.array([choice.scale == "log" for choice in choices])
        if not is_log.any():
            return drawn
        first, start, span = np.array([choice._span() for choice in choices], np.float32).T
        share = shares(words)
        # Exact in float32 however large the numbers: no difference of two of them is taken.
        steps = jnp.round(start + first * jnp.expm1(share * span))
        most = np.nextafter(np.float32(number), np.float32(0))  # rounded up, int32 might not hold it
        return jnp.where(is_log, jnp.clip(steps, 0, most).astype(jnp.int32), drawn)

    @classmethod
    def shares_of(cls, choices: Sequence[IntV], genes: jax.Array) -> jax.Array:
        """Where each lies on its scale, from 0 to 1: in the middle of what stands for it; float32[n]."""
        number = np.array([len(choice) for choice in choices], np.float32)
        first, start, span = np.array([choice._span() for choice in choices], np.float32).T
        is_log = span > 0
        steps = jnp.maximum((genes - start) / np.where(is_log, first, 1), 0)
        return jnp.where(is_log, jnp.log1p(steps) / np.where(is_log, span, 1), (genes + 0.5) / number)

    @property
    def vary_words(self) -> int:
        """One."""
        return 1

    @classmethod
    def vary(cls, choices: Sequence[IntV], genes: jax.Array, words: jax.Array) -> jax.Array:
        """A step on the scale of each, from all of it down to a neighbour, each octave as likely.

        One that would lead over a bound is reflected there.
        """
        number = np.array([len(choice) for choice in choices], np.int32)
        last = number - 1
        first, start, span = np.array([choice._span() for choice in choices], np.float32).T
        is_log = span > 0
        above = jnp.log1p((genes - start) / np.where(is_log, first, 1)) / np.where(is_log, span, 1)
        share = jnp.where(is_log, above, genes / last.astype(np.float32))
        octaves = np.minimum(np.log2(number), _OCTAVES).astype(np.float32)
        is_up = (words & 1).astype(bool)  # the lowest bit is none of those of the share
        size = jnp.exp2(-octaves * shares(words))
        share = jnp.abs(share + jnp.where(is_up, size, -size))
        share = jnp.where(share > 1, 2 - share, share)
        steps = jnp.where(is_log, start + first * jnp.expm1(share * span), share * last.astype(np.float32))
        most = np.nextafter(np.float32(number), np.float32(0))  # rounded up, int32 might not hold it
        varied = jnp.clip(jnp.round(steps), 0, most).astype(jnp.int32)
        beside = jnp.where((is_up & (genes < last)) | (genes <= 0), 1, -1)
        return jnp.where(varied == genes, genes + beside, varied)

    def _span(self) -> tuple[float, float, float]:
        """Of a law on a log scale, in steps: its lower end; that above `lo`; its length, in logarithms.

        The ends lie half a step beyond the bounds: each value stands for what is rounded to it.
        """
        if self.scale != "log":
            return 0.0, 0.0, 0.0
        low = max(self.lo - self.step / 2, 0.5)
        ratio = (self.values[-1] + self.step / 2) / low
        return low / self.step, (low - self.lo) / self.step, math.log(ratio)

    def numbers(self, genes: Genes) -> list[Number]:
        """The value itself."""
        return [self.lo + self.step * int(genes[0])]

    def genes(self, numbers: Sequence[object], name: str) -> list[Gene]:
        """The inverse."""
        genes: list[Gene] = []
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int | np.integer):
                raise TypeError(f"{name} is a whole number, got {brief(number)}")
            if int(number) not in self.values:
                steps = f" in steps of {self.step}" if self.step > 1 else ""
                raise ValueError(f"{name} lies in [{self.lo}, {self.values[-1]}]{steps}, got {brief(number)}")
            genes.append(self.values.index(int(number)))
        return genes

    def decide(self, genes: Sequence[Number] | Genes, branch: Callable[[int, int], Any]) -> int:
        """The value."""
        return self.lo + self.step * int(genes[0])

    def suggest(self, answer: Answer, name: str, names: Mapping[int, str]) -> list[Gene]:
        """The value."""
        return self.genes([answer(self._parameter(name))], name)

    def suggestions(self, genes: Genes, name: str, names: Mapping[int, str]) -> list[tuple[Parameter, Any]]:
        """The value."""
        return [(self._parameter(name), self.numbers(genes)[0])]

    def _parameter(self, name: str) -> Parameter:
        # Optuna knows no log scale with a step.
        is_log = self.scale == "log" and self.step == 1
        return Parameter(name, None, self.lo, self.values[-1], self.step, is_log)

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        positional, keywords = named(self, [self.lo, self.hi])
        if self.scale != "linear":
            keywords = {"scale": self.scale, **keywords}
        if self.step != 1:
            keywords = {"step": self.step, **keywords}
        return "intv", positional, keywords


def intv(
    lo: int,
    hi: int,
    step: int = 1,
    scale: Literal["linear", "log"] = "linear",
    *,
    name: str | None = None,
    hints: Any = None,
) -> Any:
    """A whole number between two bounds, both included: a decision that a search makes.

    Args:
        lo: The lower bound.
        hi: The upper bound; with a `step`, the greatest value is the last one that does not exceed it.
        step: How far apart neighbouring values are, at least 1.
        scale: ``'linear'`` for a uniform law; ``'log'`` for numbers whose logarithm is uniform before they
            are rounded, which needs ``lo ≥ 1``.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision; of no effect by itself.

    Returns:
        An `IntV`; typed as `Any`, because it stands for another value.

    Raises:
        TypeError: A bound or the step is no int.
        ValueError: The bounds are not ordered, or the step does not fit between them; the scale is unknown;
            or there are more than 2**31 - 1 values.

    Example:
        >>> intv(16, 256, step=16)
        intv(16, 256, step=16)
    """
    word: object = step
    if isinstance(word, str):
        raise TypeError(f"intv takes a step before the scale: intv({lo}, {hi}, scale={step!r})")
    if scale not in _SCALES:
        said = [f"unknown scale {scale!r};", nearest(str(scale), _SCALES), known(_SCALES, "scales")]
        raise ValueError(" ".join(part for part in said if part))
    return IntV(lo, hi, step, scale, name=name, hints=hints)
