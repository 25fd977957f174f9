"""Which algorithm a search takes if nobody names one."""

from __future__ import annotations

from ..spaces.space import Space
from .algorithm import Algorithm
from .evolution.regularized import RegularizedEvolution
from .independent import Random


def default_algorithm(space: Space, objectives: int = 1) -> Algorithm:
    """The algorithm that a search takes if nobody names one.

    Args:
        space: The space.
        objectives: How many metrics count.

    Example:
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0.0, 1.0)})
        >>> type(search.algorithms.default_algorithm(space)).__name__
        'RegularizedEvolution'
    """
    return RegularizedEvolution() if objectives == 1 else Random()
