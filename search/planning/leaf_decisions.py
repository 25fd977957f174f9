"""Which decisions land on leaves, and so run side by side in the lanes of one program."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.leaves import is_leaf

from ..spaces.choice import Choice, Gene
from ..spaces.dna import DNA
from ..spaces.space import Space
from .arguments import Aval
from .leaf_trials import LeafTrials, value_of

# Each lane gets its copy of a leaf that varies, so larger arrays split a batch instead. That costs no
# compilation: they are runtime arguments of one program.
LARGEST = 4096


@dataclass(frozen=True)
class LeafDecision:
    """A decision that lands on a leaf.

    Attributes:
        index: Its index in the spec.
        leaves: The leaf for each gene, [K, ...]; None where the gene itself is the leaf.
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
        return np.array([value_of(choice, gene) for gene in genes], dtype)


# Kept for speed: a space is asked again for every batch, and the answer takes some trees a decision.
_by_space: weakref.WeakKeyDictionary[Space, Mapping[int, LeafDecision]] = weakref.WeakKeyDictionary()


def leaf_decisions(space: Space) -> Mapping[int, LeafDecision]:
    """The decisions of a space that land on leaves, by their index in the spec.

    A decision lands on a leaf if every one of its values gives the same tree, but for one leaf where the
    decision stands, of one shape, dtype and weak type. This is tried, not derived from the declaration:
    so static fields, conversions by validation and hooks are all accounted for.
    """
    if space not in _by_space:
        possible = [index for index in range(len(space.spec)) if may_be_leaf(space.choices[index])]
        tried = LeafTrials(space, possible).leaves
        decisions = (leaf_decision(space.choices[index], index, tried[index]) for index in sorted(tried))
        _by_space[space] = {decision.index: decision for decision in decisions if decision is not None}
    return _by_space[space]


def may_be_leaf(choice: Choice) -> bool:
    """Whether it decides a number: of few candidates, or between bounds."""
    return choice.is_single and all(all(map(_is_number, slot)) for slot in choice.slots())


def leaf_decision(choice: Choice, index: int, seen: Mapping[Gene, Any]) -> LeafDecision | None:
    """The decision, unless its leaves are too many or too large for each lane to have a copy."""
    standard = next(iter(seen.values()))
    if choice.array == "floats":
        return LeafDecision(index, None, standard)
    if choice.slots():
        leaves = np.stack([np.asarray(seen[gene]) for gene in sorted(seen)])
        return LeafDecision(index, leaves, seen[0]) if leaves[0].size <= LARGEST else None
    rows = list(itertools.islice(choice.enumerate(None), LARGEST + 1))
    values = np.array([value_of(choice, gene) for (gene,) in rows])
    return LeafDecision(index, values, standard) if len(rows) <= LARGEST else None


def _is_number(value: object) -> bool:
    if isinstance(value, jax.ShapeDtypeStruct | bool):
        return False
    return isinstance(value, int) or is_leaf(value)
