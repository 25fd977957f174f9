"""Trying out which decisions move nothing but a leaf of the tree: many at once, by group testing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from symjax.verbs.equality import eq

from ..spaces.choice import Choice, Gene
from ..spaces.space import Space
from .arguments import Arguments, aval_of, flatten

_CONTEXTS = 16

Row: TypeAlias = list[Gene]
"""The genes of a decision."""


class LeafTrials:
    """Which of some decisions land on leaves, and what the leaf is for each of their values.

    All decisions move together: a tree is decoded for each value, not for each decision. Where nothing but
    their own leaves differs then, all of them are leaves; else the group is halved. k decisions among n that
    move more than a leaf cost about k log2(n) trees. Trees that cannot be made say nothing: others are tried.

    Args:
        space: The space.
        indices: The decisions in question, by their index in the spec: each on one of several candidates, or
            on a number.

    Attributes:
        leaves: For each decision on a leaf, what the leaf was for the genes that were tried: for all
            candidates, or for some numbers, of which it is then known that the leaf is the number itself.
    """

    def __init__(self, space: Space, indices: Iterable[int]) -> None:
        self.leaves: dict[int, dict[Gene, Any]] = {}
        self._space = space.unconstrained()
        self._undecided = dict.fromkeys(indices)  # in order
        for context in self._contexts():
            if not self._undecided:
                break
            self._try_in(context)

    def _contexts(self) -> Iterator[list[Row]]:
        """Genes of all decisions: the same ones for every batch, on which the outcome must not depend."""
        draws = np.random.default_rng(0).random(len(self._space.choices))
        yield [_start(choice, draw) for choice, draw in zip(self._space.choices, draws, strict=True)]
        for dna in self._space.sample(jax.random.key(0), _CONTEXTS).host():
            genes = {"choices": dna.choices, "floats": dna.floats}
            spec = self._space.spec
            yield [
                list(genes[point.array][columns])
                for point, columns in zip(spec.points, spec.columns, strict=True)
            ]

    def _try_in(self, context: Sequence[Row]) -> None:
        """Tries what is undecided in one context; decisions in candidates that exclude each other in turn."""
        waiting = list(self._undecided)
        while waiting:
            base, group = _activate(self._space, context, waiting)
            waiting = [index for index in waiting if index not in group]
            try:
                tree = self._tree(base)
            except Exception:  # noqa: BLE001 - user code decides what is valid; another context may be
                continue
            self._test(base, tree, self._places(tree, group))

    def _places(self, tree: Arguments, group: Iterable[int]) -> dict[int, int]:
        """The position of each decision's leaf; without those that stand on no leaf."""
        positions = tree.positions()
        places = {index: positions.get(str(self._space.spec.points[index].path)) for index in group}
        self._settle(index for index, place in places.items() if place is None)
        return {index: place for index, place in places.items() if place is not None}

    def _test(self, base: list[Row], tree: Arguments, places: Mapping[int, int]) -> None:
        """Tries a group of decisions together.

        Args:
            base: Genes of all decisions.
            tree: What they give.
            places: For each decision of the group the position of its leaf.
        """
        if not places:
            return
        try:
            tried = self._move(base, tree, places)
        except Exception:  # noqa: BLE001 - user code decides what is valid; fewer moves may be
            self._halve(base, tree, places)
            return
        if tried is None:
            if len(places) == 1:
                self._settle(places)
            self._halve(base, tree, places)
            return
        mixed = {index for index, seen in tried.items() if len(set(map(aval_of, seen.values()))) > 1}
        if mixed:
            self._settle(mixed)
            self._test(base, tree, _without(places, mixed))
            return
        converted = {index for index, seen in tried.items() if not are_values(self._space, index, seen)}
        if converted and len(places) > 1:  # perhaps by another decision of the group
            self._test(base, tree, _without(places, converted))
            for index in converted:
                self._test(base, tree, {index: places[index]})
            return
        self.leaves |= {
            i: seen for i, seen in tried.items() if i not in converted or self._space.choices[i].slots()
        }
        self._settle(tried)

    def _move(
        self, base: list[Row], tree: Arguments, places: Mapping[int, int]
    ) -> dict[int, dict[Gene, Any]] | None:
        """The leaves of a group for each of their genes; None if anything else moves with them.

        Raises:
            Exception: Whatever a tree that cannot be made of these genes raises.
        """
        genes = {index: variants(self._space.choices[index], base[index][0]) for index in places}
        tried = {index: {genes[index][0]: tree.leaves[place]} for index, place in places.items()}
        for step in range(1, max(map(len, genes.values()))):
            moved = {index: row[step] for index, row in genes.items() if step < len(row)}
            other = self._tree([[moved[i]] if i in moved else row for i, row in enumerate(base)])
            if not _agree(tree, other, {places[index] for index in moved}):
                return None
            for index, gene in moved.items():
                tried[index][gene] = other.leaves[places[index]]
        return tried

    def _halve(self, base: list[Row], tree: Arguments, places: Mapping[int, int]) -> None:
        if len(places) > 1:
            group = list(places)
            for half in (group[::2], group[1::2]):
                self._test(base, tree, {index: places[index] for index in half})

    def _tree(self, rows: list[Row]) -> Arguments:
        return flatten(self._space.decode(self._space.of(rows)))

    def _settle(self, indices: Iterable[int]) -> None:
        """Leaves decisions out from now on."""
        for index in list(indices):
            self._undecided.pop(index, None)


def are_values(space: Space, index: int, seen: Mapping[Gene, Any]) -> bool:
    """Whether each leaf is just what the decision says: the candidate, or the number.

    Args:
        space: The space.
        index: The decision.
        seen: The leaf for each gene that was tried.
    """
    choice = space.choices[index]
    slots = choice.slots()
    return all(
        np.array_equal(_number(leaf), _number(slots[0][int(gene)] if slots else value_of(choice, gene)))
        for gene, leaf in seen.items()
    )


def value_of(choice: Choice, gene: Gene) -> Any:
    """The number that a gene stands for, where there are no candidates."""
    return choice.decide(np.array([gene]), lambda slot, index: None)


def _start(choice: Choice, draw: float) -> Row:
    """The genes to begin with, by a number in [0, 1).

    Not the same for all decisions: that might hide what ties them.
    """
    if choice.array == "floats":
        low, high = choice.options()
        return [np.float32((0.6 - 0.2 * draw) * low + (0.4 + 0.2 * draw) * high)]
    if choice.is_single and choice.slots():
        return [int(draw * len(choice.slots()[0]))]
    return choice.least()


def variants(choice: Choice, gene: Gene) -> list[Gene]:
    """What to try at a decision, this gene first: all candidates, or some numbers.

    For a float one near to it, for the sake of invariants.
    """
    if choice.array == "floats":
        bounds = np.array(choice.options(), np.float32)
        far = bounds[np.argmax(abs(bounds - gene))]
        return [gene, np.float32(gene + np.float32(0.01) * (far - gene))]
    if not choice.slots():
        others = (row[0] for row in itertools.islice(choice.enumerate(None), 3))
        return [int(gene), *(other for other in others if other != gene)]
    others = (row[0] for row in choice.enumerate(None))
    return [int(gene), *(other for other in others if other != gene)]


def _activate(space: Space, context: Sequence[Row], wanted: Iterable[int]) -> tuple[list[Row], list[int]]:
    """Genes with which as many decisions as possible matter, and which these are; the first one does."""
    taken: dict[int, tuple[int, int]] = {}
    group = []
    for index in wanted:
        branches = dict(_branches(space, index))
        if all(taken.get(parent, place) == place for parent, place in branches.items()):
            taken |= branches
            group.append(index)
    rows = list(context)
    for parent, (slot, branch) in taken.items():
        rows[parent] = _taking(space.choices[parent], slot, branch)
    return rows, group


def _branches(space: Space, index: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """In which candidate of which slot a decision stands, for each decision above it."""
    point = space.spec.points[index]
    while point.parent >= 0:
        yield point.parent, (point.slot, point.branch)
        point = space.spec.points[point.parent]


def _taking(choice: Choice, slot: int, branch: int) -> Row:
    """Genes that take a candidate in a slot."""
    if choice.is_single:
        return [branch]
    return next((row for row in choice.enumerate(None) if row[slot] == branch), choice.least())


def _agree(one: Arguments, other: Arguments, moved: set[int]) -> bool:
    """Whether two trees are the same but for the values of some leaves."""
    if one.treedef != other.treedef:
        return False
    pairs = enumerate(zip(one.leaves, other.leaves, strict=True))
    return all(i in moved or mine is theirs or eq(mine, theirs) for i, (mine, theirs) in pairs)


def _without(places: Mapping[int, int], indices: set[int]) -> dict[int, int]:
    return {index: place for index, place in places.items() if index not in indices}


def _number(value: Any) -> Any:
    """A value as JAX computes with it, in NumPy."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.extended):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype)) if array.dtype.kind in "fiuc" else array
