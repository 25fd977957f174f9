"""The layers of NNX modules in the name stacks of jaxprs, where Linen's stand by themselves."""

from __future__ import annotations

import functools
from typing import Any

import jax
from flax import nnx

from .listing import kind_of, rooted

_SCOPE = "_sj_scope"  # of a module: its path


def name_scopes(module: Any) -> dict[tuple[str, ...], str]:
    """Lets each layer of a module be named in the name stack of what it computes, by its path.

    Args:
        module: A module of NNX that nobody else has: its layers become instances of subclasses of the same
            name.

    Returns:
        The paths of the layers, and what their classes are called.
    """
    layers = {}
    for path, layer in nnx.iter_graph(module):
        if isinstance(layer, nnx.Module) and not isinstance(layer, nnx.List | nnx.Dict):
            names = tuple(map(str, path))
            layers[names] = kind_of(layer)
            if names and callable(layer):
                object.__setattr__(layer, _SCOPE, names)
                object.__setattr__(layer, "__class__", _scoped(type(layer)))
    return layers


@functools.cache
def _scoped(cls: type) -> type:
    """A subclass that names itself where it computes; one for each class, since JAX registers it."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        names = getattr(self, _SCOPE)
        with jax.named_scope("/".join(names)), rooted(names):
            return cls.__call__(self, *args, **kwargs)

    functools.update_wrapper(call, cls.__call__)
    body = {"__call__": call, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return type(cls)(cls.__name__, (cls,), body)
