"""Which layers and functions patches saw inside of a model, and which they changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import flax.linen as nn

from symjax.adoption.linen.bound import symbolic_class


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A layer or function that was called inside of a model, and what patches made of it.

    Attributes:
        path: Its path in the model, names joined by slashes.
        layer: The layer as a node; of a function, its name.
        sources: The items of the model's argument `inside` that changed it.
        classes: Of Linen layers, what each of them put there.
    """

    path: str
    layer: Any
    sources: tuple[Any, ...]
    classes: tuple[type, ...] = ()

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


def record(path: str, layer: Any, sources: tuple[Any, ...], classes: tuple[type, ...] = ()) -> None:
    """Adds to the lists of those who watch; see `Sighting`."""
    sightings = _sightings.get()
    if sightings is not None:
        sightings.append(Sighting(path, layer, sources, classes))


def changes_nothing(layer: nn.Module) -> None:
    """Tells those who watch that a layer that a patch put somewhere computes what the one before would.

    It is for layers that know this only when they run, by the shapes of their inputs.

    Args:
        layer: The layer, while it runs.
    """
    sightings = _sightings.get() or []
    path, cls = "/".join(layer.path), symbolic_class(layer)
    for index in reversed(range(len(sightings))):
        sighting = sightings[index]
        if sighting.path == path and cls in sighting.classes:
            pairs = zip(sighting.sources, sighting.classes, strict=True)
            kept = [(source, other) for source, other in pairs if other is not cls]
            sources, classes = tuple(source for source, _ in kept), tuple(other for _, other in kept)
            sightings[index] = replace(sighting, sources=sources, classes=classes)
            return
