"""Which decisions are lanes: those that land on leaves, and so run side by side in one program."""

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

from .arguments import Arguments, Aval, flatten
from ..spaces.choices import OneOf
from ..spaces.dna import DNA
from ..spaces.points import ChoicePoint, FloatPoint, Point
from ..spaces.space import Space

# A lane holds a copy of its leaf for every configuration, so larger arrays split a batch instead. That
# costs no compilation: they are runtime arguments of one program.
LARGEST = 4096

_CONTEXTS = 16


@dataclass(frozen=True)
class Lane:
    """A decision that lands on a leaf.

    Attributes:
        point: Its index in the spec.
        values: The leaf for each candidate, [K, ...]; None where the gene itself is the value.
        standard: A value to trace with: the same in every batch.
    """

    point: int
    values: npt.NDArray[Any] | None
    standard: Any

    def column(
        self, space: Space, dnas: DNA, rows: npt.NDArray[np.intp], aval: Aval | None
    ) -> npt.NDArray[Any]:
        """What the leaf is in the decoded trees of some rows of a batch, [n, ...].

        Args:
            space: The space.
            dnas: The batch, in NumPy arrays.
            rows: The rows, int[n].
            aval: What the program expects of the leaf.
        """
        point, column = space.spec.points[self.point], space.spec.columns[self.point]
        dtype = None if aval is None else aval.dtype
        if self.values is not None:
            return np.asarray(self.values[dnas.choices[rows, column]], dtype)
        genes = np.asarray(dnas.floats[rows, column])
        if dtype == genes.dtype:
            return genes
        return np.array([point.number(gene) for gene in genes], dtype)


# A space is asked again for every batch; its lanes are its own.
_found: weakref.WeakKeyDictionary[Space, Mapping[int, Lane]] = weakref.WeakKeyDictionary()


def find_lanes(space: Space) -> Mapping[int, Lane]:
    """The lanes of a space, by their index in the spec.

    A decision is a lane if every one of its values gives the same tree, but for one leaf where the
    decision stands, of one shape, dtype and weak type. This is tried, not derived from the declaration:
    so static fields, conversions by validation and hooks are all accounted for.
    """
    if space not in _found:
        lanes = (_lane(space, index) for index in range(len(space.spec)))
        _found[space] = {lane.point: lane for lane in lanes if lane is not None}
    return _found[space]


def _lane(space: Space, index: int) -> Lane | None:
    choice = space.choices[index]
    if isinstance(choice, OneOf) and not all(map(_is_number, choice.candidates)):
        return None
    flats = _variants(space, index)
    if flats is None:
        return None
    where = flats[0].position(str(space.spec.points[index].path))
    if where is None or not all(_agree(flats[0], other, where) for other in flats):
        return None
    leaves = [flat.leaves[where] for flat in flats]
    if not isinstance(choice, OneOf):
        return Lane(index, None, leaves[0])
    values = np.stack([np.asarray(leaf) for leaf in leaves])
    return Lane(index, values, leaves[0]) if values[0].size <= LARGEST else None


def _variants(space: Space, index: int) -> list[Arguments] | None:
    """The tree for several values of one decision, for all candidates at least; the rest being equal."""
    for context in _contexts(space):
        _activate(space, context, index)
        numbers = _numbers(space.spec.points[index], context[index])
        try:
            trees = []
            for number in numbers:
                context[index] = number
                trees.append(flatten(space.decode(DNA.from_numbers(space.spec, context))))
        except (TypeError, ValueError):  # an invariant of the tree that this context breaks
            continue
        return trees
    return None


def _contexts(space: Space) -> Iterator[list[Any]]:
    """Numbers for all decisions: the same ones for every batch, so that lanes never depend on it."""
    points = space.spec.points
    yield [point.middle if isinstance(point, FloatPoint) else point.least for point in points]
    yield from space.sample(jax.random.key(0), _CONTEXTS).numbers()


def _numbers(point: Point, held: Any) -> list[Any]:
    """What to try at a decision; for a float near to what stands there, for the sake of invariants."""
    if isinstance(point, ChoicePoint):
        return list(range(point.arity))
    assert isinstance(point, FloatPoint)
    return [held, held + 0.01 * ((point.low if held > point.middle else point.high) - held)]


def _activate(space: Space, numbers: list[Any], index: int) -> None:
    """Takes the candidates in which a decision stands."""
    points = space.spec.points
    point = points[index]
    while point.parent >= 0:
        numbers[point.parent] = point.branch
        point = points[point.parent]


def _agree(one: Arguments, other: Arguments, where: int) -> bool:
    """Whether two trees are the same but for the value of one leaf."""
    if one.treedef != other.treedef or one.avals[where] != other.avals[where]:
        return False
    pairs = enumerate(zip(one.leaves, other.leaves, strict=True))
    return all(i == where or eq(mine, theirs) for i, (mine, theirs) in pairs)


def _is_number(value: Any) -> bool:
    if isinstance(value, jax.ShapeDtypeStruct | bool):
        return False
    return isinstance(value, int) or is_leaf(value)
