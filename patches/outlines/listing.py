"""Which layers a call of a model runs, and what their classes are called."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import flax.linen

Names: TypeAlias = tuple[str, ...]
"""The path of a layer in its model."""

_layers: Final[ContextVar[dict[Names, str] | None]] = ContextVar("symjax_listing", default=None)
_root: Final[ContextVar[Names]] = ContextVar("symjax_listing_root", default=())


@contextlib.contextmanager
def listing(layers: dict[Names, str]) -> Iterator[None]:
    """Lists the Linen layers that are called meanwhile, by their paths, with what `kind_of` calls them.

    Args:
        layers: Where they are put; those that are there already stay, unless something runs in their place.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> layers = {}
        >>> with listing(layers):
        ...     _ = nn.Sequential([nn.Dense(3)]).init(jax.random.key(0), jax.numpy.ones(2))
        >>> layers
        {(): 'Sequential', ('layers_0',): 'Dense'}
    """
    token = _layers.set(layers)
    try:
        with flax.linen.intercept_methods(_list):
            yield
    finally:
        _layers.reset(token)


@contextlib.contextmanager
def rooted(names: Names) -> Iterator[None]:
    """While it lasts, Linen modules run in a layer of another kind, which stands at this path."""
    token = _root.set(names)
    try:
        yield
    finally:
        _root.reset(token)


def list_replaced(names: Sequence[str], kind: str) -> None:
    """Lists what runs in the place of a layer that was called.

    Args:
        names: The path of the layer in the Linen module that was called.
        kind: What the class of the other one is called.
    """
    layers = _layers.get()
    if layers is not None:
        layers[*_root.get(), *names] = kind


def kind_of(layer: Any) -> str:
    """What the class of a layer is called; of one that stands around or for another, as it says itself.

    It does so by a method ``layer_kind``, as ``Residual(Dense)``.
    """
    own = getattr(type(layer), "layer_kind", None)
    return type(layer).__name__ if own is None else str(own(layer))


def _list(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
    """An interceptor that lists the modules that are called."""
    layers = _layers.get()
    if layers is not None and context.module.scope is not None:
        layers.setdefault((*_root.get(), *context.module.path), kind_of(context.module))
    return run(*args, **kwargs)
