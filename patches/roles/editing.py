"""Layers read and built by the arguments of their roles, whatever their classes call them."""

from __future__ import annotations

import dataclasses
from typing import Any, Final, TypeVar

import flax.linen

from symjax import linen
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.equality import surely_eq
from symjax.verbs.rebind import rebind

from .flax_layers import LINEN
from .marks import Argument, arguments

M = TypeVar("M", bound=flax.linen.Module)

# What NNX's layers are called in Linen, where it is not the same.
_LINEN_NAMES: Final = {
    "Linear": "Dense",
    "LinearGeneral": "DenseGeneral",
    "MultiHeadAttention": "MultiHeadDotProductAttention",
}


def values(layer: object, role: str) -> dict[str, Any]:
    """The values of a layer's arguments, by the names that they have in Flax Linen.

    Args:
        layer: An instance of a class that is marked with the role.
        role: The role.

    Returns:
        None of them for a value that does not have the role.

    Example:
        >>> from symjax import linen as nn
        >>> values(nn.Conv(8, (3, 3)), 'convolution')['kernel_size']
        (3, 3)
        >>> values(nn.Conv(8, (3, 3)), 'dense')
        {}
    """
    return {name: argument.value for name, argument in arguments(layer, role).items()}


def updated(layer: Any, role: str, /, **changes: Any) -> Any:
    """A layer with other arguments, those that it has.

    Args:
        layer: A symbolic node.
        role: One of its roles.
        **changes: New values, under the names that the arguments have in Flax Linen. A name that the layer
            does not have is passed over.

    Returns:
        A new node; the layer itself where nothing changes.

    Example:
        >>> from symjax import linen as nn
        >>> updated(nn.Conv(8, (3, 3)), 'convolution', use_bias=False).use_bias
        False
        >>> layer = nn.Dropout(0.5)
        >>> updated(layer, 'dropout', use_bias=False) is layer
        True
    """
    own = arguments(layer, role)
    updates: dict[str | Path, Any] = {
        own[name].name: value
        for name, value in changes.items()
        if name in own and not surely_eq(own[name].value, value)
    }
    return rebind(layer, updates) if updates else layer


def rebuilt(layer: object, role: str, cls: type[M], /, **changes: Any) -> M:
    """A Linen layer of another class with the arguments of a layer, those that the class takes.

    Args:
        layer: An instance of a class that is marked with the role, Linen's, NNX's or another.
        role: The role.
        cls: The class of the new layer, whose arguments are named as in Flax Linen.
        **changes: Arguments that the layer does not have, or with another value.

    Example:
        >>> from symjax import linen as nn
        >>> layer = rebuilt(nn.LayerNorm(epsilon=1e-3), 'normalization', nn.RMSNorm)
        >>> type(layer).__name__, layer.epsilon
        ('RMSNorm', 0.001)
    """
    taken = {field.name: field.default for field in dataclasses.fields(cls) if field.init}
    taken.pop("parent", None)
    own = {name: argument for name, argument in arguments(layer, role).items() if name in taken}
    if not isinstance(layer, flax.linen.Module):  # initializers that nobody has chosen: Linen has its own
        own = {name: argument for name, argument in own.items() if not _is_default_function(layer, argument)}
    kept = {name: argument.value for name, argument in own.items()}
    # NNX leaves undecided by None what in Linen has a value.
    kept = {name: value for name, value in kept.items() if value is not None or taken[name] is None}
    name = getattr(layer, "name", None) if isinstance(layer, flax.linen.Module) else None
    return cls(**{**({"name": name} if name else {}), **kept, **changes})


def _is_default_function(layer: object, argument: Argument) -> bool:
    """Whether an argument is a function that the layer's class puts there by default."""
    schema = schema_of(layer)
    defaults = {} if schema is None else schema.defaults
    return callable(argument.value) and defaults.get(argument.name) is argument.value


def is_decided(value: object) -> bool:
    """Whether an argument is a value, not an open choice.

    Example:
        >>> import symjax as sj
        >>> is_decided(8), is_decided(sj.oneof([8, 16]))
        (True, False)
    """
    return not isinstance(value, Placeholder)


def takes(layer: object, name: str) -> bool:
    """Whether the class of a symbolic node has an argument of its own of this name.

    Example:
        >>> from symjax import linen as nn
        >>> takes(nn.Dense(8), 'features'), takes(nn.Dense(8), 'rate')
        (True, False)
    """
    schema = schema_of(layer)
    return schema is not None and name in schema.fields


def linen_version(layer: Any) -> Any:
    """A layer of Flax's as a Linen module with the same arguments, for what is put around it in Linen.

    Args:
        layer: A Linen module, which is given back; or a node of one of NNX's own layers.

    Returns:
        None for anything else.

    Example:
        >>> from symjax import nnx
        >>> linen_version(nnx.Linear(4, 8, use_bias=False))
        Dense(features=8, use_bias=False)
        >>> linen_version('relu') is None
        True
    """
    if isinstance(layer, flax.linen.Module):
        return layer
    if not is_flax_layer(layer):
        return None
    original = schema_of(layer).original  # type: ignore[union-attr]
    name = _LINEN_NAMES.get(original.__name__, original.__name__)  # type: ignore[union-attr]
    roles = LINEN.get(name, ())
    if not original.__module__.startswith("flax.nnx") or not roles:
        return None
    return rebuilt(layer, roles[0], getattr(linen, name))


def is_flax_layer(value: object) -> bool:
    """Whether a value is a Linen module, or a node of an NNX one: something that others can be put around.

    Example:
        >>> from symjax import linen as nn
        >>> is_flax_layer(nn.Dense(8)), is_flax_layer(nn.relu)
        (True, False)
    """
    schema = schema_of(value)
    return isinstance(value, flax.linen.Module) or (schema is not None and schema.kind == "nnx")
