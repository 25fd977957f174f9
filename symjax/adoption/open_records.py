"""Records whose classes declare no fields: namespaces, and ml_collections' `ConfigDict`.

Each set of names has a symbolic class of its own, a subclass of the one that stands for the original, so that
a node has the fields that it holds and no others.
"""

from __future__ import annotations

import argparse
import inspect
import keyword
import sys
import types
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from symjax.adoption.classes import CONSTRUCTOR, RECORD, ClassSchema, SymbolicInstance
from symjax.adoption.records import RecordField
from symjax.core.errors import at
from symjax.core.fields import Field
from symjax.core.locks import adoption
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, FIELDS, ORIGINAL, SAVED_NAME, SCHEMA_CLASS, STATIC, Flat, Options
from symjax.names.lookup import place, public_name
from symjax.names.symbols import add_symbol

_NAMESPACES = (types.SimpleNamespace, argparse.Namespace)


class OpenSchema(ClassSchema):
    """Nodes of an open record. The schema of the class that stands for the original has no fields."""

    def revive(self, values: dict[str, Any], flat: Flat | None = None) -> Any:
        """See `Schema.revive`; a namespace is of C, and none is made by `object`."""
        cls: Any = self.cls
        return self.fill(cls.__new__(cls), values, flat)

    def construct(self, values: dict[str, Any], path: Path = ROOT) -> Any:
        """See `Schema.construct`; with other names than its own it is a node of another class."""
        if values.keys() == self.fields.keys():
            return super().construct(values, path)
        return self.of_names(values).construct(values, path)

    def of_names(self, names: Iterable[str]) -> ClassSchema:
        """See `Schema.of_names`."""
        return getattr(_variant(self.cls, names), ATTRIBUTE)  # type: ignore[no-any-return]


class _OpenClass(type):
    """The type of the symbolic versions of an open record, which are called with any names."""

    def __call__(cls, entries: Mapping[str, Any] = types.MappingProxyType({}), /, **more: Any) -> Any:
        """A node with these entries."""
        values = {**entries, **more}
        return super(_OpenClass, _variant(cls, values)).__call__(**values)


class _Entries:
    """Refuses the other way to assign: ``config['width'] = 8``."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(getattr(type(self), ATTRIBUTE).frozen_message(str(key)))

    def __delitem__(self, key: Any) -> NoReturn:
        raise TypeError(getattr(type(self), ATTRIBUTE).frozen_message(str(key)))


def is_open(cls: type) -> bool:
    """Whether a class declares no fields and takes any."""
    return cls in _NAMESPACES or cls in _config_dicts()


def entries_of(value: Any) -> dict[str, Any] | None:
    """What an instance of an open record holds, by name; None for any other value."""
    kind = type(value)
    if kind in _NAMESPACES:
        return dict(vars(value))
    return dict(value.items()) if kind in _config_dicts() else None


def is_name(name: object) -> bool:
    """Whether an entry of this name can be a field."""
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name) and name[:2] != "__"


def symbolize_open(cls: type, options: Options) -> type:
    """The symbolic version of an open record; its nodes are of subclasses, one for each set of names."""
    own = ".".join(public_name(cls) or (cls.__module__, cls.__qualname__))
    symbolic = _make(cls, (_Entries, SymbolicInstance, cls), options.name or own, (), options.static)
    symbolic.__symjax_variants__ = {}
    add_symbol(symbolic, options.aliases)
    return symbolic  # type: ignore[no-any-return]


def _config_dicts() -> tuple[type, ...]:
    collections = sys.modules.get("ml_collections")  # imported wherever there is one of its values
    return () if collections is None else (collections.ConfigDict, collections.FrozenConfigDict)


def _variant(cls: Any, names: Iterable[str]) -> Any:
    """The class of the nodes with these names."""
    root = next(base for base in cls.__mro__ if "__symjax_variants__" in base.__dict__)
    key = tuple(sorted(names))
    with adoption:
        if key not in root.__symjax_variants__:
            root.__symjax_variants__[key] = _new_variant(root, key)
    return root.__symjax_variants__[key]


def _new_variant(root: Any, names: tuple[str, ...]) -> Any:
    refused = [name for name in names if not is_name(name)]
    if refused:
        raise TypeError(f"{root.__name__} has no field {refused[0]!r}: that is no name {at(ROOT)}")
    schema: ClassSchema = getattr(root, ATTRIBUTE)
    original: Any = schema.original
    variant = _make(original, (root,), schema.name, names, getattr(root, STATIC))
    getattr(variant, ATTRIBUTE).options = schema.options
    return variant


def _make(
    original: type, bases: tuple[type, ...], name: str, names: tuple[str, ...], static: Collection[str]
) -> Any:
    owner: Any = original
    namespace: dict[str, Any] = {
        **place(original, None),
        "__doc__": original.__doc__,
        SAVED_NAME: name,
        ORIGINAL: original,
        SCHEMA_CLASS: OpenSchema,
        STATIC: frozenset(static),
        FIELDS: tuple(_field(owner, n, n in static) for n in names),
        RECORD: tuple(_entry(owner, n) for n in names),
        CONSTRUCTOR: original.__init__ if original in _NAMESPACES else _fill_config_dict,
    }
    if original not in _NAMESPACES:
        namespace.update(as_configdict=_mutable_copy, copy_and_resolve_references=_plain_copy)
    return _OpenClass(original.__name__, bases, namespace)


def _field(owner: type, name: str, static: bool) -> Field:
    return Field(name=name, owner=owner, static=static or None, kind=inspect.Parameter.KEYWORD_ONLY)


def _entry(owner: type, name: str) -> RecordField:
    return RecordField(name, name, Any, owner, inspect.Parameter.empty, None, None, "")


def _fill_config_dict(node: Any, **entries: Any) -> None:
    """The constructor of a `ConfigDict`, which would copy the nodes among its entries into mutable ones."""
    plain: Any = _config_dicts()[0]
    getattr(type(node), ATTRIBUTE).original.__init__(node)
    for name, value in entries.items():
        plain.__setitem__(node, name, value)


def _mutable_copy(node: Any) -> Any:
    """See `ml_collections.FrozenConfigDict.as_configdict`."""
    return _config_dicts()[0](node.to_dict())


def _plain_copy(node: Any, visit_map: Any = None) -> Any:
    """See `ml_collections.ConfigDict.copy_and_resolve_references`; a copy of the original's class."""
    return getattr(type(node), ATTRIBUTE).original(node.to_dict())
