"""Layers around layers, which keep the names of the parameters inside."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import flax.linen

from symjax.adoption.linen.bound import symbolic_class
from symjax.adoption.linen.modules import Module

from .views import view

Place: TypeAlias = tuple[tuple[str, ...], type]
# Paths and classes of what runs just now: all that stands around one layer has its path.
_running: Final[ContextVar[frozenset[Place]]] = ContextVar("symjax_wrapping", default=frozenset())


class Wrapping(Module):
    """A layer that runs another one, in its own scope: the parameters of that one keep their names.

    Subclasses run it by `run`, and call what they add by names that no layer uses: a patched model still
    takes the parameters that it had.

    Attributes:
        layer: What runs inside.

    Example:
        >>> import flax.linen
        >>> import jax
        >>> from symjax import linen as nn
        >>> class Doubled(Wrapping):
        ...     @flax.linen.compact
        ...     def __call__(self, *args, **kwargs):
        ...         return 2 * self.run(*args, **kwargs)
        >>> variables = Doubled(nn.Dense(3)).init(jax.random.key(0), jax.numpy.ones((1, 4)))
        >>> jax.tree.map(jax.numpy.shape, variables)
        {'params': {'bias': (3,), 'kernel': (4, 3)}}
    """

    layer: Any

    @flax.linen.nowrap
    def run(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer inside returns; to be called in a method of Flax's."""
        layer = self.bound()
        token = _running.set(_running.get() | {self._place()})
        try:
            return layer(*args, **accepted(layer, kwargs))
        finally:
            _running.reset(token)

    @flax.linen.nowrap
    def is_repeated(self) -> bool:
        """Whether one of the same class runs around this one, as where a patch is applied twice."""
        return self._place() in _running.get()

    @flax.linen.nowrap
    def _place(self) -> Place:
        return tuple(self.path), symbolic_class(self)

    @flax.linen.nowrap
    def bound(self) -> Any:
        """The layer inside, with this one's scope.

        The scope is rewound: what the layer reserves does not collide with what stands around it.
        """
        assert self.scope is not None, "a layer runs in a method of Flax's"
        return self.unbound().clone(parent=self.scope.rewound())

    @flax.linen.nowrap
    def unbound(self) -> Any:
        """The layer inside as it was given, before Flax gave it, and the modules in its fields, scopes."""
        shown = view(self)
        return self.layer if shown is None else shown.node.layer

    def attend(self, *args: Any, **kwargs: Any) -> Any:
        """Where the layer inside is an embedding: its own `attend`."""
        return self.bound().attend(*args, **kwargs)


def accepted(layer: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a call without those that are None and that a layer does not take.

    NNX's layers, in whose place a layer of Linen may stand, take a few more.

    Example:
        >>> from symjax import linen as nn
        >>> accepted(nn.BatchNorm(), {'mask': None, 'use_running_average': True, 'out_sharding': None})
        {'mask': None, 'use_running_average': True}
    """
    known = inspect.signature(type(layer).__call__).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values())
    return {key: value for key, value in kwargs.items() if value is not None or takes_any or key in known}


def innermost(layer: Any) -> Any:
    """The layer that stands inside all that is wrapped around it.

    Example:
        >>> from symjax import linen as nn
        >>> innermost(Wrapping(Wrapping(nn.Dense(3)))).features
        3
    """
    while isinstance(layer, Wrapping):
        layer = layer.layer
    return layer
