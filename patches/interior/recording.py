"""Which layers and functions patches saw inside of a model, and which they changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A layer or function that was called inside of a model, and what patches made of it.

    Attributes:
        path: Its path in the model, names joined by slashes.
        layer: The layer as a node; of a function, its name.
        sources: The items of the model's argument `inside` that changed it.
    """

    path: str
    layer: Any
    sources: tuple[Any, ...]

    def by(self, source: Any) -> bool:
        """Whether an item of `inside` changed it."""
        return any(item is source for item in self.sources)


_sightings: ContextVar[list[Sighting] | None] = ContextVar("symjax_sightings", default=None)


@contextlib.contextmanager
def watching() -> Iterator[list[Sighting]]:
    """Lists what is called meanwhile in models with patches inside."""
    outer = _sightings.get()
    sightings: list[Sighting] = []
    token = _sightings.set(sightings)
    try:
        yield sightings
    finally:
        _sightings.reset(token)
        if outer is not None:
            outer += sightings


def record(path: str, layer: Any, sources: tuple[Any, ...]) -> None:
    """Adds to the lists of those who watch; see `Sighting`."""
    sightings = _sightings.get()
    if sightings is not None:
        sightings.append(Sighting(path, layer, sources))
