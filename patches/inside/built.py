"""`built`: patches on NNX modules that are built already; and on those that `symjax.build` makes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeVar

from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.provided import provided
from symjax.verbs.query import with_arity
from symjax.verbs.rebind import rebind

from ..core.errors import PatchError, PatchWarning
from ..core.patch import Context, Expects, Patch, Rule, describe_rule
from ..core.resolve import resolve
from ..models.inputs import ExampleInputs, inputs_for
from .expectations import expecting, seen
from .parts import LayerPatch, parts
from .recording import watching

M = TypeVar("M")
