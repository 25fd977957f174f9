"""Which decisions land on leaves, and so run side by side in the lanes of one program."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.leaves import is_leaf
from symjax.verbs.equality import eq

from ..spaces import dna_forms
from ..spaces.choice import Choice, Number
from ..spaces.dna import DNA
from ..spaces.kinds.floatv import FloatV
from ..spaces.kinds.intv import IntV
from ..spaces.kinds.oneof import OneOf
from ..spaces.space import Space
from .arguments import Arguments, Aval, flatten

# Each lane gets its copy of a leaf that varies, so larger arrays split a batch instead. That costs no
# compilation: they are runtime arguments of one program.
LARGEST = 4096

_CONTEXTS = 16


@dataclass(frozen=True)
class LeafDecision:
    """A decision that lands on a leaf.

    Attributes:
        index: Its index in the spec.
        leaves: The leaf for each candidate, [K, ...]; None where the gene itself is the leaf.
        standard: A leaf to trace with: the same in every batch.
    """

    index: int
    leaves: npt.NDArray[Any] | None
    standard: Any

    def values(
        self, space: Space, dnas: DNA, rows: npt.NDArray[np.intp], aval: Aval | None
    ) -> npt.NDArray[Any]:
        """What the leaf is in the decoded trees of some rows of a batch, [n, ...].

        Args:
            space: The space.
            dnas: The batch, in NumPy arrays.
            rows: The rows, int[n].
            aval: What the program expects of the leaf.
        """
        # By column, for speed: a tree is decoded for a bucket, not for each of its configurations.
        choice, column = space.choices[self.index], space.spec.columns[self.index].start
        dtype = None if aval is None else aval.dtype
        if self.leaves is not None:
            return np.asarray(self.leaves[dnas.choices[rows, column]], dtype)
        genes = np.asarray(dnas.floats[rows, column])
        if dtype == genes.dtype:
            return genes
        return np.array([choice.numbers(gene[None])[0] for gene in genes], dtype)


# Kept for speed: a space is asked again for every batch, and the answer takes some trees a decision.
_by_space: weakref.WeakKeyDictionary[Space, Mapping[int, LeafDecision]] = weakref.WeakKeyDictionary()


def leaf_decisions(space: Space) -> Mapping[int, LeafDecision]:
    """The decisions of a space that land on leaves, by their index in the spec.

    A decision lands on a leaf if every one of its values gives the same tree, but for one leaf where the
    decision stands, of one shape, dtype and weak type. This is tried, not derived from the declaration:
    so static fields, conversions by validation and hooks are all accounted for.
    """
    if space not in _by_space:
        decisions = (_leaf_decision(space, index) for index in range(len(space.spec)))
        _by_space[space] = {decision.index: decision for decision in decisions if decision is not None}
    return _by_space[space]


def _leaf_decision(space: Space, index: int) -> LeafDecision | None:
    choice = space.choices[index]
    if not _is_numeric(choice):
        return None
    variants = _variants(space, index, choice)
    if variants is None:
        return None
    position = variants[0].position(str(space.spec.points[index].path))
    if position is None or not all(_agree(variants[0], other, position) for other in variants):
        return None
    leaves = [variant.leaves[position] for variant in variants]
    if isinstance(choice, FloatV):
        return LeafDecision(index, None, leaves[0])
    stacked = np.stack([np.asarray(leaf) for leaf in leaves])
    return LeafDecision(index, stacked, leaves[0]) if stacked[0].size <= LARGEST else None


def _variants(space: Space, index: int, choice: Choice) -> list[Arguments] | None:
    """The tree for several values of one decision, for all candidates at least; the rest being equal."""
    for context in _contexts(space):
        _activate(space, context, index)
        numbers = _numbers(choice, context[index])
        try:
            trees = []
            for number in numbers:
                context[index] = number
                trees.append(flatten(space.decode(_dna(space, context))))
        except (TypeError, ValueError):  # an invariant of the tree that this context breaks
            continue
        return trees
    return None


def _contexts(space: Space) -> Iterator[list[Any]]:
    """Numbers for all decisions: the same ones for every batch, on which the outcome must not depend."""
    yield [
        choice.middle if isinstance(choice, FloatV) else point.choice.numbers(np.array(choice.least()))
        for choice, point in zip(space.choices, space.spec.points, strict=True)
    ]
    yield from (dna_forms.by_point(dna) for dna in space.sample(jax.random.key(0), _CONTEXTS))


def _dna(space: Space, numbers: list[Any]) -> DNA:
    return DNA.from_numbers(space.spec, dna_forms.flat(numbers))


def _numbers(choice: Choice, number: Any) -> list[Number]:
    """What to try at a decision; for a float near to the number there, for the sake of invariants."""
    match choice:
        case OneOf():
            return list(range(len(choice.candidates)))
        case IntV():
            return list(choice.values)
    assert isinstance(choice, FloatV)
    far_bound = choice.lo if number > choice.middle else choice.hi
    return [number, number + 0.01 * (far_bound - number)]


def _activate(space: Space, numbers: list[Any], index: int) -> None:
    """Takes the candidates in which a decision stands."""
    points = space.spec.points
    point = points[index]
    while point.parent >= 0:
        parent = points[point.parent]
        if parent.choice.is_single:
            numbers[point.parent] = point.branch
        else:
            numbers[point.parent] = _taking(parent.choice, point.slot, point.branch)
        point = parent


def _taking(choice: Choice, slot: int, branch: int) -> list[Number]:
    """What decision takes a candidate in a slot."""
    rows = (choice.numbers(np.array(genes)) for genes in choice.enumerate(None))
    return next((row for row in rows if row[slot] == branch), choice.numbers(np.array(choice.least())))


def _agree(one: Arguments, other: Arguments, position: int) -> bool:
    """Whether two trees are the same but for the value of one leaf."""
    if one.treedef != other.treedef or one.avals[position] != other.avals[position]:
        return False
    pairs = enumerate(zip(one.leaves, other.leaves, strict=True))
    return all(i == position or eq(mine, theirs) for i, (mine, theirs) in pairs)


def _is_numeric(choice: Choice) -> bool:
    """Whether it decides a number, of few enough to try them all."""
    match choice:
        case OneOf():
            return all(map(_is_number, choice.candidates))
        case IntV():
            return len(choice) <= LARGEST
    return isinstance(choice, FloatV)


def _is_number(value: object) -> bool:
    if isinstance(value, jax.ShapeDtypeStruct | bool):
        return False
    return isinstance(value, int) or is_leaf(value)
