"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .adapters.optuna import Optuna
from .algorithm import Algorithm, Exhausted, State
from .default import default_algorithm
from .evolution.evolution import Evolution
from .evolution.regularized import RegularizedEvolution
from .guided.guided_evolution import GuidedEvolution
from .independent import Random

__all__ = [
    # The protocol.
    "Algorithm",
    "State",
    "Exhausted",
    # Algorithms.
    "default_algorithm",
    "Random",
    "RegularizedEvolution",
    "Evolution",
    "GuidedEvolution",
    "Optuna",
]


def __dir__() -> list[str]:
    return sorted(__all__)
