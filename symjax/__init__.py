"""A machine-learning experiment as a symbolic tree: program, symbol and JAX pytree at once."""

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from symjax.adoption import plain_modules  # noqa: F401 - adopts modules of plain Flax
from symjax.adoption.configurations import opaque
from symjax.adoption.linen.applying import apply, init
from symjax.adoption.symbolize import symbolize
from symjax.core.containers import Map
from symjax.core.fields import field
from symjax.core.leaves import is_leaf
from symjax.core.marks import MISSING, Insertion, MissingError
from symjax.core.paths import Path, PathError
from symjax.core.provided import provided
from symjax.core.schema import is_symbolic
from symjax.names.views import ROOMS, VIEWS
from symjax.nodes.object import Object
from symjax.nodes.placeholders import Placeholder
from symjax.text import notebooks  # noqa: F401 - hands nodes their HTML
from symjax.text.files import from_json, load, save, to_json
from symjax.text.formatting import format
from symjax.text.json_reader import LoadError
from symjax.text.source import to_python
from symjax.types import narrowing, validation  # noqa: F401 - hand nodes their checks
from symjax.verbs.diff import Diff, Difference, diff
from symjax.verbs.equality import eq, hash
from symjax.verbs.fill import fill
from symjax.verbs.lineage import LineageStep, lineage, why
from symjax.verbs.query import contains, is_partial, missing, query
from symjax.verbs.rebind import rebind
from symjax.verbs.refs import ref
from symjax.verbs.walk import Step, traverse, walk

if TYPE_CHECKING:
    from symjax import linen, nnx, optax, patches, search
    from symjax.adoption.nnx.building import build
    from symjax.patches.core.apply import patch
    from symjax.patches.core.patcher import patcher
    from symjax.patches.roles.marks import role
    from symjax.search import floatv, intv, manyof, maybe, oneof, permutate, sample

# Verbs that are imported at their first use: those of the other rooms, and what needs Flax NNX.
_LATE = {
    "build": "symjax.adoption.nnx.building",
    "patch": "symjax.patches",
    "patcher": "symjax.patches",
    "role": "symjax.patches",
    "floatv": "symjax.search",
    "intv": "symjax.search",
    "manyof": "symjax.search",
    "maybe": "symjax.search",
    "oneof": "symjax.search",
    "permutate": "symjax.search",
    "sample": "symjax.search",
}


def _late(module: str, name: str) -> Callable[..., Any]:
    """A function of another room, which is imported when it is called."""
    return lambda *args: getattr(importlib.import_module(module), name)(*args)


provided.run_inside = _late("symjax.patches.interior.linen", "run_inside")
provided.patch_built = _late("symjax.patches.interior.nnx.standing", "patched")
for _view in ("symjax.linen", "symjax.optax", "symjax.nnx"):
    VIEWS[_view] = functools.partial(importlib.import_module, _view)
for _room in ("symjax.patches", "symjax.search"):
    ROOMS[_room] = functools.partial(importlib.import_module, _room)
ROOMS["symjax.patches.nnx"] = functools.partial(importlib.import_module, "symjax.patches.interior.nnx.saved")
_SUBMODULES = frozenset({"linen", "nnx", "optax", "patches", "search"})


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(importlib.import_module(_LATE[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Diff",
    "Difference",
    "Insertion",
    "LineageStep",
    "LoadError",
    "MISSING",
    "Map",
    "MissingError",
    "Object",
    "Path",
    "PathError",
    "Placeholder",
    "Step",
    "apply",
    "build",
    "contains",
    "diff",
    "eq",
    "field",
    "fill",
    "floatv",
    "format",
    "from_json",
    "hash",
    "init",
    "intv",
    "is_leaf",
    "is_partial",
    "is_symbolic",
    "lineage",
    "linen",
    "load",
    "manyof",
    "maybe",
    "missing",
    "nnx",
    "oneof",
    "opaque",
    "optax",
    "patch",
    "patcher",
    "patches",
    "permutate",
    "query",
    "rebind",
    "ref",
    "role",
    "sample",
    "save",
    "search",
    "symbolize",
    "to_json",
    "to_python",
    "traverse",
    "walk",
    "why",
]
