"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .adapters.evosax import Evosax
from .adapters.optuna import Optuna
from .algorithm import Algorithm, Exhausted, State
from .default import default_algorithm
from .evolution.evolution import Evolution
from .evolution.nsga2 import NSGA2
from .evolution.regularized import RegularizedEvolution
from .guided.guided_evolution import GuidedEvolution
from .hill_climbing import HillClimbing
from .independent import Random
from .sobol import Sobol
from .sweep import Sweep

__all__ = [
    # The protocol.
    "Algorithm",
    "State",
    "Exhausted",
    # Algorithms.
    "default_algorithm",
    "Random",
    "Sweep",
    "Sobol",
    "HillClimbing",
    "RegularizedEvolution",
    "NSGA2",
    "Evolution",
    "GuidedEvolution",
    # Those of other libraries.
    "Optuna",
    "Evosax",
]


def __dir__() -> list[str]:
    return sorted(__all__)
