"""Optax with symbolic optimizers and schedules: ``from symjax import optax`` instead of ``import optax``.

What returns a gradient transformation or a schedule is a node that stands for it; an optimizer node is an
`optax.GradientTransformation`. Everything else, such as the losses, is Optax's own.
"""

from __future__ import annotations

from typing import Any

import optax

from symjax.namespaces import Namespace
from symjax.static_arguments import STATIC
from symjax.symbolic_function import makes_callable
from symjax.symbolize import symbolize


def _adopt(name: str, value: Any) -> Any:
    if makes_callable(value):
        return symbolize(value, name=name, static=STATIC.get(name, ()), factory=True)
    return value


_INNER = ("contrib", "schedules", "transforms")
_view = Namespace(
    __name__,
    optax,
    _adopt,
    {name: Namespace(f"{__name__}.{name}", getattr(optax, name), _adopt) for name in _INNER},
)


def __getattr__(name: str) -> Any:
    return getattr(_view, name)


def __dir__() -> list[str]:
    return dir(_view)
