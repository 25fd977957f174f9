"""Flax Linen with symbolic modules: ``from symjax import linen as nn`` instead of ``from flax import linen``.

Every module class is the symbolic version of Flax's own, made at its first use; the initializer
factories are nodes that stand for the initializer. Functions such as ``relu``, which are values already,
and everything else are Flax's. Subclasses of `Module` are symbolic by themselves.
"""

from __future__ import annotations

from typing import Any

import flax.linen
import flax.linen.initializers

from symjax.adoption.functions import makes_callable
from symjax.adoption.linen.lifts import LIFTS, memoized
from symjax.adoption.linen.modules import Module
from symjax.adoption.plain_modules import symbolic_layer
from symjax.adoption.static_arguments import STATIC
from symjax.adoption.symbolize import symbolize
from symjax.names.views import Namespace, first_name

# Flax's own: they run modules, and are no part of one.
_OWN = frozenset(f"{__name__}.{name}" for name in ("apply", "init", "init_with_output", "tabulate"))
_VIEWS = {__name__: flax.linen, f"{__name__}.initializers": flax.linen.initializers}


def _adopt(name: str, value: Any) -> Any:
    if value is flax.linen.Module:
        return Module
    if isinstance(value, type) and issubclass(value, flax.linen.Module):
        return symbolic_layer(value, name)
    name = first_name(name, value, _VIEWS)
    if name.removeprefix(f"{__name__}.") in LIFTS:
        return memoized(value)
    if makes_callable(value) and name not in _OWN:
        return symbolize(value, name=name, static=STATIC.get(name, ()), factory=True)
    return value


_view = Namespace(
    __name__,
    flax.linen,
    _adopt,
    {"initializers": Namespace(f"{__name__}.initializers", flax.linen.initializers, _adopt)},
)


def __getattr__(name: str) -> Any:
    return getattr(_view, name)


def __dir__() -> list[str]:
    return dir(_view)
