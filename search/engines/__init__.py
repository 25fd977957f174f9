"""Where configurations run: here, on all processes of `jax.distributed`, or on workers of a Ray cluster."""

from ..evaluation.running.peers import HostLost
from .distributed import Distributed
from .engine import Engine
from .local import Local
from .pool import WorkerLost
from .ray import Ray

__all__ = ["Engine", "Local", "Distributed", "Ray", "HostLost", "WorkerLost"]


def __dir__() -> list[str]:
    return sorted(__all__)
