"""`oneof` and `maybe`: one of several candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief
from symjax.core.fields import field

from ..choice import Choice, Fits, Gene, Genes, Misfit, Number, Size, Text, named, text_of
from ..parameter import Answer, Parameter
from .candidates import as_written, index_of, label_of, named_options, outlined, read_candidates
from .drawing import below


class OneOf(Choice):
    """One of several candidates; see `oneof`.

    Its gene is the index of the candidate, an int32 in [0, number of candidates).

    Attributes:
        candidates: What there is to choose from. Candidates may hold choices of their own.
        labels: What people call them.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.OneOf"  # as files have it

    candidates: tuple[Any, ...]
    labels: tuple[str, ...] | None = field(default=None, kw_only=True)

    def options(self) -> tuple[Any, ...]:
        """The candidates."""
        return self.candidates

    def slots(self) -> tuple[tuple[Any, ...], ...]:
        """One is taken."""
        return (self.candidates,)

    def bare(self) -> Self:
        """Texts in the place of candidates."""
        return self.rebind(candidates=tuple(map(Text.of, self.candidates)), hints=None)

    def size(self, sizes: Sequence[Sequence[Size]]) -> Size:
        """The sum over the candidates."""
        return sum(sizes[0])

    @property
    def bounds(self) -> tuple[float, float]:
        """The first and the last index."""
        return 0, len(self.candidates) - 1

    def least(self) -> list[Gene]:
        """The first candidate."""
        return [0]

    def check(self, genes: npt.NDArray[Any], name: str) -> None:
        """Refuses what is no index of a candidate."""
        wrong = genes[(genes < 0) | (genes >= len(self.candidates))]
        if wrong.size:
            self.genes([wrong.flat[0].item()], name)

    def enumerate(self, steps: int | None) -> Iterator[list[Gene]]:
        """All indices."""
        return ([index] for index in range(len(self.candidates)))

    @classmethod
    def draw(cls, choices: Sequence[OneOf], words: jax.Array) -> jax.Array:
        """Uniform over the candidates of each."""
        return below(words, [len(choice.candidates) for choice in choices])

    @property
    def vary_words(self) -> int:
        """One."""
        return 1

    @classmethod
    def vary(cls, choices: Sequence[OneOf], genes: jax.Array, words: jax.Array) -> jax.Array:
        """Uniform over the other candidates of each."""
        number = np.array([len(choice.candidates) for choice in choices], np.int32)
        varied = genes + 1 + below(words, np.maximum(number - 1, 1).tolist())
        return varied - jnp.where(varied >= number, number, 0)

    def numbers(self, genes: Genes) -> list[Number]:
        """The index."""
        return [int(genes[0])]

    def genes(self, numbers: Sequence[object], name: str) -> list[Gene]:
        """The inverse; also of a label."""
        return [index_of(number, self.candidates, self.labels, name) for number in numbers]

    def label(self, number: Number) -> str:
        """The candidate's label, or else its text."""
        return label_of(number, self.candidates, self.labels)

    def decide(self, genes: Sequence[Number] | Genes, branch: Callable[[int, int], Any]) -> Any:
        """The decided candidate."""
        return branch(0, int(genes[0]))

    def fit(self, value: Any, fits: Fits, name: str) -> list[Gene]:
        """The first candidate that can become the value."""
        for index in range(len(self.candidates)):
            if fits(0, index, value):
                return [index]
        raise Misfit(lambda: f"{brief(value)} is no candidate of {text_of(self)}")

    def suggest(self, answer: Answer, name: str, names: Mapping[int, str]) -> list[Gene]:
        """One of the candidates."""
        options = named_options(self.candidates, self.labels, names)
        return [options.index(answer(Parameter(name, options)))]

    def suggestions(self, genes: Genes, name: str, names: Mapping[int, str]) -> list[tuple[Parameter, Any]]:
        """The candidate."""
        options = named_options(self.candidates, self.labels, names)
        return [(Parameter(name, options), options[int(genes[0])])]

    def outline(self) -> list[str]:
        """A line for each candidate."""
        return outlined("oneof(", self.candidates, self.labels, ")")

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "oneof", *named(self, [as_written(self.candidates, self.labels)])


def oneof(
    candidates: Sequence[Any] | Mapping[str, Any], *more: Any, name: str | None = None, hints: Any = None
) -> Any:
    """One of several candidates: a decision that a search makes.

    Stands anywhere in a tree, whatever the type hint there; each candidate is checked against that
    hint. Candidates may hold choices themselves, which then matter only when their candidate is taken.
    The law is uniform.

    Args:
        candidates: What there is to choose from, in a fixed order, at least one and all different; or a
            mapping from labels, by which people then see and name them.
        *more: Refused: the candidates are one list.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision; of no effect by itself.

    Returns:
        A `OneOf`; typed as `Any`, because it stands for another value.

    Raises:
        TypeError: `candidates` is no list: a text, a number, a set (which has no order); or a label is no
            text.
        ValueError: There are no candidates, or two are equal.

    Example:
        >>> oneof([8, 16, 32])
        oneof([8, 16, 32])
        >>> oneof({'small': 8, 'big': 16}, name='width')
        oneof({'small': 8, 'big': 16}, name='width')
    """
    if more:
        raise TypeError(f"oneof takes its candidates as one list: oneof({brief([candidates, *more])})")
    values, labels = read_candidates("oneof", candidates)
    return OneOf(values, labels=labels, name=name, hints=hints)


def maybe(value: Any, *, name: str | None = None, hints: Any = None) -> Any:
    """A value or None: whether an idea is taken is a decision.

    In the place of a patch, None is no patch.

    Args:
        value: What may be taken; may hold choices of its own, which matter only then.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision.

    Returns:
        A `OneOf` of two candidates, ``'off'`` and ``'on'``.

    Example:
        >>> maybe(3)
        oneof({'off': None, 'on': 3})
    """
    return oneof({"off": None, "on": value}, name=name, hints=hints)
