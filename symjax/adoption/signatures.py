"""Signatures of foreign code as fields, and recorded arguments as a call."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from symjax.core.containers import freeze, thaw
from symjax.core.errors import known, nearest
from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.core.schema import Schema
from symjax.types.adopters import Memo, adopted

PRESETS = "__symjax_presets__"  # in a class: the defaults that it was given instead of the original's
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def fields_of(target: Callable[..., Any], static: Collection[str], *, skip: int = 0) -> tuple[Field, ...]:
    """The parameters of a function or a constructor as fields.

    Args:
        target: The function or class.
        static: Names of parameters that are structure although they are floats.
        skip: How many parameters at the front are none, such as `self`.

    Raises:
        TypeError: The signature cannot be read.
        ValueError: `static` names an unknown parameter.
    """
    try:
        parameters = list(inspect.signature(target).parameters.values())[skip:]
    except (ValueError, TypeError) as error:
        raise TypeError(f"cannot symbolize {target!r}: its signature cannot be read ({error})") from error
    owner = getattr(_owner(target), "__qualname__", repr(target))
    refuse_unknown(static, [p.name for p in parameters], owner.removesuffix(".__init__").rpartition(".")[2])
    return tuple(
        Field(
            name=p.name,
            hint=Any if p.annotation is p.empty or p.kind in _VARIADIC else p.annotation,
            owner=_owner(target),
            default=_default(p),
            static=True if p.name in static else None,
            kind=p.kind,
        )
        for p in parameters
    )


def refuse_unknown(static: Iterable[str], names: Collection[str], owner: str) -> None:
    """Raises where `static` names what is no argument.

    Raises:
        ValueError: It does; the message names the nearest argument.
    """
    for name in sorted(set(static) - set(names)):
        hints = " ".join(filter(None, [nearest(name, names), known(names, "its arguments")]))
        raise ValueError(f"static names no argument of {owner}: {name}; {hints}")


def preset(fields: Iterable[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """Fields of which some have other defaults, and are given by keyword, as `functools.partial` has it."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    return tuple(
        dataclasses.replace(field, default=values[field.name], factory=None, kind=keyword)
        if field.name in values
        else field
        for field in fields
    )


def _owner(target: Callable[..., Any]) -> Any:
    return inspect.unwrap(target.func if isinstance(target, functools.partial) else target)


def _default(parameter: inspect.Parameter) -> Any:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return ()
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return freeze({})
    return MISSING if parameter.default is parameter.empty else adopted(freeze(parameter.default), Memo())


def keep_generic(symbolic: Any, original: Any) -> None:
    """Lets the symbolic version of a generic class be generic: `typing` does not hand that on."""
    parameters = getattr(original, "__parameters__", ())
    if parameters:
        symbolic.__parameters__ = parameters


def call_arguments(schema: Schema, values: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by name as the ``(args, kwargs)`` of a call of code that knows nothing of trees.

    It gets plain dicts for maps, and lists where its hints ask for lists.

    Args:
        schema: Whose fields they are.
        values: The arguments; those that are `MISSING` or absent are left out.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    kind = inspect.Parameter
    rest = schema.field_of_kind(kind.VAR_POSITIONAL)
    by_position = bool(rest is not None and values.get(rest))
    lists = schema.validator().lists
    for name, field in schema.fields.items():
        value = thaw(values.get(name, MISSING))
        if name in lists and type(value) is tuple:
            value = list(value)
        if value is MISSING:
            by_position = False
        elif field.kind is kind.VAR_POSITIONAL:
            args.extend(value)
        elif field.kind is kind.VAR_KEYWORD:
            kwargs.update(value)
        elif field.kind is kind.POSITIONAL_ONLY or (by_position and field.kind is kind.POSITIONAL_OR_KEYWORD):
            args.append(value)
        else:
            kwargs[name] = value
    return args, kwargs
