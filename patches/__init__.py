"""Patches: pure functions from tree to tree, as values with names, an algebra and URIs.

The folders are floors, and imports only go down: `library` (the ready-made patches), `analysis` (what can
be said of a model without running it), `interior` (layers and functions inside of models), `outlines`
(models and their inputs), `rules`, `core` (what a patch is, and applying it), `roles` (what things are for),
`uri` (text).
"""

from . import library
from .analysis.check import check
from .analysis.cost import Cost, LayerCost, cost
from .analysis.effects import Effects, effects
from .analysis.sizes.probe import Effect
from .analysis.transplant import Transplant, transplant
from .analysis.work import Work
from .core.apply import patch
from .core.assignments import Assignments
from .core.catalogue import catalogue, json_schema
from .core.errors import PatchError, PatchWarning, ReadingError
from .core.patch import LookingFor, Patch
from .core.patcher import patcher
from .core.registry import names
from .core.resolve import from_uri
from .core.updates import Updates, from_diff
from .interior.built import built
from .interior.conventional import AutoBatchNorm, AutoDropout
from .interior.inserting import insert
from .interior.layers import edit_layers, inside, layers
from .interior.traced import rewrite, traced
from .interior.wrapping import Wrapping
from .library import *  # noqa: F403 - it lists its names itself
from .minimal import minimal
from .outlines.calling import Outline, outline
from .outlines.finding import Model, models
from .outlines.inputs import Inputs
from .roles import flax_layers, nnx_layers, optax_functions  # noqa: F401 - they mark Flax's and Optax's
from .roles.marks import has_role, member, role
from .rules import on_key, on_member, on_path, on_type, on_value

__all__ = [
    # Applying.
    "patch",
    "PatchError",
    "PatchWarning",
    "ReadingError",
    # Patches as values.
    "Patch",
    "patcher",
    "LookingFor",
    "from_uri",
    "names",
    "catalogue",
    "minimal",
    "json_schema",
    # Rules without a function.
    "Assignments",
    "Updates",
    "from_diff",
    "on_key",
    "on_member",
    "on_path",
    "on_type",
    "on_value",
    # Inside of models.
    "built",
    "edit_layers",
    "insert",
    "inside",
    "layers",
    "rewrite",
    "traced",
    # Roles.
    "role",
    "has_role",
    "member",
    # Models.
    "Effect",
    "Effects",
    "check",
    "effects",
    "cost",
    "Cost",
    "LayerCost",
    "transplant",
    "Transplant",
    "Work",
    "Inputs",
    "Model",
    "Outline",
    "models",
    "outline",
    # The library.
    "AutoBatchNorm",
    "AutoDropout",
    "Wrapping",
]
__all__ += library.__all__


def __dir__() -> list[str]:
    return sorted(__all__)
