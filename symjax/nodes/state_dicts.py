"""Nodes for `flax.serialization`: a node's state is what JAX sees of it, by its keys.

Linen modules and functions are not registered, though they have a state inside other nodes: Flax finds the
submodules in a module's fields through state dicts, and would take such a value for a container.
"""

from __future__ import annotations

import functools
from typing import Any

from flax import serialization

from symjax.core.containers import Map
from symjax.core.errors import known
from symjax.core.schema import Schema, schema_of
from symjax.nodes.pytrees import Layout, Mixed, flatten, flatten_map, register

Flat = tuple[tuple[Any, ...], Layout]
_CONTAINERS = ("object", "class", "nnx")  # the kinds of nodes that Flax may enter


def register_later(schema: Schema) -> None:
    """Lets JAX and Flax know a symbolic class at its first node: what they are told, they keep for ever."""
    schema.first_use = functools.partial(_register, schema)


def _register(schema: Schema) -> None:
    register(schema.cls)
    register_state(schema.cls, schema.kind)


def register_state(cls: type, kind: str) -> None:
    """Lets `flax.serialization` turn the nodes of a symbolic class into state dicts and back."""
    if kind in _CONTAINERS:
        serialization.register_serialization_state(cls, _state_of_child, _restored_child)  # type: ignore[no-untyped-call]


def _flat(value: Any) -> Flat | None:
    """What JAX sees of a node, or of a container that holds structure; None for what Flax enters."""
    if type(value) is Mixed:
        return value.flat
    if type(value) is Map:
        return flatten_map(value)
    return None if schema_of(value) is None else flatten(value)


def _state_of_child(child: Any) -> Any:
    flat = _flat(child)
    if flat is None:
        return serialization.to_state_dict(child)
    children, layout = flat
    return {str(key): _state_of_child(item) for key, item in zip(layout.keys, children, strict=True)}


def _restored_child(child: Any, state: dict[str, Any]) -> Any:
    flat = _flat(child)
    if flat is None:
        return serialization.from_state_dict(child, state)
    children, layout = flat
    absent = [str(key) for key in layout.keys if str(key) not in state]
    if absent:
        raise ValueError(
            f"the state of a {type(child).__name__} has no {absent[0]!r}; {known(state, 'it has')}"
        )
    restored = [
        _restored_child(item, state[str(key)]) for key, item in zip(layout.keys, children, strict=True)
    ]
    return layout.unflatten(restored)


# Flax looks for submodules in a module's fields through its state dicts; without this it would not see
# the modules inside a map.
serialization.register_serialization_state(  # type: ignore[no-untyped-call]
    Map,
    lambda map_: {str(key): serialization.to_state_dict(value) for key, value in map_.items()},
    lambda map_, state: Map.of(
        {key: serialization.from_state_dict(value, state[str(key)]) for key, value in map_.items()}
    ),
)
