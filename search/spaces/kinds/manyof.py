"""`manyof` and `permutate`: several of the candidates."""

from __future__ import annotations

import math
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
from .selections import Selections


class ManyOf(Choice):
    """Several of the candidates; see `manyof`.

    Where they are distinct, its genes are a whole permutation of the candidates' indices, int32[number of
    candidates]: those that are taken, then the rest in ascending order. So exchanging genes keeps them valid,
    at a fixed shape. Else they are the indices that are taken, int32[k].

    Attributes:
        k: How many are taken.
        candidates: What there is to choose from. Candidates may hold choices of their own.
        distinct: Whether each is taken once at most.
        sorted: Whether they stand in the order of the candidates.
        labels: What people call the candidates.
    """

    __symjax_name__: ClassVar[str] = "symjax.search.choices.ManyOf"  # as files have it

    is_single = False

    k: int
    candidates: tuple[Any, ...]
    distinct: bool = True
    sorted: bool = False
    labels: tuple[str, ...] | None = field(default=None, kw_only=True)

    def options(self) -> tuple[Any, ...]:
        """For each candidate, a list of it: what the field must be able to hold."""
        return tuple([candidate] * self.k for candidate in self.candidates)

    def slots(self) -> tuple[tuple[Any, ...], ...]:
        """Each of the places may take each candidate."""
        return (self.candidates,) * self.k

    def bare(self) -> Self:
        """Texts in the place of candidates."""
        return self.rebind(candidates=tuple(map(Text.of, self.candidates)), hints=None)

    def size(self, sizes: Sequence[Sequence[Size]]) -> Size:
        """The sum over all selections of the product over what is selected."""
        if self.k == 0:
            return 1
        each = sizes[0]
        if math.inf in each:
            return math.inf
        if not self.distinct and not self.sorted:
            return sum(each) ** self.k
        # Elementary symmetric polynomials, or complete homogeneous ones where candidates may come again.
        ways: list[Size] = [1, *[0] * self.k]
        for size in each:
            order = range(self.k, 0, -1) if self.distinct else range(1, self.k + 1)
            for taken in order:
                ways[taken] += ways[taken - 1] * size
        return ways[self.k] if self.sorted else ways[self.k] * math.factorial(self.k)

    @property
    def width(self) -> int:
        """All candidates where they are distinct, else those that are taken."""
        return len(self.candidates) if self.distinct else self.k

    @property
    def count(self) -> int:
        """A number for each that is taken."""
        return self.k

    def least(self) -> list[Gene]:
        """The first candidates, or the first one again and again."""
        return list(range(len(self.candidates))) if self.distinct else [0] * self.k

    def check(self, genes: npt.NDArray[Any], name: str) -> None:
        """Refuses what is out of range, not distinct or not sorted."""
        arity = len(self.candidates)
        wrong = ((genes < 0) | (genes >= arity)).any(-1)
        if self.distinct:
            wrong |= (np.sort(genes, -1) != np.arange(arity)).any(-1)
            wrong |= (np.diff(genes[..., self.k :]) < 0).any(-1)
        if self.sorted:
            wrong |= (np.diff(genes[..., : self.k]) < 0).any(-1)
        if wrong.any():
            row = genes.reshape(-1, self.width)[np.argmax(wrong)].tolist()
            self.genes(row[: self.k], name)
            raise ValueError(
                f"{name} takes {self.k} of {arity} candidates, then the rest in order; got {row}"
            )

    def canonical(self, genes: jax.Array) -> jax.Array:
        """Genes of the same shape that stand for the same value as any valid ones, as a DNA has them.

        Args:
            genes: int32[..., width]: where candidates are distinct, any permutation.

        Example:
            >>> import jax.numpy as jnp
            >>> manyof(2, list('abcd'), sorted=True).canonical(jnp.array([3, 1, 2, 0]))
            Array([1, 3, 0, 2], dtype=int32)
        """
        taken, rest = genes[..., : self.k], genes[..., self.k :]
        if self.sorted:
            taken = jnp.sort(taken, axis=-1)
        if rest.shape[-1] > 1:
            rest = jnp.sort(rest, axis=-1)
        return jnp.concatenate([taken, rest], axis=-1)

    def enumerate(self, steps: int | None) -> Iterator[list[Gene]]:
        """All selections, in lexicographic order."""
        return (self._completed(list(row)) for row in self._selections)

    def enumerate_from(self, start: int, steps: int | None) -> Iterator[list[Gene]]:
        """All selections from one on, in lexicographic order."""
        rows = self._selections
        return (self._completed(list(rows[number])) for number in range(start, rows.size))

    @property
    def _selections(self) -> Selections:
        return Selections(len(self.candidates), self.k, self.distinct, self.sorted)

    def _completed(self, taken: list[int]) -> list[Gene]:
        """The genes of what is taken."""
        if not self.distinct:
            return list(taken)
        chosen = set(taken)
        return [*taken, *(index for index in range(len(self.candidates)) if index not in chosen)]

    @classmethod
    def draw(cls, choices: Sequence[ManyOf], words: jax.Array) -> jax.Array:
        """Uniform over the selections of each: over multisets, where they are sorted and may come again."""
        ends = np.cumsum([0, *(choice.words for choice in choices)])
        drawn: dict[int, jax.Array] = {}
        for members in alike(choices):
            own = np.array([np.arange(ends[index], ends[index + 1]) for index in members])
            rows = choices[members[0]]._draw(words[own])
            drawn.update(zip(members, rows, strict=True))
        return jnp.concatenate([drawn[index] for index in range(len(choices))])

    @property
    def words(self) -> int:
        """One for each place; or one for each candidate, by which these are put in order."""
        if not self.distinct and not self.sorted:
            return self.k
        # A multiset of k out of n is a set of k out of n + k - 1 (stars and bars).
        return len(self.candidates) + (0 if self.distinct else self.k - 1)

    def _draw(self, words: jax.Array) -> jax.Array:
        """Genes int32[n, width] of words uint32[n, words]."""
        if not self.distinct and not self.sorted:
            bounds = [len(self.candidates)] * words.size
            return below(words.reshape(-1), bounds).reshape(words.shape)
        order = jnp.argsort(words, axis=-1).astype(jnp.int32)
        if self.distinct:
            return self.canonical(order)
        return jnp.sort(order[:, : self.k], axis=-1) - jnp.arange(self.k, dtype=jnp.int32)

    @property
    def is_fixed(self) -> bool:
        """Whether nothing is taken, or all that there is, in one way only."""
        number = len(self.candidates)
        return self.k == 0 or number == 1 or (self.distinct and self.sorted and self.k == number)

    @property
    def vary_words(self) -> int:
        """One for the place, one for what it takes."""
        return 2

    @classmethod
    def vary(cls, choices: Sequence[ManyOf], genes: jax.Array, words: jax.Array) -> jax.Array:
        """Another candidate in one place. Where they are distinct, it comes from where it stood before."""
        starts = np.cumsum([0, *(choice.width for choice in choices)])
        rows: dict[int, jax.Array] = {}
        for members in alike(choices):
            first = choices[members[0]]
            own = np.array([np.arange(starts[index], starts[index] + first.width) for index in members])
            at = 2 * np.array(members)
            varied = genes[own] if first.is_fixed else first._vary(genes[own], words[at], words[at + 1])
            rows.update(zip(members, varied, strict=True))
        return jnp.concatenate([rows[index] for index in range(len(choices))])

    def _vary(self, genes: jax.Array, which: jax.Array, what: jax.Array) -> jax.Array:
        """Other genes int32[m, width], by words uint32[m] for the place, and for what it takes."""
        number, size = len(self.candidates), len(genes)
        place = below(which, [self.k] * size)[:, None]
        if not self.distinct:
            varied = genes + 1 + below(what, [number - 1] * size)[:, None]
            varied = varied - jnp.where(varied >= number, number, 0)
            changed = jnp.where(np.arange(self.width) == place, varied, genes)
            return jnp.sort(changed, axis=-1) if self.sorted else changed
        if self.sorted:  # an exchange of two that are taken would change nothing
            other = self.k + below(what, [number - self.k] * size)[:, None]
        else:
            other = below(what, [number - 1] * size)[:, None]
            other = other + (other >= place)
        return self.canonical(exchanged(genes, place, other))

    def numbers(self, genes: Genes) -> list[Number]:
        """The indices of those that are taken."""
        return [int(gene) for gene in genes[: self.k]]

    def genes(self, numbers: Sequence[object], name: str) -> list[Gene]:
        """The inverse; also of labels."""
        if len(numbers) != self.k:
            raise ValueError(f"{name} takes {self.k} candidates, got {len(numbers)}: {brief(list(numbers))}")
        taken = [index_of(number, self.candidates, self.labels, name) for number in numbers]
        if self.distinct and len(set(taken)) < len(taken):
            raise ValueError(f"{name} takes distinct candidates, got {taken}")
        if self.sorted and taken != sorted(taken):
            raise ValueError(f"{name} takes candidates in their order, got {taken}, which is not sorted")
        return self._completed(taken)

    def label(self, number: Number) -> str:
        """The candidate's label, or else its text."""
        return label_of(number, self.candidates, self.labels)

    def decide(self, genes: Sequence[Number] | Genes, branch: Callable[[int, int], Any]) -> list[Any]:
        """A list of the decided candidates."""
        return [branch(slot, int(gene)) for slot, gene in enumerate(genes[: self.k])]

    def fit(self, value: Any, fits: Fits, name: str) -> list[Gene]:
        """The first selection that can become the value."""
        if not isinstance(value, list | tuple) or len(value) != self.k:
            raise Misfit(lambda: f"{brief(value)} is no list of {self.k} candidates of {text_of(self)}")
        taken: list[int] = []

        def search(slot: int) -> bool:
            if slot == self.k:
                return True
            first = taken[-1] + self.distinct if self.sorted and taken else 0
            for index in range(first, len(self.candidates)):
                if (self.distinct and index in taken) or not fits(slot, index, value[slot]):
                    continue
                taken.append(index)
                if search(slot + 1):
                    return True
                taken.pop()
            return False

        if not search(0):
            raise Misfit(lambda: f"{brief(value)} is no selection of {text_of(self)}")
        return self._completed(taken)

    def suggest(self, answer: Answer, name: str, names: Mapping[int, str]) -> list[Gene]:
        """A candidate for each place; of distinct ones, its index among those that are left."""
        left = list(range(len(self.candidates)))
        taken: list[int] = []
        for parameter in self._parameters(name, names):
            index = (parameter.options or ()).index(answer(parameter))
            taken.append(left.pop(index) if self.distinct else left[index])
        taken += left[: self.k - len(taken)]  # the last one of a permutation
        return self._completed(sorted(taken) if self.sorted else taken)

    def suggestions(self, genes: Genes, name: str, names: Mapping[int, str]) -> list[tuple[Parameter, Any]]:
        """The candidates by place."""
        left = list(range(len(self.candidates)))
        answers: list[tuple[Parameter, Any]] = []
        for parameter, gene in zip(self._parameters(name, names), genes, strict=False):
            index = left.index(int(gene))
            answers.append((parameter, (parameter.options or ())[index]))
            if self.distinct:
                left.remove(int(gene))
        return answers

    def _parameters(self, name: str, names: Mapping[int, str]) -> list[Parameter]:
        """One for each place; none for the last candidate that is left."""
        if not self.distinct:
            options = named_options(self.candidates, self.labels, names)
            return [Parameter(f"{name}[{place}]", options) for place in range(self.k)]
        arity = len(self.candidates)  # the options of a parameter are the same in all trials of Optuna's
        return [
            Parameter(f"{name}[{place}]", tuple(range(arity - place)))
            for place in range(min(self.k, arity - 1))
        ]

    def outline(self) -> list[str]:
        """A line for each candidate."""
        name, _, keywords = self.__symjax_text__()
        head = "permutate(" if name == "permutate" else f"manyof({self.k}, "
        more = "".join(
            f", {key}={value!r}" for key, value in keywords.items() if key in ("distinct", "sorted")
        )
        return outlined(head, self.candidates, self.labels, f"{more})")

    def __symjax_text__(self) -> tuple[str, list[Any], dict[str, Any]]:
        candidates = as_written(self.candidates, self.labels)
        if self.k == len(self.candidates) and self.distinct and not self.sorted:
            return "permutate", *named(self, [candidates])
        positional, keywords = named(self, [self.k, candidates])
        if self.sorted:
            keywords = {"sorted": True, **keywords}
        if not self.distinct:
            keywords = {"distinct": False, **keywords}
        return "manyof", positional, keywords


def exchanged(genes: jax.Array, place: jax.Array, other: jax.Array) -> jax.Array:
    """Lists of which two places have changed their contents.

    Args:
        genes: int32[m, n].
        place: int32[m, 1].
        other: int32[m, 1].
    """
    places = np.arange(genes.shape[-1])
    is_place, is_other = places == place, places == other
    # By sums, which XLA fuses with what stands around them; a gather it does not.
    at_place = jnp.where(is_place, genes, 0).sum(axis=-1, keepdims=True)
    at_other = jnp.where(is_other, genes, 0).sum(axis=-1, keepdims=True)
    return jnp.where(is_place, at_other, jnp.where(is_other, at_place, genes))


def alike(choices: Sequence[ManyOf]) -> list[list[int]]:
    """The indices of those that differ in nothing but their candidates, together."""
    groups: dict[tuple[int, int, bool, bool], list[int]] = {}
    for index, choice in enumerate(choices):
        like = (choice.k, len(choice.candidates), choice.distinct, choice.sorted)
        groups.setdefault(like, []).append(index)
    return list(groups.values())


def manyof(
    k: int,
    candidates: Sequence[Any] | Mapping[str, Any],
    distinct: bool = True,
    sorted: bool = False,
    *,
    name: str | None = None,
    hints: Any = None,
) -> Any:
    """Several of the candidates, as a list: a decision that a search makes.

    The law is uniform over all selections; where they are sorted and not distinct, over multisets.

    Args:
        k: How many are taken; at least 0, and at most as many as there are if they are distinct.
        candidates: What there is to choose from, in a fixed order, at least one and all different; or a
            mapping from labels.
        distinct: Whether each is taken once at most.
        sorted: Whether they stand in the order of the candidates: then [a, b] and [b, a] are one.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision; of no effect by itself.

    Returns:
        A `ManyOf`; typed as `Any`, because it stands for a list.

    Raises:
        TypeError: `candidates` is no list, or `k` no int.
        ValueError: There are no candidates, fewer than are to be taken, or two are equal.

    Example:
        >>> manyof(2, ['flip', 'crop', 'blur'], sorted=True)
        manyof(2, ['flip', 'crop', 'blur'], sorted=True)
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise TypeError(f"manyof takes how many, then the candidates: manyof(2, [a, b, c]); got {brief(k)}")
    values, labels = read_candidates("manyof", candidates)
    if k < 0 or (distinct and k > len(values)):
        most = (
            f" and at most {len(values)}, the number of candidates, unless distinct=False" if distinct else ""
        )
        raise ValueError(f"manyof takes at least 0{most}; got k={k}")
    return ManyOf(int(k), values, distinct, sorted, labels=labels, name=name, hints=hints)


def permutate(
    candidates: Sequence[Any] | Mapping[str, Any], *, name: str | None = None, hints: Any = None
) -> Any:
    """All candidates in some order, as a list: a decision that a search makes.

    Args:
        candidates: What is to be ordered; or a mapping from labels.
        name: What people call the decision; by default its path.
        hints: Whatever an algorithm may want to know of the decision; of no effect by itself.

    Returns:
        A `ManyOf`; typed as `Any`, because it stands for a list.

    Raises:
        TypeError: `candidates` is no list.
        ValueError: There are none, or two are equal.

    Example:
        >>> permutate(['a', 'b', 'c'])
        permutate(['a', 'b', 'c'])
    """
    values, labels = read_candidates("permutate", candidates)
    return ManyOf(len(values), values, labels=labels, name=name, hints=hints)
