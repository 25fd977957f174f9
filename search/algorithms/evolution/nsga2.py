"""`NSGA2`: several objectives, by nondominated fronts."""

from __future__ import annotations

import jax

from symjax.core.fields import field

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.space import Space
from ..algorithm import Algorithm, Rewards
from .evolution import Evolution, Evolved
from .mutators import Uniform
from .operation import Operation
from .recombinators import Uniform as UniformCrossover
from .selectors import Top, Tournament


class NSGA2(Algorithm):
    """NSGA-II: who is dominated by nobody survives, on one front who stands alone (Deb et al. 2002).

    "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions on Evolutionary
    Computation 6 (2), section III. Parents win tournaments of two, by their front and then by how crowded it
    is there. They are recombined and mutated, and of parents and children together the best live on.

    Told batches of `population_size`, these are the generations of the paper. Of smaller batches the best
    live on each time (Durillo et al. 2009, "On the effect of the steady-state selection scheme in
    multi-objective genetic algorithms"), which takes fewer trials. With one objective this is a genetic
    algorithm with elitism.

    Attributes:
        population_size: How many live.
        recombinator: Makes children of two and two parents; None for none. That of the paper, for floats, is
            ``recombinators.SimulatedBinary()``; the uniform one dominated more on ZDT-1 and ZDT-2.
        mutator: Mutates them. That of the paper is ``mutators.Polynomial()``.
        dedup: How many of the last points are remembered, so as not to be proposed again.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-4.0, 4.0)})
        >>> results = search.run(
        ...     search.algorithms.NSGA2(16),
        ...     lambda exp, key: {'one': exp['x'] ** 2, 'two': (exp['x'] - 2) ** 2},
        ...     space, 128, jax.random.key(0), batch=16, objective=('one', 'two'), mode='min')
        >>> front = results.pareto()
        >>> all(-0.2 < trial.experiment['x'] < 2.2 for trial in front)
        True
    """

    has_fronts = True

    population_size: int = 50
    recombinator: Operation | None = UniformCrossover()
    mutator: Operation = Uniform()
    dedup: int = field(default=0, kw_only=True)

    def __check__(self) -> None:
        if self.population_size < 2:
            raise ValueError(f"it takes two to recombine, got population_size={self.population_size}")

    @property
    def evolution(self) -> Evolution:
        """The same, as what it consists of."""
        parents: Operation = Tournament(2, size=2)
        if self.recombinator is not None:
            parents = parents >> self.recombinator
        return Evolution(
            parents >> self.mutator,
            population_init=self.population_size,
            population_update=Top(self.population_size),
            dedup=self.dedup,
            again=self.mutator,
        )

    def start(self, space: Space, key: jax.Array, objectives: int) -> Evolved:
        """Nobody."""
        return self.evolution.start(space, key, objectives)

    def propose(self, spec: Spec, own: Evolved, key: jax.Array, n: int) -> tuple[DNA, Evolved]:
        """Children of the best."""
        return self.evolution.propose(spec, own, key, n)

    def learn(self, spec: Spec, own: Evolved, dnas: DNA, rewards: Rewards) -> Evolved:
        """The best of parents and children."""
        return self.evolution.learn(spec, own, dnas, rewards)
