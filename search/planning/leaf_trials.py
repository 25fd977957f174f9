"""Trying out which decisions move nothing but a leaf of the tree: many at once, by group testing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from symjax.verbs.equality import eq

from ..spaces.choices import OneOf
from ..spaces.dna import DNA
from ..spaces.points import ChoicePoint, FloatPoint, Number, Point
from ..spaces.space import Space
from .arguments import Arguments, aval_of, flatten

_CONTEXTS = 16

Seen: TypeAlias = dict[Number, Any]
"""The leaf for each number of a decision that was tried."""


class LeafTrials:
    """Which of some decisions land on leaves, and what the leaf is for each of their numbers.

    All decisions move together: a tree is decoded for each number, not for each decision. Where nothing but
    their own leaves differs then, all of them are leaves; else the group is halved. k decisions among n that
    move more than a leaf cost about k log2(n) trees.

    Args:
        space: The space.
        indices: The decisions in question, by their index in the spec.

    Attributes:
        leaves: For each decision on a leaf, what the leaf was: for all candidates of a choice, for two
            numbers of a float.
    """

    def __init__(self, space: Space, indices: Iterable[int]) -> None:
        self.leaves: dict[int, Seen] = {}
        self._space = space
        self._undecided = dict.fromkeys(indices)  # in order
        for context in _contexts(space):
            if not self._undecided:
                break
            self._try_in(context)

    def _try_in(self, context: Sequence[Number]) -> None:
        """Tries what is undecided in one context; decisions in candidates that exclude each other in turn."""
        waiting = list(self._undecided)
        while waiting:
            base, group = _activate(self._space, context, waiting)
            waiting = [index for index in waiting if index not in group]
            try:
                tree = self._tree(base)
            except (TypeError, ValueError):  # an invariant of the tree that this context breaks
                continue
            self._test(base, tree, self._places(tree, group))

    def _places(self, tree: Arguments, group: Iterable[int]) -> dict[int, int]:
        """The position of each decision's leaf; without those that stand on no leaf."""
        positions = tree.positions()
        places = {index: positions.get(str(self._space.spec.points[index].path)) for index in group}
        self._refuse(index for index, place in places.items() if place is None)
        return {index: place for index, place in places.items() if place is not None}

    def _test(self, base: list[Number], tree: Arguments, places: Mapping[int, int]) -> None:
        """Tries a group of decisions together.

        Args:
            base: Numbers for all decisions.
            tree: What they give.
            places: For each decision of the group the position of its leaf.
        """
        if not places:
            return
        try:
            tried = self._move(base, tree, places)
        except (TypeError, ValueError):  # an invariant of the tree that these numbers break
            self._halve(base, tree, places)
            return
        if tried is None:
            if len(places) == 1:
                self._refuse(places)
            self._halve(base, tree, places)
            return
        mixed = {index for index, seen in tried.items() if len(set(map(aval_of, seen.values()))) > 1}
        if mixed:
            self._refuse(mixed)
            self._test(base, tree, _without(places, mixed))
            return
        converted = {index for index, seen in tried.items() if not self._are_values(index, seen)}
        if converted and len(places) > 1:  # perhaps by another decision of the group
            self._test(base, tree, _without(places, converted))
            for index in converted:
                self._test(base, tree, {index: places[index]})
            return
        self._refuse(index for index in converted if not isinstance(self._space.choices[index], OneOf))
        self.leaves.update({index: seen for index, seen in tried.items() if index in self._undecided})
        self._refuse(tried)

    def _move(self, base: list[Number], tree: Arguments, places: Mapping[int, int]) -> dict[int, Seen] | None:
        """The leaves of a group for each of their numbers; None if anything else moves with them.

        Raises:
            TypeError, ValueError: A tree refuses the numbers.
        """
        points = self._space.spec.points
        numbers = {index: _numbers(points[index], base[index]) for index in places}
        tried = {index: {base[index]: tree.leaves[place]} for index, place in places.items()}
        for step in range(1, max(map(len, numbers.values()))):
            moved = {index: row[step] for index, row in numbers.items() if step < len(row)}
            other = self._tree([moved.get(index, number) for index, number in enumerate(base)])
            if not _agree(tree, other, {places[index] for index in moved}):
                return None
            for index, number in moved.items():
                tried[index][number] = other.leaves[places[index]]
        return tried

    def _halve(self, base: list[Number], tree: Arguments, places: Mapping[int, int]) -> None:
        if len(places) > 1:
            group = list(places)
            for half in (group[::2], group[1::2]):
                self._test(base, tree, {index: places[index] for index in half})

    def _tree(self, numbers: list[Number]) -> Arguments:
        return flatten(self._space.decode(DNA.from_numbers(self._space.spec, numbers)))

    def _are_values(self, index: int, seen: Seen) -> bool:
        """Whether each leaf is just what the decision says: the candidate, or the float."""
        choice = self._space.choices[index]
        return all(
            np.array_equal(
                _number(leaf), _number(choice.candidates[number] if isinstance(choice, OneOf) else number)
            )
            for number, leaf in seen.items()
        )

    def _refuse(self, indices: Iterable[int]) -> None:
        """Leaves decisions out from now on."""
        for index in list(indices):
            self._undecided.pop(index, None)


def _contexts(space: Space) -> Iterator[list[Number]]:
    """Numbers for all decisions: the same ones for every batch, on which the outcome must not depend."""
    points = space.spec.points
    yield [point.middle if isinstance(point, FloatPoint) else point.least for point in points]
    yield from space.sample(jax.random.key(0), _CONTEXTS).numbers()


def _numbers(point: Point, number: Number) -> list[Number]:
    """What to try at a decision, this number first; for a float near to it, for the sake of invariants."""
    if isinstance(point, ChoicePoint):
        return [number, *(other for other in range(point.arity) if other != number)]
    assert isinstance(point, FloatPoint)
    far_bound = point.low if number > point.middle else point.high
    return [number, number + 0.01 * (far_bound - number)]


def _activate(
    space: Space, context: Sequence[Number], wanted: Iterable[int]
) -> tuple[list[Number], list[int]]:
    """Numbers with which as many decisions as possible matter, and which these are; the first one does."""
    numbers = list(context)
    taken: dict[int, int] = {}
    group = []
    for index in wanted:
        branches = dict(_branches(space, index))
        if all(taken.get(parent, branch) == branch for parent, branch in branches.items()):
            taken |= branches
            group.append(index)
    for parent, branch in taken.items():
        numbers[parent] = branch
    return numbers, group


def _branches(space: Space, index: int) -> Iterator[tuple[int, int]]:
    """The candidates in which a decision stands, with the decisions that they belong to."""
    points = space.spec.points
    point = points[index]
    while point.parent >= 0:
        yield point.parent, point.branch
        point = points[point.parent]


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
