"""Pickles of nodes and maps: a class and its arguments, with names in the place of functions.

JAX's functions do not pickle as themselves; a class that was symbolized by a call has no place of its own.
"""

from __future__ import annotations

import copyreg
import dataclasses
import functools
import importlib
from typing import Any

from symjax.core.containers import Map
from symjax.core.lookup import find, is_nameless, public_name
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Schema, schema_of


def reduce_node(node: Any) -> tuple[Any, ...]:
    """A node as its class and its arguments, for ``__reduce__``; nothing is checked again."""
    schema: Schema = getattr(type(node), ATTRIBUTE)
    values = {
        name: value
        for name, value in schema.arguments(node).items()
        if not (value is schema.defaults.get(name) and is_nameless(value))
    }  # a default may be a closure, which cannot be pickled; the class has it
    if schema.original is not None and public_name(schema.cls) is None:
        return _revive_adopted, (schema.original, schema.options, named(values))
    return _revive, (schema.cls, named(values))


@dataclasses.dataclass(frozen=True, slots=True)
class _Name:
    """Stands in a pickle for a function that has a public name: JAX's do not pickle as themselves."""

    module: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Partial:
    """Stands for a `functools.partial`, whose function may have to be named."""

    function: Any
    args: tuple[Any, ...]
    keywords: dict[str, Any]


def named(value: Any) -> Any:
    """A value with names in the place of functions, in containers too."""
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    if type(value) is Map:
        return Map.of(named(dict(value)))
    if isinstance(value, tuple) and schema_of(value) is None:
        return getattr(type(value), "_make", tuple)([named(item) for item in value])
    if type(value) is functools.partial:
        return _Partial(named(value.func), named(value.args), named(value.keywords))
    if callable(value) and not isinstance(value, type) and schema_of(value) is None:
        name = public_name(value)
        if name is not None:
            return _Name(*name)
    return value


def _unnamed(value: Any) -> Any:
    """The inverse of `named`; imports modules, as unpickling does anyway."""
    if isinstance(value, _Name):
        importlib.import_module(value.module)
        return find(value.module, value.name)
    if isinstance(value, _Partial):
        return functools.partial(_unnamed(value.function), *_unnamed(value.args), **_unnamed(value.keywords))
    if isinstance(value, dict):
        return {key: _unnamed(item) for key, item in value.items()}
    if type(value) is Map:
        return Map.of(_unnamed(dict(value)))
    if isinstance(value, tuple) and schema_of(value) is None:
        return getattr(type(value), "_make", tuple)([_unnamed(item) for item in value])
    return value


def _reduce_map(items: Map) -> tuple[Any, ...]:
    return _revive_map, (named(dict(items)),)


def _revive_map(items: dict[Any, Any]) -> Map:
    return Map.of(_unnamed(items))


def _revive(cls: type, values: dict[str, Any]) -> Any:
    schema: Schema = getattr(cls, ATTRIBUTE)
    values = _unnamed(values)
    provided.guard_references(schema, values, ())
    return schema.unpickle({**schema.defaults, **values})


def _revive_adopted(original: Any, options: tuple[Any, ...], values: dict[str, Any]) -> Any:
    return _revive(provided.adopt(original, options), values)


copyreg.pickle(Map, _reduce_map)
