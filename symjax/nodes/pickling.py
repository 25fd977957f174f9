"""Pickles of nodes and maps: a class and its arguments, with names in the place of functions.

JAX's functions do not pickle as themselves; a class that was symbolized by a call has no place of its own.
"""

from __future__ import annotations

import copyreg
import dataclasses
import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from symjax.core.containers import Map, mapped
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, LINEAGE, Options, Schema, schema_of
from symjax.names.lookup import find, public_name
from symjax.nodes.shown import shown


def reduce_node(node: Any) -> tuple[Any, ...]:
    """A node as its class and its arguments, for ``__reduce__``; nothing is checked again."""
    schema: Schema = getattr(type(node), ATTRIBUTE)
    arguments = [(name, value) for name, value in schema.values(node) if value is not MISSING]
    values = named(dict(shown(schema, arguments, rebuilds=True, same=None)))
    steps = schema.caches(node).get(LINEAGE, ())
    if schema.original is not None and public_name(schema.cls) is None:
        return _revive_adopted, (schema.original, schema.options, values, steps)
    return _revive, (schema.cls, values, steps)


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
    if isinstance(value, tuple | dict | Map):
        return mapped(named, value)
    if type(value) is list:  # in plain containers, around nodes
        return list(map(named, value))
    if type(value) is functools.partial:
        return _Partial(named(value.func), named(value.args), named(value.keywords))
    if callable(value) and not isinstance(value, type) and schema_of(value) is None:
        name = public_name(value)
        if name is not None:
            return _Name(*name)
    return value


def unnamed(value: Any) -> Any:
    """The inverse of `named`; imports modules, as unpickling does anyway."""
    if isinstance(value, _Name):
        importlib.import_module(value.module)
        return find(value.module, value.name)
    if isinstance(value, _Partial):
        return functools.partial(unnamed(value.function), *unnamed(value.args), **unnamed(value.keywords))
    if isinstance(value, np.ndarray):
        value.setflags(write=False)  # as in every node; a pickle forgets it
    if type(value) is list:
        return list(map(unnamed, value))
    return mapped(unnamed, value)


def _reduce_map(items: Map) -> tuple[Any, ...]:
    return _revive_map, (named(dict(items)),)


def _revive_map(items: dict[Any, Any]) -> Map:
    return Map.of(unnamed(items))


def _revive(cls: type, values: dict[str, Any], steps: tuple[str, ...] = ()) -> Any:
    schema: Schema = getattr(cls, ATTRIBUTE)
    node = schema.unpickle(schema.restore(unnamed(values)))
    if steps:
        schema.caches(node)[LINEAGE] = steps
    return node


def _revive_adopted(
    original: Callable[..., Any], options: Options, values: dict[str, Any], steps: tuple[str, ...] = ()
) -> Any:
    return _revive(provided.adopt(original, options), values, steps)


copyreg.pickle(Map, _reduce_map)
