"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .adapters.optuna import Optuna
from .algorithm import Algorithm, State
from .independent import Random

__all__ = ["Algorithm", "State", "Random", "Optuna"]


def __dir__() -> list[str]:
    return sorted(__all__)
