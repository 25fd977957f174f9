"""`matched`: which layers of a model a patch changes, by an abstract call."""

from __future__ import annotations

from symjax.core.inside import INSIDE
from symjax.core.schema import is_placeholder
from symjax.verbs.query import missing
from symjax.verbs.walk import walk

from ..outlines.calling import outline
from ..outlines.finding import Model
from ..outlines.inputs import Inputs
from .parts import LayerPatch, parts
from .recording import Sighting, watching


def sightings(model: Model, inputs: Inputs) -> list[Sighting]:
    """What is called in a model that has patches inside, and what they change; nothing is computed."""
    with watching() as seen:
        outline(model, inputs)
    return seen


def built_sightings(model: Model) -> list[Sighting] | None:
    """The layers of an NNX model that has patches inside, and what they change.

    The module is built, with shapes in the place of arrays. None where that does not tell: the node is not
    complete, or a patch replaces functions, which are seen when the model is called.
    """
    node = model.node
    items = vars(node)[INSIDE]
    if missing(node) or any(is_placeholder(value) for _, value, _ in walk(node)):
        return None
    if not all(isinstance(part, LayerPatch) for item in items for part in parts(item, node)):
        return None
    from .nnx.standing import build_shapes  # NNX is slow to import

    with watching() as seen:
        build_shapes(node)
    return seen
