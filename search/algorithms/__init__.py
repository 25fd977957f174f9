"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .algorithm import Algorithm, Exhausted, State
from .default import default_algorithm
from .hill_climbing import HillClimbing
from .independent import Random
from .sobol import Sobol
from .sweep import Sweep

__all__ = [
    "Algorithm",
    "Exhausted",
    "State",
    "Random",
    "Sweep",
    "Sobol",
    "HillClimbing",
    "default_algorithm",
]


def __dir__() -> list[str]:
    return sorted(__all__)
