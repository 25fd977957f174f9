"""Which algorithm a search takes if nobody names one."""

from __future__ import annotations

from ..spaces.space import Space
from .algorithm import Algorithm
from .evolution.nsga2 import NSGA2
from .guided.guided_evolution import GuidedEvolution


def default_algorithm(space: Space, objectives: int = 1) -> Algorithm:
    """The algorithm that a search takes if nobody names one.

    `GuidedEvolution` for one objective, `NSGA2` for several: both know all kinds of decisions. Which others
    there are, and how they compare, stands in docs/which_algorithm_which_engine.md.

    Args:
        space: The space.
        objectives: How many metrics count.

    Example:
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0.0, 1.0)})
        >>> type(search.algorithms.default_algorithm(space)).__name__
        'GuidedEvolution'
        >>> type(search.algorithms.default_algorithm(space, objectives=2)).__name__
        'NSGA2'
    """
    return GuidedEvolution() if objectives == 1 else NSGA2()
