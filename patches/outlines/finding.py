"""`models`: the models that stand in a tree, whatever they are written in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import flax.linen

from symjax.adoption.linen.functions import LinenFunction
from symjax.core.paths import ROOT, Path
from symjax.core.schema import schema_of
from symjax.verbs.tree import is_symbolic, items

from ..core.patch import Patch
from ..roles.marks import has_role, noting_roles

Kind: TypeAlias = Literal["linen", "nnx", "plain"]
"""What a model is written in: Flax Linen, Flax NNX, or anything else."""

LAYERS: Final = (
    "attention",
    "convolution",
    "dense",
    "dropout",
    "embedding",
    "normalization",
)
"""The roles of layers, of which models consist. (An activation is a function, mostly.)"""


class Model(NamedTuple):
    """A model in a tree.

    Attributes:
        path: Where it stands.
        node: What stands there: a Linen module, a node of an NNX module or the built module itself, a node
            of a function that builds one of these, or a node of a plain class.
        kind: What it is written in.
        is_layer: Whether it is a single layer, with no model around it.
    """

    path: Path
    node: Any
    kind: Kind
    is_layer: bool

    def __str__(self) -> str:
        return str(self.path) or "<root>"


@noting_roles()
def models(tree: Any) -> tuple[Model, ...]:
    """The outermost models of a tree, in its order.

    These are Flax modules, Linen and NNX, with nodes that build them; and objects of other classes
    that hold layers outside of all modules and can be called: that have ``init`` and ``apply``, or
    ``__call__``. A layer is what has the role of one (see `symjax.role`); one that lies in no model is
    listed as a model of its own, marked as a layer, so that those of an experiment that computes with them
    itself are found.

    Args:
        tree: An experiment, a model, or a plain container.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> class Rivals(sj.Object):
        ...     generator: nn.Module
        ...     critic: nn.Module
        >>> rivals = Rivals(nn.Sequential([nn.Dense(3)]), nn.Dense(1))
        >>> [(str(model), model.kind, model.is_layer) for model in models(rivals)]
        [('generator', 'linen', False), ('critic', 'linen', True)]
    """
    return tuple(_models(ROOT, tree))


def _models(path: Path, value: Any) -> Iterator[Model]:
    if isinstance(value, Patch):
        return  # what a patch brings is not there yet
    kind = _kind(value)
    if kind is not None:
        yield Model(path, value, kind, has_role(value, *LAYERS))
        return
    inner = [model for key, item in items(value) or () for model in _models(path / key, item)]
    if _is_callable_object(value) and any(model.is_layer for model in inner):
        yield Model(path, value, "plain", False)
    else:
        yield from inner


def _kind(value: Any) -> Kind | None:
    """What a value is a model of by itself; None for what may be one by what it holds."""
    if isinstance(value, flax.linen.Module | LinenFunction):
        return "linen"
    if is_nnx(value):
        return "nnx"
    return "plain" if is_symbolic(value) and has_role(value, *LAYERS) else None


def is_nnx(value: Any) -> bool:
    """Whether a value is a node of an NNX module, or such a module."""
    schema = schema_of(value)
    nnx = sys.modules.get("flax.nnx")  # slow to import, and imported wherever there is one of its modules
    return (schema is not None and schema.kind == "nnx") or (
        nnx is not None and isinstance(value, nnx.Module)
    )


def _is_callable_object(value: Any) -> bool:
    """Whether an object can be called as a model is."""
    methods = {name for cls in type(value).__mro__ for name in vars(cls)}
    return is_symbolic(value) and ("__call__" in methods or {"init", "apply"} <= methods)
