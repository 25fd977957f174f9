"""`floatv`: a float between two bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.extend.core import primitives

from symjax.core.errors import brief, known, nearest
from symjax.core.fields import field

from ..choice import Brief, Choice, Gene, Genes, Number, Size, named, refuse_choices
from ..parameter import Answer, Parameter
from .drawing import shares

Scale: TypeAlias = Literal["linear", "log", "reverse_log"]
SCALES: tuple[Scale, ...] = ("linear", "log", "reverse_log")

_CONFIG: Any = jax.config  # which has no types for its options
_GREATEST = float(np.finfo(np.float32).max)
_LEAST = float(np.finfo(np.float32).tiny)  # XLA flushes what is smaller to zero
_OCTAVES = 10  # from the whole scale down to 1/1024 of it


class FloatV(Choice):
    """A float between two bounds, both included; see `floatv`.

    Its gene is the final float32 value, whatever the scale.

    Attributes:
        lo: The lower bound.
        hi: The upper bound.
        scale: On which scale the law is uniform.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.FloatV"  # as files have it

    __symjax_advice__: ClassVar[str] = "floatv decides a float; for a whole number there is intv(lo, hi)"

    array = "floats"

    lo: float = field(static=True)
    hi: float = field(static=True)
    scale: Scale = "linear"

    def __check__(self) -> None:
        refuse_choices("floatv", lo=self.lo, hi=self.hi)
        got = f"got lo={Brief(self.lo)!r}, hi={Brief(self.hi)!r}"
        if not all(abs(bound) <= _GREATEST for bound in (self.lo, self.hi)):  # a NaN compares false
            raise ValueError(f"floatv needs finite bounds that float32 can hold, {got}")
        if not np.float32(self.lo) < np.float32(self.hi):
            raise ValueError(f"floatv needs lo < hi, apart by more than float32 can tell, {got}")
        if self.scale != "linear" and self.lo < _LEAST:
            scale = self.scale.replace("_", " ")
            raise ValueError(f"floatv on a {scale} scale needs lo ≥ {_LEAST:.3g}, {got}")

    def options(self) -> tuple[float, float]:
        """The two bounds."""
        return self.lo, self.hi

    def size(self, sizes: Sequence[Sequence[Size]]) -> Size:
        """Infinite."""
        return math.inf

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds, as float32."""
        return float(np.float32(self.lo)), float(np.float32(self.hi))

    def least(self) -> list[Gene]:
        """The lower bound."""
        return [np.float32(self.lo)]

    @property
    def middle(self) -> float:
        """The float in the middle of the scale."""
        return self.at(0.5)

    def at(self, share: float) -> float:
        """The float at a share of the scale, from 0 (the lower bound) to 1 (the upper one)."""
        low, high = self._span()
        value = low * (1 - share) + high * share
        match self.scale:
            case _ if share in (0, 1):  # exactly the bounds, which exp and log would miss
                value = self.hi if share else self.lo
            case "log":
                value = math.exp(value)
            case "reverse_log":
                value = self.lo + self.hi - math.exp(low * share + high * (1 - share))
        return self._shortest(np.float32(min(max(value, self.lo), self.hi)))

    def check(self, genes: npt.NDArray[Any], name: str) -> None:
        """Refuses what is not within the bounds."""
        wrong = genes[~((genes >= np.float32(self.lo)) & (genes <= np.float32(self.hi)))]  # NaN, too
        if wrong.size:
            self.genes([wrong.flat[0].item()], name)

    def enumerate(self, steps: int | None) -> Iterator[list[Gene]]:
        """That many values, evenly on the scale, the bounds among them; of one, the middle."""
        if steps is None:
            raise ValueError("a float has infinitely many values; space.grid(steps) takes some of them")
        shares = [0.5] if steps == 1 else [i / (steps - 1) for i in range(steps)]
        return ([np.float32(self.at(share))] for share in shares)

    @classmethod
    def draw(cls, choices: Sequence[FloatV], words: jax.Array) -> jax.Array:
        """Uniform on the scale of each."""
        return cls.spread(choices, shares(words))

    @classmethod
    def spread(cls, choices: Sequence[FloatV], share: jax.Array) -> jax.Array:
        """The floats at shares of the scale of each: from 0 for the lower bound to 1 for the upper one.

        On a reverse log scale it is the other way round.

        Args:
            choices: n decisions.
            share: float32[n].
        """
        least, most = np.array([(choice.lo, choice.hi) for choice in choices], np.float32).T
        low, high = np.array([choice._span() for choice in choices], np.float32).T
        scales = np.array([SCALES.index(choice.scale) for choice in choices])
        values = low * (1 - share) + high * share
        if scales.any():
            power = jnp.exp(jnp.where(scales > 0, values, 0))
            reverse = jnp.where(scales == 2, most - (power - least), power)
            values = jnp.where(scales > 0, reverse, values)
        return jnp.clip(values, least, most)

    @classmethod
    def shares_of(cls, choices: Sequence[FloatV], genes: jax.Array) -> jax.Array:
        """The inverse of `spread`, but for rounding: float32[n] from 0 to 1."""
        least, most = np.array([(choice.lo, choice.hi) for choice in choices], np.float32).T
        low, high = np.array([choice._span() for choice in choices], np.float32).T
        scales = np.array([SCALES.index(choice.scale) for choice in choices])
        values = genes
        if scales.any():
            power = jnp.where(scales == 2, most - genes + least, genes)
            values = jnp.where(scales > 0, jnp.log(jnp.where(scales > 0, power, 1)), genes)
        # Bounds may be as far apart as float32 does not hold, and as near as XLA takes for nothing.
        exponent = np.ceil(np.log2(np.maximum(np.maximum(abs(low), abs(high)), _LEAST)))
        unit = np.exp2(-np.clip(exponent, -126, 126)).astype(np.float32)
        return jnp.clip((values * unit - low * unit) / (high * unit - low * unit), 0, 1)

    @property
    def vary_words(self) -> int:
        """One."""
        return 1

    @classmethod
    def vary(cls, choices: Sequence[FloatV], genes: jax.Array, words: jax.Array) -> jax.Array:
        """A step of a random size on the scale of each: as likely from 1/8 to 1/4 of it as from 1/16 to 1/8.

        So that what is far away is tried as well as what is near (Mühlenbein and Schlierkamp-Voosen 1993,
        "Predictive models for the breeder genetic algorithm", section 3).
        """
        size = jnp.exp2(-_OCTAVES * shares(words))
        way = jnp.where(words & 1, 1, -1)  # the lowest bit is none of those of the share
        return cls.step(choices, genes, way * size)

    @classmethod
    def step(cls, choices: Sequence[FloatV], genes: jax.Array, steps: jax.Array) -> jax.Array:
        """Floats a step away on the scale of each, and never the same.

        A step that would lead over a bound is reflected there. One that is lost in rounding is as small as a
        step can be.

        Args:
            choices: n decisions.
            genes: float32[n].
            steps: float32[n], from -1 to 1.
        """
        share = cls.shares_of(choices, genes) + steps
        share = jnp.where(share < 0, -share, share)
        varied = cls.spread(choices, jnp.where(share > 1, 2 - share, share))
        least, most = np.array([(choice.lo, choice.hi) for choice in choices], np.float32).T
        upward = ((steps > 0) & (genes < most)) | (genes <= least)
        beside = jnp.nextafter(genes, jnp.where(upward, most, least))
        # XLA takes what is smaller for zero.
        beside = jnp.where(jnp.abs(beside) < _LEAST, jnp.where(upward, _LEAST, -_LEAST), beside)
        return jnp.where(varied == genes, jnp.clip(beside, least, most), varied)

    def numbers(self, genes: Genes) -> list[Number]:
        """The shortest float of the same float32, within the bounds.

        0.003 in the place of 0.003000000026077032: what a user would have written.
        """
        return [self._shortest(genes[0])]

    def genes(self, numbers: Sequence[object], name: str) -> list[Gene]:
        """The nearest float32."""
        genes: list[Gene] = []
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
                raise TypeError(f"{name} is a float, got {brief(number)}")
            genes.append(self._gene(number, name))
        return genes

    def _gene(self, number: Any, name: str) -> np.float32:
        if -_GREATEST <= number <= _GREATEST:  # the others, 10**400 and NaN, are not to be converted
            gene = np.float32(number)
            if np.float32(self.lo) <= gene <= np.float32(self.hi):
                return gene
            raise ValueError(f"{name} lies in [{self.lo}, {self.hi}], got {brief(number)}")
        raise ValueError(f"{name} lies in [{self.lo}, {self.hi}], got {brief(number)}, which is not finite")

    def decide(self, genes: Sequence[Number] | Genes, branch: Callable[[int, int], Any]) -> Any:
        """A Python float, or a tracer that behaves like one.

        Both are the same to the last bit in what computes with them: so with `enable_x64` the float is the
        gene itself, and not the shortest one of the same float32.
        """
        gene = genes[0]
        is_wide = bool(_CONFIG.jax_enable_x64)
        if not isinstance(gene, jax.core.Tracer):
            return self._within(float(gene)) if is_wide else self._shortest(gene)
        dtype = np.float64 if is_wide else np.float32
        # There is no public way to make a weakly typed array out of a strong one; a strong one would
        # promote a bfloat16 model, as a Python float does not.
        value = primitives.convert_element_type_p.bind(
            gene, new_dtype=np.dtype(dtype), weak_type=True, sharding=None
        )
        return jnp.minimum(jnp.maximum(value, self.lo), self.hi) if is_wide else value

    def suggest(self, answer: Answer, name: str, names: Mapping[int, str]) -> list[Gene]:
        """The value; on a reverse log scale its mirror image, which is log-uniform."""
        value = answer(self._parameter(name))
        return self.genes([self._within(self.lo + self.hi - value) if self._is_mirrored else value], name)

    def suggestions(self, genes: Genes, name: str, names: Mapping[int, str]) -> list[tuple[Parameter, Any]]:
        """The value, or its mirror image."""
        value = self._shortest(genes[0])
        return [
            (self._parameter(name), self._within(self.lo + self.hi - value) if self._is_mirrored else value)
        ]

    @property
    def _is_mirrored(self) -> bool:
        return self.scale == "reverse_log"

    def _parameter(self, name: str) -> Parameter:
        own = f"{Brief(self.lo + self.hi)!r} - {name}" if self._is_mirrored else name
        return Parameter(own, None, float(self.lo), float(self.hi), is_log=self.scale != "linear")

    def _shortest(self, gene: Any) -> float:
        single = np.float32(gene)
        short = float(str(single))
        return self._within(short if np.float32(short) == single else float(single))

    def _within(self, value: float) -> float:
        return min(max(value, self.lo), self.hi)

    def _span(self) -> tuple[float, float]:
        """The bounds on the scale on which the law is uniform."""
        return (self.lo, self.hi) if self.scale == "linear" else (math.log(self.lo), math.log(self.hi))

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        scale = [self.scale] if self.scale != "linear" else []
        return "floatv", *named(self, [Brief(self.lo), Brief(self.hi), *scale])


def floatv(
    lo: float,
    hi: float,
    scale: Scale | Literal["rlog"] = "linear",
    *,
    name: str | None = None,
    hints: Any = None,
) -> Any:
    """A float between two bounds, both included: a decision that a search makes.

    Args:
        lo: The lower bound.
        hi: The upper bound, above `lo` by more than float32 can tell.
        scale: ``'linear'`` for a uniform law; ``'log'`` for a uniform law of the logarithm, dense at `lo`;
            ``'reverse_log'`` (or ``'rlog'``) for its mirror image, dense at `hi`: ``lo + hi - x`` is
            log-uniform. The last two need ``lo > 0``.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision; of no effect by itself.

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
    if scale == "rlog":
        scale = "reverse_log"
    if scale not in SCALES:
        said = [f"unknown scale {scale!r};", nearest(str(scale), SCALES), known(SCALES, "scales")]
        raise ValueError(" ".join(part for part in said if part))
    return FloatV(lo, hi, scale, name=name, hints=hints)
