"""A machine-learning experiment as a symbolic tree: program, symbol and JAX pytree at once."""

import importlib
from typing import TYPE_CHECKING, Any

from symjax.containers import Map
from symjax.diff import Diff, Difference, diff
from symjax.equality import eq, hash
from symjax.fill import fill
from symjax.formatting import format
from symjax.json_reader import LoadError
from symjax.leaves import is_leaf
from symjax.lineage import lineage
from symjax.missing import MISSING, Insertion, MissingError
from symjax.object import Object, field
from symjax.paths import Path, PathError
from symjax.placeholders import Placeholder
from symjax.python_source import to_python
from symjax.query import contains, is_partial, missing, query
from symjax.rebind import rebind
from symjax.refs import ref
from symjax.schema import is_symbolic
from symjax.serialization import from_json, load, save, to_json
from symjax.symbolize import symbolize
from symjax.walk import Step, traverse, walk

if TYPE_CHECKING:
    from symjax import linen, nnx, optax, patches, search
    from symjax.building import build
    from symjax.patches.apply import patch
    from symjax.patches.patcher import patcher
    from symjax.patches.roles import role
    from symjax.search import floatv, oneof

# Verbs that are imported at their first use: those of the other rooms, and what needs Flax NNX.
_LATE = {
    "build": "symjax.building",
    "patch": "symjax.patches",
    "patcher": "symjax.patches",
    "role": "symjax.patches",
    "floatv": "symjax.search",
    "oneof": "symjax.search",
}
_SUBMODULES = frozenset({"linen", "nnx", "optax", "patches", "search"})


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(importlib.import_module(_LATE[name]), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE, *_SUBMODULES})


__all__ = [
    "Diff",
    "Difference",
    "Insertion",
    "LoadError",
    "MISSING",
    "Map",
    "MissingError",
    "Object",
    "Path",
    "PathError",
    "Placeholder",
    "Step",
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
    "is_leaf",
    "is_partial",
    "is_symbolic",
    "lineage",
    "linen",
    "load",
    "missing",
    "nnx",
    "oneof",
    "optax",
    "patch",
    "patcher",
    "patches",
    "query",
    "rebind",
    "ref",
    "role",
    "save",
    "search",
    "symbolize",
    "to_json",
    "to_python",
    "traverse",
    "walk",
]
