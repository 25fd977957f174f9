"""Where configurations run."""

from .distributed import Distributed
from .engine import Engine
from .group import HostLost
from .local import Local
from .pool import WorkerLost
from .ray import Ray

__all__ = ["Engine", "Local", "Distributed", "Ray", "HostLost", "WorkerLost"]


def __dir__() -> list[str]:
    return sorted(__all__)
