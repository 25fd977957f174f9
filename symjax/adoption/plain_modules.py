"""Modules of plain Flax that are given to something symbolic: they become symbolic by themselves."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import flax.linen as nn

from symjax.adoption.static_arguments import STATIC
from symjax.adoption.symbolize import adopt_with, symbolize
from symjax.core.schema import ATTRIBUTE, Options
from symjax.names.symbols import any_symbolized
from symjax.names.views import first_name
from symjax.types.adopters import Memo, register_adopter

LINEN = "symjax.linen"  # the view of Flax Linen


def adopt_module(module: nn.Module, memo: Memo) -> Any:
    """The symbolic version of an unbound module of plain Flax; a bound one is Flax's to run, and stays.

    Args:
        module: The module.
        memo: The symbolic versions by the identity of the plain modules, so that one that stands twice
            stays one; this one is added.
    """
    if module.parent is not None or module.scope is not None:
        return module
    if id(module) not in memo:
        cls = symbolic_version(type(module))
        names = [f.name for f in dataclasses.fields(module) if f.init and f.name != "parent"]
        memo[id(module)] = cls(**{name: getattr(module, name) for name in names}, parent=None)
    return memo[id(module)]


def symbolic_version(cls: type) -> Any:
    """The symbolic class of a class of Linen modules; that itself where it is symbolic."""
    if not _is_plain(cls):
        return cls
    is_layer = getattr(nn, cls.__name__, None) is cls
    return symbolic_layer(cls, f"{LINEN}.{cls.__name__}") if is_layer else _symbolic_class(cls)


@functools.cache
def symbolic_layer(cls: type[nn.Module], name: str) -> Any:
    """The symbolic version of one of Flax's own layers.

    Args:
        cls: The layer.
        name: That under which `symjax.linen` shows it; it has another where that shows it twice.
    """
    name = first_name(name, cls, {LINEN: nn})
    return symbolize(cls, name=name, static=STATIC.get(name, ()))


def _is_plain(cls: type) -> bool:
    return issubclass(cls, nn.Module) and getattr(cls, ATTRIBUTE, None) is None


register_adopter(_is_plain, adopt_module)


def _symbolic_class(cls: type[nn.Module]) -> Any:
    return any_symbolized(cls) or adopt_with(cls, Options())
