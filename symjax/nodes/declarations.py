"""The fields that the body of an `Object` subclass declares, by annotations and defaults."""

from __future__ import annotations

import dataclasses
import functools
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
    _refuse_dataclass_ways(cls)
    fields: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        schema = base.__dict__.get(ATTRIBUTE)
        if schema is not None:
            fields.update({name: schema.fields[name] for name in schema.names})
    annotations = _own_annotations(cls)
    for name, hint in annotations.items():
        if _is_class_variable(hint):
            fields.pop(name, None)
            continue
        new = _own_field(cls, name, hint)
        if name in fields:
            provided.refuse_widening(cls, new, fields[name])
        fields[name] = new
    for name, value in list(cls.__dict__.items()):
        if name in fields and name not in annotations:
            if _computes(value) or _is_method(cls, name, value):
                del fields[name]  # a property in the place of a field: the constructor takes it no more
            else:
                fields[name] = _overridden(cls, fields[name], value)
    _check_order(cls, fields)
    return list(fields.values())


def _refuse_dataclass_ways(cls: type) -> None:
    """Refuses what a dataclass would do and an `Object` does otherwise, with what to write instead."""
    name = cls.__name__
    if hasattr(cls, "__post_init__"):
        raise TypeError(
            f"{name} {_defines_or_inherits(cls, '__post_init__')}, which an sj.Object does not have: "
            "write __check__(self) for what must hold, and a property or functools.cached_property for what "
            "follows from the fields"
        )
    for key, value in cls.__dict__.items():
        if isinstance(value, dataclasses.Field):
            raise TypeError(f"{name}.{key} is a dataclasses.field; an sj.Object has sj.field(…) {at(key)}")
    for key, hint in _own_annotations(cls).items():
        text = hint if isinstance(hint, str) else type(hint).__name__
        if hint is dataclasses.KW_ONLY or text.rpartition(".")[2] == "KW_ONLY":
            raise TypeError(
                f"{name} uses dataclasses.KW_ONLY; mark each such field by sj.field(kw_only=True) {at(key)}"
            )
        if text.rpartition(".")[2].startswith("InitVar"):
            raise TypeError(f"{name}.{key}: an sj.Object has no InitVar, it is made of its fields {at(key)}")


def refuse_init(cls: type) -> None:
    """Refuses an ``__init__`` in a class or in what it inherits from before `Object`.

    Raises:
        TypeError: There is one, so that no field would ever be set.
    """
    owner = next(base for base in cls.__mro__ if "__init__" in base.__dict__)
    if ATTRIBUTE in owner.__dict__ or owner.__name__ == "Object" or getattr(owner, "_is_protocol", False):
        return
    raise TypeError(
        f"{cls.__name__} {_defines_or_inherits(cls, '__init__')}, but an sj.Object is made from its fields; "
        "write a classmethod, or a plain class under @sj.symbolize"
    )


def _defines_or_inherits(cls: type, name: str) -> str:
    owner = next(base for base in cls.__mro__ if name in base.__dict__)
    return f"defines {name}" if owner is cls else f"inherits {name} from {owner.__name__}"


def _overridden(cls: type, field: Field, value: Any) -> Field:
    """An inherited field with the default, or the marks, that a subclass gives it without an annotation."""
    if not isinstance(value, FieldMark):
        return dataclasses.replace(field, default=_frozen(cls, field.name, value), factory=None)
    changes: dict[str, Any] = {}
    if value.default is not MISSING or value.factory is not None:
        changes = {"default": _frozen(cls, field.name, value.default), "factory": value.factory}
    if value.static is not None:
        changes["static"] = value.static
    if value.kw_only:
        changes["kind"] = _KEYWORD
    return dataclasses.replace(field, **changes, doc=value.doc or field.doc, repr=value.repr and field.repr)


def _own_annotations(cls: type) -> dict[str, Any]:
    return inspect.get_annotations(cls)


def _is_class_variable(hint: Any) -> bool:
    if isinstance(hint, str):
        return hint.startswith(("ClassVar", "typing.ClassVar"))
    return typing.get_origin(hint) is ClassVar or hint is ClassVar


def _computes(value: Any) -> bool:
    """Whether a class attribute gives its value by code, and is no default."""
    return isinstance(value, property | classmethod | staticmethod | functools.cached_property)


def _is_method(cls: type, name: str, value: Any) -> bool:
    """Whether a function was defined in the body of a class, as its method, and is no default."""
    return inspect.isfunction(value) and value.__qualname__ == f"{cls.__qualname__}.{name}"


def computes(cls: type, name: str) -> bool:
    """Whether an attribute of a class is a property, or computed in such a way; its error is its own."""
    return hasattr(type(inspect.getattr_static(cls, name, None)), "__get__")


def _own_field(cls: type, name: str, hint: Any) -> Field:
    if name in _RESERVED or name.startswith(("_sj_", "__")):
        raise TypeError(f"{cls.__name__}.{name}: this name is the library's; call the field otherwise")
    value = cls.__dict__.get(name, MISSING)
    if not isinstance(value, FieldMark):
        return Field(name, hint, cls, _frozen(cls, name, value))
    return Field(
        name,
        hint,
        cls,
        _frozen(cls, name, value.default),
        value.factory,
        value.static,
        value.doc,
        _KEYWORD if value.kw_only else _EITHER,
        repr=value.repr,
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
