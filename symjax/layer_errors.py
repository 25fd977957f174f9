"""Errors inside a running Linen module, told with the symbolic path of the layer at fault."""

from __future__ import annotations

import functools
from typing import Any

import flax.linen as nn
import jax

from symjax.errors import at
from symjax.formatting import array_shape
from symjax.formatting import format as format_tree
from symjax.leaves import is_array
from symjax.paths import ROOT, Path
from symjax.schema import ATTRIBUTE, Schema
from symjax.walk import walk

_LOCATED = "_sj_located"


def locate(error: Exception, module: nn.Module, args: tuple[Any, ...]) -> Exception:
    """The error with the place of the module in which it happened; of the same type.

    Args:
        error: What the module raised.
        module: The innermost symbolic module that was running, bound.
        args: What it was called with.

    Returns:
        An error to be raised from `error`; or `error` itself where its place is told already.
    """
    if getattr(error, _LOCATED, False):
        return error
    path = path_of(module)
    inputs = ", ".join(array_shape(arg) if is_array(arg) else type(arg).__name__ for arg in args)
    lines = [f"{path}: " if path else "", f"{_text(module)} was called with ({inputs}): {error}"]
    if isinstance(error, jax.errors.ConcretizationTypeError):
        lines.append(_advice(module))
    kind: Any = type(error)
    located: Exception = _located_type(kind).__new__(_located_type(kind))
    located.args = ("".join([*lines, f" {at(path)}"]),)
    return located


def path_of(module: nn.Module) -> Path:
    """Where a bound module stands in the tree of the module that was applied.

    A layer that is made inside another has no place in the tree; its name in Flax's parameter tree
    stands at the end of the path instead.
    """
    parent = module.parent
    if not isinstance(parent, nn.Module):
        return ROOT
    for name, value in _fields(parent).items():
        for path, item, _ in walk({name: value}):
            if item is module:
                return path_of(parent) / path
    return path_of(parent) / (module.name or type(module).__name__)


def _fields(module: nn.Module) -> dict[str, Any]:
    home = getattr(type(module), "__symjax_twin__", type(module))
    schema: Schema | None = getattr(home, ATTRIBUTE, None)
    if schema is None:
        return {}
    held = vars(module)
    return {name: held[name] for name in schema.names if name in held and name != "name"}


def _text(module: nn.Module) -> str:
    """The module as its own tree would print; a bound module is none."""
    home = getattr(type(module), "__symjax_twin__", type(module))
    schema: Schema | None = getattr(home, ATTRIBUTE, None)
    if schema is None:
        return type(module).__name__
    shown = {
        name: value
        for name, value in _fields(module).items()
        if value is not schema.fields[name].default and not isinstance(value, nn.Module | tuple)
    }
    return f"{home.__name__}({', '.join(f'{k}={format_tree(v)}' for k, v in shown.items())})"


def _advice(module: nn.Module) -> str:
    """Which field brought a traced float to Python control flow: the outermost that holds the same one."""
    traced = [value for value in _fields(module).values() if isinstance(value, jax.core.Tracer)]
    found: tuple[nn.Module, str] | None = None
    here: Any = module
    while isinstance(here, nn.Module):
        for name, value in _fields(here).items():
            if any(value is tracer for tracer in traced):
                found = here, name
        here = here.parent
    if found is None:
        return ""
    owner, name = found
    place = path_of(owner) / name
    cls = type(owner).__name__
    return (
        f"\nThe float {place} is a leaf, which jit traces, and Python control flow needs its value: make "
        f"it structure, by static=True in the field of {cls} or @sj.symbolize(static=[{name!r}])."
    )


@functools.cache
def _located_type(cls: Any) -> Any:
    def text(self: Exception) -> str:
        return str(self.args[0])

    namespace = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__str__": text,
        _LOCATED: True,
    }
    return type(cls.__name__, (cls,), namespace)
