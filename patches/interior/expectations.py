"""What patches that are put into a model must change there, which is known when the model runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, final

from ..core.errors import PatchError
from ..core.patch import Expects, Patch, describe_rule
from .parts import InsidePatch, parts
from .recording import Sighting, watching


@final
class required(InsidePatch):
    """A patch that must change something in the model in which it stands: what `strict` asks for.

    Attributes:
        patch: What acts.
    """

    patch: Patch

    def within(self, model: Any) -> list[InsidePatch]:
        """See `InsidePatch.within`."""
        return parts(self.patch, model)

    @property
    def uri(self) -> str:
        """That of the patch."""
        return self.patch.uri


@contextlib.contextmanager
def expecting(items: Iterable[Any]) -> Iterator[None]:
    """Counts what some items of `inside` change meanwhile, where they say how much it must be.

    Raises:
        PatchError: It was another number of places, or nothing.
    """
    counted = [item for item in items if isinstance(item, Expects | required)]
    if not counted:
        yield
        return
    with watching() as sightings:
        yield
    for item in counted:
        _check(item, sightings)


def _check(item: Expects | required, sightings: list[Sighting]) -> None:
    places = sorted({sighting.path for sighting in sightings if sighting.by(item)})
    if isinstance(item, required):
        if not places:
            raise PatchError(f"the patch {item.uri} changed nothing inside of the model{seen(sightings)}")
    elif len(places) != item.places:
        raise PatchError(
            f"the patch {describe_rule(item.patch)} was to change {item.places} places inside of the model, "
            f"and changed {len(places)}: {', '.join(places) or 'nothing'}"
        )


_MOST = 6  # layers that a message lists


def seen(sightings: Iterable[Sighting]) -> str:
    """The layers that were called, for a message: ``'; it calls Conv_0 (Conv), …'``, or ``''``."""
    layers = {sighting.path: sighting.layer for sighting in sightings}
    listed = [f"{path} ({_describe(layer)})" for path, layer in list(layers.items())[:_MOST]]
    if len(layers) > _MOST:
        listed.append(f"and {len(layers) - _MOST} more")
    return f"; it calls {', '.join(listed)}" if listed else ""


def _describe(layer: Any) -> str:
    return layer if isinstance(layer, str) else type(layer).__name__
