"""`RegularizedEvolution`: the youngest live, the best of a tournament has a child."""

from __future__ import annotations

import jax

from ...spaces.dna import DNA
from ...spaces.points import Spec
from ...spaces.space import Space
from ..algorithm import Algorithm, Rewards
from .evolution import Evolution, Evolved
from .mutators import Uniform
from .operation import Operation
from .selectors import Last, Tournament


class RegularizedEvolution(Algorithm):
    """Ageing evolution: who dies is the oldest, and not the worst (Real et al. 2019, algorithm 1).

    "Regularized Evolution for Image Classifier Architecture Search", AAAI. Some individuals are drawn at
    random, the best of them has a child, and that takes the place of the oldest. So a lucky measurement is
    forgotten after a while, and what is to last must prove itself again and again.

    The contestants of a tournament are all different, as in PyGlove; with a batch of one this is the
    algorithm of the paper, else children are told a batch at a time.

    Attributes:
        population_size: How many live.
        tournament_size: How many take part in a tournament.
        mutator: Makes the child.
        dedup: How many of the last points are remembered, so as not to be proposed again: a child that is
            one of them is mutated once more, up to eight times. 0 for the algorithm of the paper.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space([search.oneof([0, 1]) for _ in range(8)])
        >>> algorithm = search.algorithms.RegularizedEvolution(8, 4)
        >>> results = search.run(
        ...     algorithm, lambda bits, key: sum(bits), space, 100, jax.random.key(0), batch=4, mode='max')
        >>> int(results.best().metrics)
        8
    """

    population_size: int = 25
    tournament_size: int = 8
    mutator: Operation = Uniform()
    dedup: int = 0

    def __check__(self) -> None:
        if not 1 <= self.tournament_size <= self.population_size:
            raise ValueError(
                "from 1 to population_size individuals take part in a tournament, got "
                f"tournament_size={self.tournament_size}, population_size={self.population_size}"
            )

    @property
    def evolution(self) -> Evolution:
        """The same, as what it consists of."""
        return Evolution(
            Tournament(1, self.tournament_size) >> self.mutator,
            population_init=self.population_size,
            population_update=Last(self.population_size),
            dedup=self.dedup,
            again=self.mutator,
        )

    def start(self, space: Space, key: jax.Array, objectives: int) -> Evolved:
        """Nobody."""
        return self.evolution.start(space, key, objectives)

    def propose(self, spec: Spec, own: Evolved, key: jax.Array, n: int) -> tuple[DNA, Evolved]:
        """Children of winners."""
        return self.evolution.propose(spec, own, key, n)

    def learn(self, spec: Spec, own: Evolved, dnas: DNA, rewards: Rewards) -> Evolved:
        """The youngest."""
        return self.evolution.learn(spec, own, dnas, rewards)
