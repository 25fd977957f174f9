"""When a trial is not worth its further steps: policies that look at what was measured step by step."""

from .policy import Policy
from .stepwise import ByRank, ByValue, Median

__all__ = ["Policy", "ByValue", "ByRank", "Median"]


def __dir__() -> list[str]:
    return sorted(__all__)
