"""`matched`: which layers of a model a patch changes, by an abstract call."""

from __future__ import annotations

from ..models.calling import outline
from ..models.finding import Model
from ..models.inputs import Inputs
from .recording import Sighting, watching


def sightings(model: Model, inputs: Inputs) -> list[Sighting]:
    """What is called in a model that has patches inside, and what they change; nothing is computed."""
    with watching() as seen:
        outline(model, inputs)
    return seen
