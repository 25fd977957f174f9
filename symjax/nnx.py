"""Flax NNX with symbolic layers: ``from symjax import nnx`` instead of ``from flax import nnx``.

A layer's constructor called with ``rngs``, or with modules that are built already, builds at once, as
Flax's does; without, it gives a symbolic node, of which `symjax.build` makes the module. `Module` is
Flax's: a module class of one's own becomes symbolic by `symjax.symbolize`. The rest is Flax's too.
"""

from __future__ import annotations

from typing import Any

from flax import nnx

from symjax.namespaces import Namespace
from symjax.static_arguments import STATIC
from symjax.symbolic_function import makes_callable
from symjax.symbolize import symbolize

_OWN = frozenset({nnx.Module, nnx.List, nnx.Dict, nnx.RNNCellBase})  # bases and containers, no layers


def _adopt(name: str, value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, nnx.Module) and value not in _OWN:
        return symbolize(value, name=name, static=STATIC.get(name, ()))
    if makes_callable(value) and name.startswith(f"{__name__}.initializers."):
        return symbolize(value, name=name, factory=True)
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
