"""Recombinators: children of several parents, which stand next to each other in the population."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.fields import field

from ...spaces.dna import DNA
from ...spaces.kinds.drawing import shares
from ...spaces.points import Spec
from ..variation.activity import Where, indices, meant
from ..variation.crossover import (
    alternating_sources,
    averaged,
    contributing,
    random_cuts,
    simulated_binary,
    taken,
    uniform_sources,
    weighted_sources,
)
from ..variation.permutations import (
    Crossover,
    cycle,
    order,
    partially_mapped,
    recombination_words,
    recombined,
)
from .grouping import Grouped, Paired, Weights, by_rank
from .population import Population

__all__ = [
    "Average",
    "Cycle",
    "KPoint",
    "Order",
    "PartiallyMapped",
    "Sample",
    "Segmented",
    "SimulatedBinary",
    "Uniform",
    "WeightedAverage",
]


def __dir__() -> list[str]:
    return sorted(__all__)


class Uniform(Grouped):
    """Uniform crossover: each decision comes from any of the parents, all as likely.

    Of two children one gets what the other does not. A decision that takes several candidates comes as a
    whole. (Syswerda 1989, "Uniform crossover in genetic algorithms".)

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from symjax import search
        >>> space = search.space([search.oneof([1, 2]) for _ in range(6)])
        >>> pair = search.DNA.from_numbers(space.spec, [[0] * 6, [1] * 6])
        >>> children = Uniform()(Population.told(pair, jnp.zeros((2, 1))), jax.random.key(0))
        >>> children.dnas.choices.sum(axis=0)
        Array([1, 1, 1, 1, 1, 1], dtype=int32)
    """

    def words(self, spec: Spec, size: int) -> int:
        """One for each decision."""
        return len(spec)

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `uniform_sources`."""
        counts = contributing(groups.dnas, groups.valid)
        return taken(groups.dnas, uniform_sources(counts, rows), meant(groups.spec, self.where))


class Sample(Grouped):
    """Each decision of each child comes from one of the parents, as likely as weights say.

    Attributes:
        weights: The weights float32[p] of p parents by what they earned, float32[p, objectives]; by default
            they fall evenly from the best to the worst.
    """

    weights: Weights = by_rank

    def words(self, spec: Spec, size: int) -> int:
        """One for each decision of each child."""
        return size * len(spec)

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `weighted_sources`."""
        counts = contributing(groups.dnas, groups.valid)
        words = rows.reshape(*groups.valid.shape, -1)
        sources = weighted_sources(counts, jax.vmap(self.weights)(groups.rewards), words)
        return taken(groups.dnas, sources, meant(groups.spec, self.where))


class WeightedAverage(Grouped):
    """Floats are averages of the parents', weighted, on the scale of each; all else is the parent's own.

    So where there is nothing but floats, all children are equal.

    Attributes:
        weights: The weights float32[p] of p parents by what they earned, float32[p, objectives]; by default
            they fall evenly from the best to the worst.
    """

    weights: Weights = by_rank

    def words(self, spec: Spec, size: int) -> int:
        """None."""
        return 0

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `averaged`."""
        counts = contributing(groups.dnas, groups.valid)
        weights = jax.vmap(self.weights)(groups.rewards)
        return averaged(groups.dnas, counts, weights, meant(groups.spec, self.where))


class Average(Grouped):
    """Floats are the averages of the parents', on the scale of each; all else is the parent's own.

    So where there is nothing but floats, all children are equal.
    """

    def words(self, spec: Spec, size: int) -> int:
        """None."""
        return 0

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `averaged`."""
        counts = contributing(groups.dnas, groups.valid)
        alike = jnp.ones(groups.valid.shape, jnp.float32)
        return averaged(groups.dnas, counts, alike, meant(groups.spec, self.where))


class KPoint(Paired):
    """K-point crossover: segments of the decisions, in their order, come from the two parents in turn.

    Attributes:
        k: At how many places the decisions are cut, all places being as likely; all are where there are not
            as many.
    """

    k: int = 1

    def __check__(self) -> None:
        super().__check__()
        if self.k < 1:
            raise ValueError(f"a crossover needs at least one cut, got k={self.k}")

    def words(self, spec: Spec, size: int) -> int:
        """One for each decision."""
        return len(spec)

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `alternating_sources`."""
        counts = contributing(groups.dnas, groups.valid)
        sources = alternating_sources(counts, random_cuts(rows, self.k))
        return taken(groups.dnas, sources, meant(groups.spec, self.where))


class Segmented(Paired):
    """Segments of the decisions, cut where one says, come from the two parents in turn.

    Attributes:
        cuts: The decisions with which a segment begins, by name or by index; or a predicate on points.
    """

    cuts: tuple[str | int, ...] | Where

    def words(self, spec: Spec, size: int) -> int:
        """None."""
        return 0

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `alternating_sources`."""
        spec: Spec = groups.spec
        if callable(self.cuts):
            begins: Any = meant(spec, self.cuts)
        else:
            begins = np.isin(np.arange(len(spec)), indices(spec, self.cuts))
        counts = contributing(groups.dnas, groups.valid)
        return taken(groups.dnas, alternating_sources(counts, begins), meant(spec, self.where))


class SimulatedBinary(Paired):
    """Simulated binary crossover: floats of children lie about those of their parents; that of NSGA-II.

    Each float is crossed with one half, and each other decision exchanged with one half.
    (Deb and Agrawal 1995, "Simulated binary crossover for continuous search space".)

    Attributes:
        eta: The distribution index: the greater, the nearer are children to their parents.
        probability: With which two parents are crossed at all; else their children are like them.
    """

    eta: float = 15.0
    probability: float = field(default=0.9, kw_only=True)

    def words(self, spec: Spec, size: int) -> int:
        """Two for each decision, and one."""
        return 2 * len(spec) + 1

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `simulated_binary`."""
        words = rows[:, 1:].reshape(len(rows), 2, -1)
        crossed = simulated_binary(groups.dnas, words, self.eta, meant(groups.spec, self.where))
        is_crossed = shares(rows[:, 0])[:, None, None] < self.probability
        both: DNA = jax.tree.map(lambda new, old: jnp.where(is_crossed, new, old), crossed, groups.dnas)
        return both


class _Permuting(Paired):
    """Recombines the permutations of two parents, and distinct candidates in an order of which all count.

    All else a child has from the parent in its place. A subclass says by which crossover.
    """

    def words(self, spec: Spec, size: int) -> int:
        """As many as there are candidates."""
        return recombination_words(spec, self.where)

    def crossover(self) -> Crossover:
        """What becomes of two permutations."""
        raise NotImplementedError(f"{type(self).__name__} must define crossover")

    def cross(self, groups: Population, rows: jax.Array) -> DNA:
        """See `recombined`: both children go by the same random words, each from its own parent."""
        first, second = (jax.tree.map(lambda genes, i=i: genes[:, i], groups.dnas) for i in (0, 1))
        children = [
            recombined(own, other, rows, self.crossover(), self.where)
            for own, other in ((first, second), (second, first))
        ]
        both: DNA = jax.tree.map(lambda *genes: jnp.stack(genes, axis=1), *children)
        return both


class PartiallyMapped(_Permuting):
    """Partially mapped crossover (PMX) of permutations: a section of the other parent, the rest one's own.

    Goldberg and Lingle 1985, "Alleles, loci, and the traveling salesman problem".
    """

    def crossover(self) -> Crossover:
        """See `partially_mapped`."""
        return partially_mapped


class Order(_Permuting):
    """Order crossover (OX) of permutations: a section of the other parent, the rest in one's own order.

    Davis 1985, "Applying adaptive algorithms to epistatic domains".
    """

    def crossover(self) -> Crossover:
        """See `order`."""
        return order


class Cycle(_Permuting):
    """Cycle crossover (CX) of permutations: each candidate stands where it stands in one of the parents.

    Oliver, Smith and Holland 1987, "A study of permutation crossover operators on the traveling salesman
    problem".
    """

    def crossover(self) -> Crossover:
        """See `cycle`."""
        return cycle
