"""Patches: pure functions from tree to tree, as values with names, an algebra and URIs."""

from . import flax_roles  # noqa: F401 - it marks Flax's layers
from .apply import patch
from .errors import PatchError, PatchWarning
from .library import SeparableConv, apply_sepconv, change_lr, scale_width, swap_activation
from .patch import Patch
from .patcher import patcher
from .registry import names
from .resolve import from_uri
from .roles import has_role, member, role
from .rules import from_diff, on_key, on_member, on_path, on_type, on_value

__all__ = [
    # Applying.
    "patch",
    "PatchError",
    "PatchWarning",
    # Patches as values.
    "Patch",
    "patcher",
    "from_uri",
    "names",
    # Rules without a function.
    "from_diff",
    "on_key",
    "on_member",
    "on_path",
    "on_type",
    "on_value",
    # Roles.
    "role",
    "has_role",
    "member",
    # The library.
    "SeparableConv",
    "apply_sepconv",
    "change_lr",
    "scale_width",
    "swap_activation",
]
