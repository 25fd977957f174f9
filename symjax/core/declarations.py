"""The fields that the body of an `Object` subclass declares, by annotations and defaults."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any, ClassVar

from symjax.core.errors import at
from symjax.core.fields import Field, FieldMark
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, FLAT

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD
_RESERVED = frozenset({"rebind", "partial", ATTRIBUTE, FLAT})


def collect_fields(cls: type) -> list[Field]:
    """The fields of a class from its annotations, those of its bases first.

    Raises:
        TypeError: A mutable default, a required field after one with a default, or a field whose type
            widens that of the base class.
    """
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        schema = base.__dict__.get(ATTRIBUTE)
        if schema is not None:
            fields.update(schema.fields)
    for name, hint in _own_annotations(cls).items():
        if _is_class_variable(hint):
            continue
        new = _own_field(cls, name, hint)
        if name in fields:
            provided.refuse_widening(cls, new, fields[name])
        fields[name] = new
    for name, value in list(cls.__dict__.items()):
        if name in fields and name not in _own_annotations(cls) and not _is_descriptor(value):
            mark = value if isinstance(value, FieldMark) else None
            default = mark.default if mark else value
            fields[name] = dataclasses.replace(fields[name], default=_frozen(cls, name, default))
    _check_order(cls, fields)
    return list(fields.values())


def _own_annotations(cls: type) -> dict[str, Any]:
    return inspect.get_annotations(cls)


def _is_class_variable(hint: Any) -> bool:
    if isinstance(hint, str):
        return hint.startswith(("ClassVar", "typing.ClassVar"))
    return typing.get_origin(hint) is ClassVar or hint is ClassVar


def _is_descriptor(value: Any) -> bool:
    return isinstance(value, property | classmethod | staticmethod)


def _own_field(cls: type, name: str, hint: Any) -> Field:
    if name in _RESERVED or name.startswith(("_sj_", "__")):
        raise TypeError(f"{cls.__name__}.{name}: this name is the library's; call the field otherwise")
    given = cls.__dict__.get(name, MISSING)
    if not isinstance(given, FieldMark):
        return Field(name, hint, cls, _frozen(cls, name, given))
    return Field(
        name,
        hint,
        cls,
        _frozen(cls, name, given.default),
        given.factory,
        given.static,
        given.doc,
        _KEYWORD if given.kw_only else _EITHER,
        repr=given.repr,
    )


def _frozen(cls: type, name: str, default: Any) -> Any:
    if isinstance(default, list | dict | set):
        raise TypeError(
            f"{cls.__name__}.{name} has a mutable default of type {type(default).__name__}; give a tuple, "
            f"or sj.field(default_factory=…) {at(name)}"
        )
    return default


def _check_order(cls: type, fields: dict[str, Field]) -> None:
    seen = None
    for f in fields.values():
        if f.kind is not _EITHER:
            continue
        if f.required and seen is not None:
            raise TypeError(
                f"{cls.__name__}: the required field {f.name!r} comes after {seen!r}, which has a "
                f"default; give {f.name!r} a default or sj.field(kw_only=True) {at(f.name)}"
            )
        if not f.required:
            seen = f.name
