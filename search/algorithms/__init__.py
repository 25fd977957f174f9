"""How a search goes on: algorithms that propose points of a space and learn from what came of them."""

from .algorithm import Algorithm, Exhausted, State
from .independent import Random

__all__ = ["Algorithm", "Exhausted", "State", "Random"]


def __dir__() -> list[str]:
    return sorted(__all__)
