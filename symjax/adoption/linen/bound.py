"""What a Linen module that is bound to a scope, and so is no node, still tells of the tree it came from."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
from flax.core import Scope

from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.verbs.walk import walk

TWIN_OF = "__symjax_twin__"  # of the class of bound modules: the symbolic class


def symbolic_class(module: nn.Module) -> type:
    """The symbolic class of a module, bound or not; of a module of plain Flax its own."""
    cls: type = getattr(type(module), TWIN_OF, type(module))
    return cls


def fields_of_bound(module: nn.Module) -> dict[str, Any]:
    """The arguments of a module without its name; none of a module of plain Flax."""
    schema: Schema | None = getattr(symbolic_class(module), ATTRIBUTE, None)
    if schema is None:
        return {}
    attributes = vars(module)
    return {name: attributes[name] for name in schema.names if name in attributes and name != "name"}


def path_of(module: nn.Module) -> Path:
    """Where a bound module stands in the tree of the module that was applied.

    A layer that is made inside another has no place in the tree; its name in Flax's parameter tree
    stands at the end of the path instead.
    """
    parent: Any = module.parent
    if not isinstance(parent, nn.Module):  # a scope: the root, or a layer in the place of another one
        return Path(parent.path) if isinstance(parent, Scope) else ROOT
    for name, value in fields_of_bound(parent).items():
        for path, item, _ in walk({name: value}):
            if item is module:
                return path_of(parent) / path
    return path_of(parent) / (module.name or type(module).__name__)
