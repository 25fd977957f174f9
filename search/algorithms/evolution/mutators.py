"""Mutators: each individual has a child, of which a decision is another one."""

from __future__ import annotations

import jax

from symjax.core.fields import field

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ..variation.activity import Where, activity, merged
from ..variation.mutation import (
    awakened,
    mutated,
    mutation_words,
    site_words,
    sites,
    varied,
    vary_words,
    waking_words,
)
from ..variation.permutations import swapped
from ..variation.steps import float_owners, gaussian, on_scale, polynomial, stepped
from .operation import Step
from .roles import Mutator

__all__ = ["Gaussian", "Polynomial", "Swap", "Uniform"]


def __dir__() -> list[str]:
    return sorted(__all__)


class Uniform(Mutator):
    """Changes a decision, uniform over those that matter and can be decided otherwise.

    What it becomes is never what it was. Of candidates it is any other one; of several candidates one place
    changes, of a permutation two are exchanged; a number goes a step on its scale, of a size from all of it
    down to 1/1024, each octave as likely. Another kind of decision is drawn anew. (In 1,000 trials of ageing
    evolution on Branin such steps had a regret of .0001, normal ones of .002, and new draws of .017.)

    Decisions that come to matter by that are drawn by their law; those that cease to keep their genes. (That
    had four tenths of the regret of keeping what was there before, on 8 decisions with 6 inner ones each.)

    Attributes:
        where: Which decisions may change: a predicate on points; None for all.
        probability: With which probability each of them changes, independently, but at least one does; None
            for exactly one.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from symjax import search
        >>> from symjax.search.algorithms.evolution import Population, mutators
        >>> space = search.space({'a': search.oneof([1, 2, 3]), 'b': search.permutate([1, 2, 3])})
        >>> parents = Population.told(space.sample(jax.random.key(0), 8), jnp.zeros((8, 1)))
        >>> children = mutators.Uniform(lambda point: point.name == 'b')(parents, jax.random.key(1))
        >>> (children.dnas.choices != parents.dnas.choices).sum(axis=1)
        Array([2, 2, 2, 2, 2, 2, 2, 2], dtype=int32)
    """

    where: Where | None = None
    probability: float | None = field(default=None, kw_only=True)

    def words(self, spec: Spec) -> int:
        """How many random words a child takes."""
        return mutation_words(spec, self.probability)

    def mutate_list(self, dnas: DNA, rows: jax.Array, step: Step) -> DNA:
        """The children; see `Mutator.mutate_list`."""
        return mutated(dnas, rows, self.probability, self.where)


class _Stepping(Mutator):
    """Changes decisions as `Uniform` does, but floats by steps of its own.

    A subclass defines `steps`.
    """

    where: Where | None = field(default=None, kw_only=True)
    probability: float | None = field(default=None, kw_only=True)

    def words(self, spec: Spec) -> int:
        """How many random words a child takes."""
        floats = len(float_owners(spec))
        return site_words(spec, self.probability) + vary_words(spec) + floats + waking_words(spec)

    def steps(self, word: jax.Array, places: jax.Array) -> jax.Array:
        """Steps, as shares of the scale.

        Args:
            word: Random words, uint32[n, f].
            places: Where the floats lie on their scales, float32[n, f].
        """
        raise NotImplementedError(f"{type(self).__name__} must define steps")

    def mutate_list(self, dnas: DNA, rows: jax.Array, step: Step) -> DNA:
        """The children; see `Mutator.mutate_list`."""
        spec = dnas.spec
        parts = (
            site_words(spec, self.probability),
            vary_words(spec),
            len(float_owners(spec)),
            waking_words(spec),
        )
        first, second, third, _ = (sum(parts[: end + 1]) for end in range(4))
        active = activity(spec, dnas.choices)
        changing = sites(spec, active, rows[:, :first], self.probability, self.where)
        others = varied(dnas, rows[:, first:second])
        others = stepped(dnas, others, self.steps(rows[:, second:third], on_scale(dnas)))
        return awakened(merged(changing, others, dnas), dnas, active, rows[:, third:])


class Gaussian(_Stepping):
    """Changes a decision as `Uniform` does, but a float by a step that is normally distributed on its scale.

    Attributes:
        spread: The standard deviation, as a share of the scale.
        where: Which decisions may change: a predicate on points; None for all.
        probability: With which probability each of them changes, independently, but at least one does; None
            for exactly one.
    """

    spread: float = 0.1

    def steps(self, word: jax.Array, places: jax.Array) -> jax.Array:
        """See `gaussian`."""
        return gaussian(word, self.spread)


class Polynomial(_Stepping):
    """Changes a decision as `Uniform` does, but a float by polynomial mutation: that of NSGA-II.

    Deb and Agrawal 1999, "A niched-penalty approach for constraint handling in genetic algorithms".

    Attributes:
        eta: The distribution index: steps are about ``1 / eta`` of the scale long.
        where: Which decisions may change: a predicate on points; None for all.
        probability: With which probability each of them changes, independently, but at least one does; None
            for exactly one.
    """

    eta: float = 20.0

    def steps(self, word: jax.Array, places: jax.Array) -> jax.Array:
        """See `polynomial`."""
        return polynomial(word, places, self.eta)


class Swap(Mutator):
    """Exchanges two places of a list: of a permutation, or of several candidates that are not sorted.

    Which list is uniform over those that matter, and in which two places differ; where there is none,
    nothing changes. The candidates change their places only, but for decisions inside of them, which belong
    to the place.

    Attributes:
        where: In which decisions: a predicate on points; None for all.
    """

    where: Where | None = None

    def words(self, spec: Spec) -> int:
        """How many random words a child takes."""
        return 3 + waking_words(spec)

    def mutate_list(self, dnas: DNA, rows: jax.Array, step: Step) -> DNA:
        """The children; see `Mutator.mutate_list`."""
        active = activity(dnas.spec, dnas.choices)
        exchanged = swapped(dnas, active, rows[:, :3], self.where)
        return awakened(exchanged, dnas, active, rows[:, 3:])
