"""Selectors: parents out of a population, and a population out of the one before.

How many are selected, `n`, is an int; a float from 0 to 1 for that share of the input, rounded up; or None
for as many as there are. No search decides it inside of a program, for it says how large arrays are.
"""

from .drawn import Random, Tournament
from .ordered import Bottom, First, Last, Top
from .proportional import Proportional, Sample

__all__ = ["Random", "Tournament", "Sample", "Proportional", "Top", "Bottom", "First", "Last"]


def __dir__() -> list[str]:
    return sorted(__all__)
