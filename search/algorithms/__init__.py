"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .adapters.evosax import Evosax
from .adapters.optuna import Optuna
from .algorithm import Algorithm, Exhausted, State
from .default import default_algorithm
from .independent import Random

__all__ = ["Algorithm", "Exhausted", "State", "Random", "Optuna", "Evosax", "default_algorithm"]


def __dir__() -> list[str]:
    return sorted(__all__)
