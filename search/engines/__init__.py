"""Where configurations run."""

from .engine import Engine
from .local import Local

__all__ = ["Engine", "Local"]


def __dir__() -> list[str]:
    return sorted(__all__)
