"""Optax with symbolic optimizers and schedules: ``from symjax import optax`` instead of ``import optax``.

What returns a gradient transformation or a schedule is a node that stands for it; an optimizer node is an
`optax.GradientTransformation`. A loss that is given all that it requires is computed, as in Optax; with some
arguments only, ``optax.huber_loss(delta=0.5)``, it is a node that is called with the others. Everything
else is Optax's own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import optax

from symjax.adoption.functions import Factory, Loss, Optimizer, makes_callable, node_kind, underlying
from symjax.adoption.static_arguments import STATIC
from symjax.adoption.symbolize import adopt_with, symbolize
from symjax.core.schema import Options
from symjax.names.views import Namespace, first_name

_INNER = {name: getattr(optax, name) for name in ("contrib", "losses", "schedules", "transforms")}
_VIEWS = {__name__: optax, **{f"{__name__}.{name}": module for name, module in _INNER.items()}}
_UNANNOTATED: dict[str, type] = {
    "contrib.dog": Optimizer,
    "contrib.dowg": Optimizer,
    "contrib.hutchinson_estimator_diag_hessian": Optimizer,
    "losses.make_fenchel_young_loss": Factory,
    "monitor": Optimizer,
    "scale_by_factored_rms": Optimizer,
}


class Injecting(Factory):
    """`optax.inject_hyperparams` of a factory; called with the factory's arguments it gives an optimizer."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The optimizer with these hyperparameters, as a node."""
        return injected(self, *args, **kwargs)


def _injected(
    factory: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> optax.GradientTransformationExtraArgs:
    """What an injecting factory makes of these arguments: hyperparameters are in the state."""
    return factory.make()(*args, **kwargs)  # type: ignore[no-any-return]


injected: Any = symbolize(_injected, name=f"{__name__}.injected")


def _kind(name: str, value: Any) -> type | None:
    """What the nodes of a function are; None for what is no function that makes or measures something."""
    short = name.removeprefix(f"{__name__}.")
    if short in _UNANNOTATED:
        return _UNANNOTATED[short]
    if short.startswith("inject_"):
        return Injecting
    if makes_callable(value):
        return node_kind(value)
    own = getattr(value, "__name__", "")
    is_loss = inspect.isfunction(underlying(value)) and getattr(optax.losses, own, None) is value
    return Loss if is_loss else None


def _adopt(name: str, value: Any) -> Any:
    name = first_name(name, value, _VIEWS)
    if value is optax.MultiSteps or value is optax.WrappedSchedule:
        return symbolize(value, name=name)
    kind = _kind(name, value)
    return value if kind is None else adopt_with(value, Options(STATIC.get(name, ()), name, factory=kind))


_view = Namespace(
    __name__,
    optax,
    _adopt,
    {
        **{name: Namespace(f"{__name__}.{name}", module, _adopt) for name, module in _INNER.items()},
        "injected": injected,
    },
)


def __getattr__(name: str) -> Any:
    return getattr(_view, name)


def __dir__() -> list[str]:
    return dir(_view)
