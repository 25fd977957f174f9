"""Classes made of symbolic ones: with other options, or with the arguments of a `functools.partial`."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from collections.abc import Hashable, Mapping
from typing import Any

import flax.linen

from symjax.adoption.classes import SymbolicInstance, symbolize_class
from symjax.adoption.linen.modules import symbolize_linen
from symjax.adoption.signatures import PRESETS, preset
from symjax.core.containers import Map, freeze
from symjax.core.errors import at
from symjax.core.schema import (
    ALIASES,
    ATTRIBUTE,
    BUILDS,
    FIELDS,
    ORIGINAL,
    SAVED_NAME,
    SCHEMA_CLASS,
    Options,
    Schema,
)
from symjax.names.lookup import place
from symjax.text.formatting import format as format_tree
from symjax.types.validation import Validator

_NONE: Mapping[str, Any] = types.MappingProxyType({})
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def preset_key(cls: type, partial: functools.partial[Any]) -> Hashable:
    """What tells the presets of one class apart: two partials with equal arguments make one class.

    Raises:
        TypeError: An argument that the class does not take.
    """
    schema: Schema = getattr(cls, ATTRIBUTE)
    arguments = schema.bind(partial.args, partial.keywords)
    # A map, so that arguments are compared and hashed as trees are.
    return Map.of({name: freeze(value) for name, value in arguments.items()})


def symbolize_preset(cls: type, options: Options, partial: functools.partial[Any]) -> type:
    """A subclass of a symbolic class, with the arguments of a partial as defaults; see `symjax.symbolize`.

    It has the name of the class, as Flax names parameters by it. It is saved under that name with the
    arguments, `models.ResNet(stage_sizes=(2, 2))`, unless `options` say another.

    Raises:
        TypeError: An argument that is no field, is of a wrong type, or is collected by ``*args``.
        ValueError: An argument outside its constraints.
    """
    schema: Schema = getattr(cls, ATTRIBUTE)
    # By a validator of its own: JAX need not know a class that has no objects.
    values = Validator(schema).admit(schema.bind(partial.args, partial.keywords))
    for name in values:
        if schema.fields[name].kind in _VARIADIC:
            raise TypeError(
                f"cannot symbolize a partial of {cls.__name__} with arguments that its *{name} collects: a "
                f"class with other defaults has no place for them {at(name)}"
            )
    text = ", ".join(f"{name}={format_tree(value, width=10**6)}" for name, value in values.items())
    named = options._replace(name=options.name or f"{schema.name}({text})")
    if issubclass(cls, flax.linen.Module):
        symbolic = symbolize_linen(cls, named, values)
    elif issubclass(cls, SymbolicInstance):
        symbolic = symbolize_class(cls, named, values)
    else:
        symbolic = symbolize_object(cls, named, values)
    getattr(symbolic, ATTRIBUTE).original = partial
    return symbolic


def symbolize_object(cls: type, options: Options, presets: Mapping[str, Any] = _NONE) -> type:
    """A subclass of an `Object`, or of the nodes of an NNX module, with other options and defaults."""
    schema: Schema = getattr(cls, ATTRIBUTE)
    fields = tuple(
        dataclasses.replace(field, static=True) if field.name in options.static else field
        for field in preset([schema.fields[name] for name in schema.names], presets)
    )
    namespace = {
        **place(cls, options.name),
        "__doc__": cls.__doc__,
        FIELDS: fields,
        SAVED_NAME: options.name,
        ORIGINAL: cls,
        SCHEMA_CLASS: type(schema),
        BUILDS: getattr(cls, BUILDS, None),
        ALIASES: options.aliases,
        PRESETS: Map({**getattr(cls, PRESETS, {}), **presets}),
    }
    # Not by the metaclass of NNX nodes, for which a subclass of one is Flax's own.
    return type.__new__(type(cls), cls.__name__, (cls,), namespace)
