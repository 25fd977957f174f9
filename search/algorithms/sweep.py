"""`Sweep`: all points of a space in order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.fields import field

from ..spaces.choice import Gene
from ..spaces.dna import DNA
from ..spaces.points import Spec
from ..spaces.space import Space
from ..spaces.templates.enumeration import Rows, steps_of
from .algorithm import Algorithm, Exhausted, Rewards
from .variation.activity import least


class _Progress(NamedTuple):
    """What a sweep keeps: how far it is, and which points there are, if not all (int64[m]; else empty)."""

    done: npt.NDArray[np.int64]
    allowed: npt.NDArray[np.int64]


class Sweep(Algorithm):
    """All points of a space, in the order of `Space.enumerate`: the last decision turns fastest.

    Of a float some values are taken, as by `Space.grid`. Points are made when they are asked for, from
    wherever the sweep stands: so a space may be as large as it likes, unless `constrain` demands something.
    Then all points are looked at in the beginning.

    After the last point, `ask` raises `Exhausted`, by which a search ends; its last batch may be shorter.

    Attributes:
        steps: How many values of each float are taken, evenly on its scale; or a number each, by name.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space([search.oneof([1, 2]), search.oneof([3, 4, 5])])
        >>> sweep, key = search.algorithms.Sweep(), jax.random.key(0)
        >>> dnas, state = sweep.ask(sweep.init(space, key), key, 4)
        >>> space.decode(dnas)
        [[1, 3], [1, 4], [1, 5], [2, 3]]
        >>> dnas, state = sweep.ask(state, key, 4)
        >>> space.decode(dnas)
        [[2, 4], [2, 5]]
    """

    is_traceable = False

    steps: int | Mapping[str, int] | None = field(default=None, static=True)

    def start(self, space: Space, key: jax.Array, objectives: int) -> _Progress:
        """The first point.

        Raises:
            ValueError: There is a float, and `steps` does not say how many of its values are taken; or no
                point is as `constrain` demands.
        """
        walk = self._walk(space.spec)
        allowed = np.zeros(0, np.int64)
        if space.predicates:
            points = enumerate(walk.points(0))
            allowed = np.array([place for place, dna in points if space.allows(dna)], np.int64)
            if not len(allowed):
                raise ValueError("no point of the space is as `constrain` demands: there is nothing to sweep")
        return _Progress(np.zeros((), np.int64), allowed)

    def propose(self, spec: Spec, own: _Progress, key: jax.Array, n: int) -> tuple[DNA, _Progress]:
        """The next points, as far as there are any."""
        walk, done = self._walk(spec), int(own.done)
        if len(own.allowed):
            points = [next(walk.points(int(place))) for place in own.allowed[done : done + n]]
        else:
            points = list(itertools.islice(walk.points(done), n))
        if not points:
            raise Exhausted(f"the sweep has been through all {done:,} points of the space")
        return DNA.concat(points), _Progress(own.done + len(points), own.allowed)

    def learn(self, spec: Spec, own: _Progress, dnas: DNA, rewards: Rewards) -> _Progress:
        """Nothing is learnt."""
        return own

    def _walk(self, spec: Spec) -> Walk:
        floats = [point.name for point in spec.points if point.array == "floats"]
        if floats and self.steps is None:
            raise ValueError(
                f"{floats[0]} is a float, of which there is no last one; Sweep(steps=10) takes 10 values"
            )
        return Walk(spec, steps_of(spec, self.steps) if self.steps is not None else {})


class Walk:
    """The points of a finite space in order, from any of them on.

    Args:
        spec: The decisions.
        steps: How many values are taken of each decision on a float, by its index.
    """

    def __init__(self, spec: Spec, steps: Mapping[int, int]) -> None:
        self._spec = spec
        self._steps = steps
        self._children: dict[tuple[int, int, int], list[int]] = {}
        for index, point in enumerate(spec.points):
            self._children.setdefault((point.parent, point.slot, point.branch), []).append(index)
        self._parents = {point.parent for point in spec.points}
        # From the last to the first: children come after their parents.
        self._sizes: dict[int, int] = {}
        for index in reversed(range(len(spec))):
            self._sizes[index] = self._size(index)
        self.size = self._product_size(self._children.get((-1, -1, -1), []))

    def points(self, start: int) -> Iterator[DNA]:
        """Single DNAs, from the one of that number on.

        Where candidates of a list hold decisions, looking for the start takes time for each list before it;
        else none.
        """
        choices, floats = (genes.tolist() for genes in least(self._spec))
        if start >= self.size:
            return
        for rows in self._product(self._children.get((-1, -1, -1), []), start):
            genes: dict[str, list[Gene]] = {"choices": list(choices), "floats": list(floats)}
            for index, own in rows.items():
                genes[self._spec.points[index].array][self._spec.columns[index]] = own
            yield DNA(self._spec, np.array(genes["choices"], np.int32), np.array(genes["floats"], np.float32))

    def _size(self, index: int) -> int:
        """How many ways there are to decide one decision, and what stands in what it takes."""
        choice = self._spec.points[index].choice
        if choice.array == "floats":
            return self._steps[index]
        slots = choice.slots()
        sizes = [
            [self._product_size(self._inside(index, slot, branch)) for branch in range(len(candidates))]
            for slot, candidates in enumerate(slots)
        ]
        return int(choice.size(sizes))

    def _product_size(self, indices: Sequence[int]) -> int:
        return math.prod(self._sizes[index] for index in indices)

    def _inside(self, index: int, slot: int, branch: int) -> list[int]:
        return self._children.get((index, slot, branch), [])

    def _product(self, indices: Sequence[int], start: int) -> Iterator[Rows]:
        """All ways to decide several decisions, from one of that number on."""
        if not indices:
            yield {}
            return
        first, *rest = indices
        skipped, start = divmod(start, self._product_size(rest))
        for own in self._decision(first, skipped):
            for others in self._product(rest, start):
                yield own | others
            start = 0

    def _decision(self, index: int, start: int) -> Iterator[Rows]:
        choice, steps = self._spec.points[index].choice, self._steps.get(index)
        slots = range(len(choice.slots()))
        if index not in self._parents:
            yield from ({index: genes} for genes in choice.enumerate_from(start, steps))
            return
        for genes in choice.enumerate(steps):
            inner: list[int] = []
            for slot, gene in zip(slots, genes, strict=False):
                inner += self._inside(index, slot, int(gene))
            size = self._product_size(inner)
            if start >= size:
                start -= size
                continue
            for rows in self._product(inner, start):
                yield {index: genes} | rows
            start = 0
