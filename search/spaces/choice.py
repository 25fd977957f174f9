"""`Choice`: what every kind of decision says of itself."""

from __future__ import annotations

import abc
import hashlib
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.fields import field
from symjax.nodes.placeholders import Placeholder
from symjax.text.formatting import format as format_tree

from .parameter import Answer, Parameter, options_of

Number: TypeAlias = int | float
Gene: TypeAlias = int | np.number[Any] | jax.Array
Genes: TypeAlias = npt.NDArray[Any] | jax.Array
Size: TypeAlias = int | float
Fits: TypeAlias = Callable[[int, int, Any], bool]
"""Whether candidate `branch` of slot `slot` can become a value: ``fits(slot, branch, value)``."""

_TRIES = 4  # draws among which `vary` looks for another value
_LONGEST = 60  # characters of a candidate's text
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Misfit(ValueError):
    """A value that is not among those that a space holds.

    Args:
        message: The text, or what makes it when it is asked for: most of these errors nobody reads.
    """

    def __init__(self, message: str | Callable[[], str]) -> None:
        super().__init__(message)

    def __str__(self) -> str:
        message = self.args[0]
        return message if isinstance(message, str) else str(message())


class Choice(Placeholder):
    """A value that a search decides; stands anywhere in a tree in the place of that value.

    Make one with `oneof`, `manyof`, `permutate`, `floatv` or `intv`. A kind of decision is one subclass: what
    it may be, how many there are, how it is drawn, written as genes, read from a value, and printed, is all
    told there.

    A decision takes a fixed number of columns of one of the two arrays of a `DNA`. What a DNA knows of its
    space is made of *bare* choices, in which texts stand for the candidates: they can be compared, hashed and
    pickled, whatever the candidates are.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.Choice"  # as files have it

    array: ClassVar[Literal["choices", "floats"]] = "choices"
    """The array of a `DNA` that holds the genes."""
    is_single: ClassVar[bool] = True
    """Whether a candidate stands for the whole value, and not for a place of a list."""

    name: str | None = field(default=None, kw_only=True, doc="What people call the decision.")
    hints: Any = field(
        default=None, kw_only=True, doc="Whatever an algorithm may want to know; of no effect."
    )

    # What there is to choose from.

    def slots(self) -> tuple[tuple[Any, ...], ...]:
        """The candidates, for each that is taken; nothing for a number."""
        return ()

    def bare(self) -> Self:
        """The same without its candidates, and without hints: texts stand for them."""
        return self.rebind(hints=None) if self.hints is not None else self

    @abc.abstractmethod
    def size(self, sizes: Sequence[Sequence[Size]]) -> Size:
        """How many values there are.

        Args:
            sizes: For each slot, how many values each candidate stands for.
        """

    # Genes. `genes` are those of this decision, the last axis having `width`.

    @property
    def width(self) -> int:
        """How many columns of the array are this decision's."""
        return 1

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest gene, if all between stand for values; None lets `check` look."""
        return None

    @abc.abstractmethod
    def least(self) -> list[Gene]:
        """What the genes are where the decision does not matter, [width]."""

    @abc.abstractmethod
    def check(self, genes: npt.NDArray[Any], name: str) -> None:
        """Refuses genes that stand for no value.

        Args:
            genes: [..., width].
            name: The decision, for the message.

        Raises:
            ValueError: Some do.
        """

    @abc.abstractmethod
    def enumerate(self, steps: int | None) -> Iterator[list[Gene]]:
        """All genes that stand for different values, in order.

        Args:
            steps: How many values of a float are taken; None refuses floats.

        Raises:
            ValueError: There are infinitely many.
        """

    def enumerate_from(self, start: int, steps: int | None) -> Iterator[list[Gene]]:
        """As `enumerate`, without the first `start` of them: kinds of many values leap there."""
        return itertools.islice(self.enumerate(steps), start, None)

    @property
    def words(self) -> int:
        """How many random words of 32 bits a draw takes."""
        return self.width

    @classmethod
    @abc.abstractmethod
    def draw(cls, choices: Sequence[Any], words: jax.Array) -> jax.Array:
        """Draws the genes of several decisions of this kind, one after the other, by their law.

        Args:
            choices: The decisions.
            words: Independent random words, uint32[n], n being the sum of their `words`.

        Returns:
            int32[n] or float32[n], n being the sum of their widths.
        """

    # What evolution does to genes.

    @property
    def is_fixed(self) -> bool:
        """Whether there is but one value, whatever the candidates hold."""
        return self.size([[1] * len(slot) for slot in self.slots()]) <= 1

    @property
    def vary_words(self) -> int:
        """How many random words of 32 bits `vary` takes."""
        return _TRIES * self.words

    @classmethod
    def vary(cls, choices: Sequence[Any], genes: jax.Array, words: jax.Array) -> jax.Array:
        """Other values for several decisions of this kind: never the same again, unless there is but one.

        By default one of a few draws that differs, or else one of the first two values in order. Kinds
        whose values have neighbours, or that can tell the others apart, say it better.

        Args:
            choices: The decisions.
            genes: Theirs, one after the other, [n], n being the sum of their widths.
            words: Random words, uint32[m], m being the sum of their `vary_words`; those of one decision are
                independent of each other.

        Returns:
            Genes as `genes`.
        """
        ends = np.cumsum([0, *(choice.vary_words for choice in choices)])
        widths = [choice.width for choice in choices]
        own = np.repeat(np.eye(len(choices), dtype=bool), widths, axis=0)  # [n, decisions]
        owner = np.repeat(np.arange(len(choices)), widths)

        def is_same(others: jax.Array) -> jax.Array:
            return ~((others != genes)[:, None] & own).any(axis=0)[owner]

        firsts = [list(itertools.islice(choice.enumerate(2), 2)) for choice in choices]
        varied = genes
        for value in (0, 1):
            other = jnp.asarray(
                np.concatenate([np.array(values[min(value, len(values) - 1)]) for values in firsts]),
                genes.dtype,
            )
            varied = jnp.where(is_same(varied), other, varied)
        for draw in range(_TRIES):
            picked = [
                np.arange(start + draw * choice.words, start + (draw + 1) * choice.words)
                for start, choice in zip(ends, choices, strict=False)
            ]
            drawn = cls.draw(choices, words[np.concatenate(picked)])
            varied = jnp.where(is_same(drawn), varied, drawn)
        return varied

    # Numbers: what people write.

    @property
    def count(self) -> int:
        """How many numbers stand for this decision."""
        return 1

    @abc.abstractmethod
    def numbers(self, genes: Genes) -> list[Number]:
        """The plain numbers of genes [width]: indices of candidates, or values."""

    @abc.abstractmethod
    def genes(self, numbers: Sequence[object], name: str) -> list[Gene]:
        """The inverse of `numbers`; texts are taken for labels of candidates.

        Raises:
            TypeError: A number is of a wrong type.
            ValueError: A number is out of range; or as `check`.
        """

    def label(self, number: Number) -> str | Number:
        """A number as people call it: the label or the text of a candidate."""
        return number

    # Values.

    @abc.abstractmethod
    def decide(self, genes: Sequence[Number] | Genes, branch: Callable[[int, int], Any]) -> Any:
        """The value that genes stand for.

        Args:
            genes: A list of numbers, [width]; or an array that is traced.
            branch: ``branch(slot, index)`` gives a decided candidate.
        """

    def fit(self, value: Any, fits: Fits, name: str) -> list[Gene]:
        """The genes that stand for a value; for a number those that `genes` says.

        Raises:
            Misfit: There are none.
        """
        try:
            return self.genes([value], name)
        except (TypeError, ValueError) as error:
            raise Misfit(str(error)) from error

    # Parameters, of which Optuna suggests values.

    def suggest(self, answer: Answer, name: str, names: Mapping[int, str]) -> list[Gene]:
        """The genes that answers about parameters stand for; by default, about one that has all values.

        Args:
            answer: Says which value a parameter takes.
            name: The decision; what its parameters are called begins so.
            names: What candidates are called that hold decisions of their own, by index.

        Raises:
            ValueError: There are infinitely many values.
        """
        rows, parameter = self._values(name)
        options = parameter.options or ()
        return rows[options.index(answer(parameter))]

    def suggestions(self, genes: Genes, name: str, names: Mapping[int, str]) -> list[tuple[Parameter, Any]]:
        """The inverse: the parameters about which `suggest` asks, and the answers."""
        rows, parameter = self._values(name)
        options = parameter.options or ()
        return [(parameter, options[rows.index([gene.item() for gene in np.asarray(genes)])])]

    def _values(self, name: str) -> tuple[list[list[Gene]], Parameter]:
        rows = list(self.enumerate(None))
        values = [self.numbers(np.array(row)) for row in rows]
        options = options_of(
            [value[0] if len(value) == 1 else value for value in values], list(map(str, values))
        )
        return rows, Parameter(name, options)

    def outline(self) -> list[str]:
        """The lines of text by which a space lists this decision."""
        return [format_tree(self, width=10**6)]


def text_of(value: Any, longest: int = _LONGEST) -> str:
    """A value in a line that tells it from others: a long text is cut, and ends in a digest of the whole.

    Example:
        >>> text_of('a' * 100, longest=20)
        "'aaaaaaaa…#31fe1185"
    """
    text = _ADDRESS.sub("", format_tree(value, width=10**6))
    if len(text) <= longest:
        return text
    return f"{text[: longest - 11]}…#{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def named(choice: Choice, arguments: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a choice as its text shows them: those of its kind, then its name and hints."""
    more = {"name": choice.name, "hints": choice.hints}
    return arguments, {key: value for key, value in more.items() if value is not None}


class Text(str):
    """A text that prints without quotes: it stands for a candidate in a bare choice."""

    __slots__ = ()
    __repr__ = str.__str__

    @classmethod
    def of(cls, value: Any) -> Text:
        """The text of a value."""
        return cls(text_of(value))


def refuse_choices(kind: str, **bounds: object) -> None:
    """Refuses choices in the place of the bounds of a number.

    Raises:
        TypeError: There is one.
    """
    for name, bound in bounds.items():
        if isinstance(bound, Placeholder):
            raise TypeError(
                f"the bounds of {kind} are numbers, got {name}={bound!r}; a choice between ranges is "
                f"oneof([{kind}(…), {kind}(…)])"
            )


class Brief(float):
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
