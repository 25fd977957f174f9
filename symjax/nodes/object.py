"""`Object`, the base class of experiments."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Collection, Iterable
from typing import Any, NoReturn, dataclass_transform

from symjax.core.fields import FieldMark, field
from symjax.core.marks import MISSING
from symjax.core.provided import provided
from symjax.core.schema import (
    ALIASES,
    ATTRIBUTE,
    FIELDS,
    ORIGINAL,
    SAVED_NAME,
    SCHEMA_CLASS,
    Schema,
    holds_placeholder,
)
from symjax.core.tracebacks import explaining, hide_frames
from symjax.names.symbols import add_symbol
from symjax.nodes.declarations import collect_fields, computes, refuse_init
from symjax.nodes.node import Node
from symjax.nodes.state_dicts import register_later


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Object(Node):
    """An immutable node of a symbolic tree: a program, a symbol and a JAX pytree at once.

    Subclasses declare fields by annotations, as dataclasses do. An object is made by position or by
    keyword, checked against its type hints, and never changed afterwards: `rebind` gives a new one.
    Floats and arrays in it are leaves of the pytree; everything else is structure.

    A subclass may define `__check__(self)`, which raises when an invariant is broken, and
    `on_rebind(self, changes)`, which returns follow-up updates. It defines no `__init__`.

    Raises:
        TypeError: An unknown or missing field, or a value of a wrong type; ends in ``(path=…)``.
        ValueError: A value outside its constraints; ends in ``(path=…)``.

    Example:
        >>> import jax
        >>> class Adam(Object):
        ...     learning_rate: float = 1e-3
        ...     nesterov: bool = False
        >>> adam = Adam(0.1)
        >>> adam.rebind(nesterov=True)
        Adam(learning_rate=0.1, nesterov=True)
        >>> jax.tree.leaves(adam)
        [0.1]
    """

    if not typing.TYPE_CHECKING:

        def __init__(self, /, *args: Any, **kwargs: Any) -> None:
            try:
                schema = self.__symjax_schema__
                values = schema.admit(schema.bind(args, kwargs), partial=schema.open)
                object.__setattr__(self, "__dict__", values)
                if schema.checks:
                    schema.check(self)
            except Exception as error:
                hide_frames(error)
                raise

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ATTRIBUTE not in cls.__dict__:
            if "__new__" not in cls.__dict__:
                refuse_init(cls)
            own = cls.__dict__
            fields = own.get(FIELDS) or tuple(collect_fields(cls))
            if cls.__module__.partition(".")[0] != "symjax":
                _explain_methods(cls, {field.name for field in fields})
            make: type[Schema] = own.get(SCHEMA_CLASS, Schema)
            schema = make(cls, fields, own.get(SAVED_NAME), own.get(ORIGINAL))
            make_symbolic(cls, schema, own.get(ALIASES, ()))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(self.__symjax_schema__.frozen_message(name))  # type: ignore[attr-defined]

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(self.__symjax_schema__.frozen_message(name))  # type: ignore[attr-defined]

    if not typing.TYPE_CHECKING:  # or no misspelt attribute would be found

        def __getattr__(self, name: str) -> Any:
            if computes(type(self), name):
                object.__getattribute__(self, name)  # raises what the property has raised
            raise self.__symjax_schema__.absent_attribute(self, name)


def _explain_methods(cls: type, fields: Collection[str]) -> None:
    """Lets errors of a class's own methods say which floats are traced; a field's default is no method."""
    for name, method in list(vars(cls).items()):
        if name in fields:
            continue
        if inspect.isfunction(method) and (name == "__call__" or not name.startswith("__")):
            setattr(cls, name, explaining(method))


def make_symbolic(cls: type, schema: Schema, aliases: Iterable[str] = ()) -> None:
    """Makes a class symbolic: its schema, its signature, its registration with JAX at its first object."""
    setattr(cls, ATTRIBUTE, schema)
    for name, default in schema.defaults.items():
        if name in cls.__dict__:
            setattr(cls, name, default)
    for name, factory_or_mark in list(cls.__dict__.items()):
        if isinstance(factory_or_mark, FieldMark) and name not in schema.defaults:
            delattr(cls, name)
    setattr(cls, "__match_args__", schema.positional)  # noqa: B010 - a class in general has none
    cls.__signature__ = schema.signature()  # type: ignore[attr-defined]
    cls.__doc__ = documented(schema)
    cls.__dataclass_fields__ = dataclass_fields(schema)  # type: ignore[attr-defined]
    register_later(schema)
    add_symbol(cls, aliases)
    if holds_placeholder(schema.defaults.values()):
        provided.guard_references(schema, schema.defaults, ())


class _RefusesDataclass:
    """What `dataclasses.dataclass` asks the bases of a class for; an `Object` is one by itself."""

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise TypeError("a subclass of sj.Object is a dataclass by itself: leave @dataclass out")


Object.__dataclass_fields__ = {}  # type: ignore[attr-defined]
Object.__dataclass_params__ = _RefusesDataclass()  # type: ignore[attr-defined]


def documented(schema: Schema) -> str | None:
    """The docstring of a class, with what its fields say of themselves."""
    text = inspect.getdoc(schema.cls)
    own = [f for f in schema.fields.values() if f.doc]
    if not own or "\nFields:\n" in (text or ""):
        return schema.cls.__doc__
    listed = "\n".join(f"    {f.name}: {f.doc}" for f in own)
    return f"{text or schema.cls.__name__}\n\nFields:\n{listed}"


def dataclass_fields(schema: Schema) -> dict[str, Any]:
    """The fields as the standard library's, so that `dataclasses.fields` and `replace` work."""
    collected: dict[str, Any] = {}
    for f in schema.fields.values():
        default: dict[str, Any] = {} if f.default is MISSING else {"default": f.default}
        if f.factory is not None:
            default = {"default_factory": f.factory}
        field_: Any = dataclasses.field(**default, metadata={"doc": f.doc}, repr=f.repr)
        field_.name, field_.type, field_.kw_only = f.name, f.hint, f.kind is inspect.Parameter.KEYWORD_ONLY
        field_._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
        collected[f.name] = field_
    return collected
