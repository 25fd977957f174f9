"""Where configurations run."""

from .engine import Engine
from .local import Local
from .pool import WorkerLost
from .ray import Ray

__all__ = ["Engine", "Local", "Ray", "WorkerLost"]


def __dir__() -> list[str]:
    return sorted(__all__)
