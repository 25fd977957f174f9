"""Layers around layers, which keep the names of the parameters inside."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

import flax.linen

from symjax.adoption.flax_private import unlifted
from symjax.adoption.linen.bound import symbolic_class
from symjax.adoption.linen.modules import Module

from .views import view

# What runs just now: all that stands around one layer has its path.
_running: Final[ContextVar[tuple[Wrapping, ...]]] = ContextVar("symjax_wrapping", default=())

# Where the transform that decorates a layer's method runs already, around what stands around the layer.
_lifted: Final[ContextVar[frozenset[tuple[str, ...]]]] = ContextVar("symjax_lifted", default=frozenset())


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
        with self.running():
            kwargs = accepted(layer, kwargs)
            method = unlifted(type(layer), "__call__") if tuple(layer.path) in _lifted.get() else None
            return layer(*args, **kwargs) if method is None else method(layer, *args, **kwargs)

    @flax.linen.nowrap
    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While it lasts, the layer inside runs, and patches see this one as its parent."""
        token = _running.set((*_running.get(), self))
        try:
            yield
        finally:
            _running.reset(token)

    @flax.linen.nowrap
    def is_repeated(self) -> bool:
        """Whether one of the same class runs around this one, as where a patch is applied twice."""
        return any(
            other.path == self.path and symbolic_class(other) is symbolic_class(self)
            for other in _running.get()
            if other is not self
        )

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

    def run_method(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What another method of the layer inside returns: what stands around it concerns its calls.

        A cell's ``initialize_carry``, an encoder's ``decode``: who calls a layer may ask more of it.
        """
        layer = self.bound()
        with self.running():
            if isinstance(layer, Wrapping) and not hasattr(layer, method):
                return layer.run_method(method, *args, **kwargs)
            return getattr(layer, method)(*args, **kwargs)


@contextlib.contextmanager
def within_lift(path: tuple[str, ...]) -> Iterator[None]:
    """While it lasts, the layer at a path is called without the lifted transform around its method."""
    token = _lifted.set(_lifted.get() | {path})
    try:
        yield
    finally:
        _lifted.reset(token)


def wrapper_of(module: flax.linen.Module) -> Wrapping | None:
    """What runs a module that it stands around, the outermost at its path; None for nothing.

    Args:
        module: A bound module.
    """
    path = tuple(module.path)
    running = _running.get()
    for place in (path, path[:-1]):
        for wrapper in running:
            if tuple(wrapper.path) == place:
                return wrapper
    return None


def wrappers(layer: Any) -> Iterator[Wrapping]:
    """All that stands around one layer, from the outside.

    Example:
        >>> from symjax import linen as nn
        >>> len(list(wrappers(Wrapping(Wrapping(nn.Dense(3))))))
        2
    """
    while isinstance(layer, Wrapping):
        yield layer
        layer = layer.layer


def is_wrapped(parent: Any, cls: type[Wrapping]) -> bool:
    """Whether something of a class stands around a layer, whose parent a rule was shown.

    Example:
        >>> from symjax import linen as nn
        >>> is_wrapped(Wrapping(nn.Dense(3)), Wrapping), is_wrapped(None, Wrapping)
        (True, False)
    """
    return any(isinstance(wrapper, cls) for wrapper in wrappers(parent))


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
