"""Flax NNX with symbolic layers: ``from symjax import nnx`` instead of ``from flax import nnx``.

A layer's constructor called with ``rngs``, or with modules that are built already, builds at once, as
Flax's does, and so it does inside the constructor of a module wherever Flax's would. Otherwise it gives a
symbolic node, of which `symjax.build` makes the module. A module class of one's own becomes symbolic by
`symjax.symbolize`. The rest is Flax's.
"""

from __future__ import annotations

from typing import Any

import flax.linen.initializers
from flax import nnx

from symjax.adoption.functions import makes_callable
from symjax.adoption.nnx.building import Module
from symjax.adoption.static_arguments import STATIC
from symjax.adoption.symbolize import symbolize
from symjax.names.views import Namespace, first_name

_OWN = frozenset({nnx.List, nnx.Dict, nnx.RNNCellBase})  # bases and containers, no layers
_WRAPPERS = (nnx.with_partitioning, nnx.with_metadata)  # an initializer of an initializer
_VIEWS = {
    "symjax.linen.initializers": flax.linen.initializers,
    f"{__name__}.initializers": nnx.initializers,
}


def _adopt(name: str, value: Any) -> Any:
    if value is nnx.Module:
        return Module
    if isinstance(value, type) and issubclass(value, nnx.Module) and value not in _OWN:
        return symbolize(value, name=name, static=STATIC.get(name, ()))
    if value in _WRAPPERS:
        return symbolize(value, name=name, factory=True)
    if makes_callable(value) and name.startswith(f"{__name__}.initializers."):
        name = first_name(name, value, _VIEWS)
        return symbolize(value, name=name, static=STATIC.get(name, ()), factory=True)
    return value


_view = Namespace(
    __name__,
    nnx,
    _adopt,
    {"initializers": Namespace(f"{__name__}.initializers", nnx.initializers, _adopt)},
)


def __getattr__(name: str) -> Any:
    return getattr(_view, name)


def __dir__() -> list[str]:
    return dir(_view)
