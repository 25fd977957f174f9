"""What decisions move in the trees of one structure, where patches stand between them and the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.verbs.equality import eq

from ..spaces.choice import Gene
from ..spaces.dna import DNA
from ..spaces.space import Space
from .arguments import Arguments, Aval, flatten
from .leaf_decisions import LeafDecision, leaf_decision, may_be_leaf
from .leaf_trials import are_values, variants


@dataclass(frozen=True)
class PatchedLeaf:
    """A leaf that is made of what is decided, and therefore read off each tree.

    Attributes:
        position: Its index among the leaves.
        standard: A leaf to trace with.
        trees: The trees of the configurations in question, in their order.
    """

    position: int
    standard: Any
    trees: Sequence[Arguments]

    def values(
        self, space: Space, dnas: DNA, rows: npt.NDArray[np.intp], aval: Aval | None
    ) -> npt.NDArray[Any]:
        """What the leaf is, [n, ...]; see `LeafDecision.values`."""
        dtype = None if aval is None else aval.dtype
        return np.stack([np.asarray(tree.leaves[self.position], dtype) for tree in self.trees])


@dataclass(frozen=True)
class PatchedLeaves:
    """The leaves that decisions move in the trees of one structure.

    Attributes:
        decided: For each leaf that is just what one decision says, that decision.
        computed: The other leaves that move.
        movers: By which decisions each of these leaves is moved.
        structural: The decisions that move more than leaves.
    """

    decided: Mapping[int, LeafDecision]
    computed: tuple[int, ...]
    movers: Mapping[int, frozenset[int]]
    structural: frozenset[int]


def possible_leaves(space: Space, known: Iterable[int]) -> frozenset[int]:
    """The decisions that may land on leaves of patched trees: in some structures, or not at their own path.

    Args:
        space: The space.
        known: Those that are known to land on leaves.
    """
    if not space.patches:
        return frozenset()
    return frozenset(i for i, choice in enumerate(space.choices) if may_be_leaf(choice)).difference(known)


def patched_leaves(space: Space, dna: DNA, indices: Iterable[int]) -> PatchedLeaves:
    """Tries which leaves some decisions move, one decision after the other, in the trees of one structure.

    Args:
        space: The space.
        dna: A single DNA of that structure.
        indices: The decisions, on numbers.
    """
    free = space.unconstrained()
    reference = flatten(free.decode(dna))
    rows = _rows(space, dna)
    seen: dict[int, dict[int, dict[Gene, Any]]] = {}  # by leaf, by decision
    structural: set[int] = set()
    for index in sorted(indices):
        moved = _moved(free, rows, index, reference)
        if moved is None:
            structural.add(index)
        for place, leaves in (moved or {}).items():
            seen.setdefault(place, {})[index] = leaves
    decided = {}
    for place, by_index in seen.items():
        [index, *others] = by_index
        choice = space.choices[index]
        if others or not (choice.slots() or are_values(space, index, by_index[index])):
            continue
        decision = leaf_decision(choice, index, by_index[index])
        if decision is not None:
            decided[place] = decision
    movers = {place: frozenset(by_index) for place, by_index in seen.items()}
    computed = tuple(place for place in seen if place not in decided)
    return PatchedLeaves(decided, computed, movers, frozenset(structural))


def _moved(
    space: Space, rows: list[list[Gene]], index: int, reference: Arguments
) -> dict[int, dict[Gene, Any]] | None:
    """The leaves that a decision moves, for each gene that was tried; None if more than leaves move."""
    first, *others = variants(space.choices[index], rows[index][0])
    trees = {first: reference}
    for gene in others:
        try:
            other = flatten(
                space.decode(space.of([[gene] if i == index else row for i, row in enumerate(rows)]))
            )
        except Exception:  # noqa: BLE001 - user code decides what is valid
            return None
        if other.treedef != reference.treedef or other.avals != reference.avals:
            return None
        trees[gene] = other
    places = [
        place
        for place, leaf in enumerate(reference.leaves)
        if not all(tree.leaves[place] is leaf or eq(tree.leaves[place], leaf) for tree in trees.values())
    ]
    if any(reference.avals[place] is None for place in places):
        return None
    return {place: {gene: tree.leaves[place] for gene, tree in trees.items()} for place in places}


def _rows(space: Space, dna: DNA) -> list[list[Gene]]:
    """The genes of each decision."""
    genes = {"choices": dna.choices, "floats": dna.floats}
    spec = space.spec
    return [
        list(genes[point.array][columns]) for point, columns in zip(spec.points, spec.columns, strict=True)
    ]
