"""`Object`, the base class of experiments, and `field`."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, dataclass_transform

from symjax.core.containers import freeze
from symjax.core.errors import at
from symjax.core.marks import MISSING, MissingError
from symjax.core.node import Node
from symjax.core.paths import Path
from symjax.core.pytrees import register_later
from symjax.core.schema import ATTRIBUTE, FLAT, Field, Schema, holds_placeholder
from symjax.core.symbols import add_symbol

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    static: bool | None = None,
    doc: str = "",
    kw_only: bool = False,
    repr: bool = True,
) -> Any:
    """Describes a field of an `Object`.

    Args:
        default: The default value; a list, dict or set is refused, give a tuple or a factory.
        default_factory: Makes the default anew for each object.
        static: True makes the value structure (a float that Python control flow depends on), False
            makes it a leaf (an int that must not recompile), None leaves it to the value's type.
        doc: What the field is for; shown in help.
        kw_only: Take it by keyword only.
        repr: Whether text shows the field.

    Example:
        >>> import jax
        >>> class Noise(Object):
        ...     rate: float = field(default=0.1, static=True, doc='Share of the pixels, in [0, 1].')
        >>> jax.tree.leaves(Noise())
        []
    """
    if default is not MISSING and default_factory is not None:
        raise TypeError("give a field a default or a default_factory, not both")
    return FieldMark(default, default_factory, static, doc, kw_only, repr)


@dataclasses.dataclass(frozen=True)
class FieldMark:
    """What `field` was given, until a class makes a field of it."""

    default: Any
    factory: Callable[[], Any] | None
    static: bool | None
    doc: str
    kw_only: bool
    repr: bool


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
            schema = self.__symjax_schema__
            given = kwargs if schema.simple and not args else schema.bind(args, kwargs)
            validator = schema._validator or schema.validator()
            values = validator.admit(given) if given else given
            held = schema.complete(values)
            if len(held) != len(schema.names) or values is not given:
                settle_missing(schema, held, partial=schema.open)
            object.__setattr__(self, "__dict__", held)
            if schema.checks:
                check(self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ATTRIBUTE not in cls.__dict__:
            if "__init__" in cls.__dict__ and "__new__" not in cls.__dict__:
                raise TypeError(
                    f"{cls.__name__} defines __init__, but an sj.Object is made from its fields; write a "
                    "classmethod, or a plain class under @sj.symbolize"
                )
            own = cls.__dict__
            fields = own.get("__symjax_fields__") or tuple(collect_fields(cls))
            make: type[Schema] = own.get("__symjax_schema_class__", Schema)
            schema = make(cls, fields, own.get("__symjax_name__"), own.get("__symjax_original__"))
            adopt(cls, schema, own.get("__symjax_aliases__", ()))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(frozen_message(self, name))

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(frozen_message(self, name))

    if not typing.TYPE_CHECKING:  # or no misspelt attribute would be found

        def __getattr__(self, name: str) -> Any:
            raise absent_attribute(self, name)


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
            _check_narrowing(cls, new, fields[name])
        fields[name] = new
    for name, value in list(cls.__dict__.items()):
        if name in fields and name not in _own_annotations(cls) and not _is_descriptor(value):
            mark = value if isinstance(value, FieldMark) else None
            default = mark.default if mark else value
            fields[name] = dataclasses.replace(fields[name], default=_frozen(cls, name, default))
    _check_order(cls, fields)
    return list(fields.values())


def adopt(cls: type, schema: Schema, aliases: Iterable[str] = ()) -> None:
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
    cls.__dataclass_fields__ = dataclass_fields(schema)  # type: ignore[attr-defined]
    register_later(schema)
    add_symbol(cls, aliases)
    if holds_placeholder(schema.defaults.values()):
        from symjax.verbs.refs import guard_holder

        guard_holder(cls, schema.defaults.values())


def dataclass_fields(schema: Schema) -> dict[str, Any]:
    """The fields as the standard library's, so that `dataclasses.fields` and `replace` work."""
    collected: dict[str, Any] = {}
    for f in schema.fields.values():
        default = dataclasses.MISSING if f.default is MISSING else f.default
        made: Any = dataclasses.field(default=default, metadata={"doc": f.doc})
        made.name, made.type, made.kw_only = f.name, f.hint, f.kind is _KEYWORD
        made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
        collected[f.name] = made
    return collected


def check(node: Any, path: Path | None = None) -> None:
    """Runs a node's `__check__`, and names the place when it raises.

    A node with a value that is not decided yet is checked when it is.
    """
    schema: Schema = getattr(type(node), ATTRIBUTE)
    if holds_placeholder(schema.read(node).values()):
        return
    try:
        node.__check__()
    except Exception as error:
        if path is None or "(path=" in str(error):
            raise
        raise type(error)(f"{error} {at(path)}") from error


def settle_missing(schema: Schema, held: dict[str, Any], *, partial: bool) -> None:
    """Puts defaults where `MISSING` was given, and refuses what is still missing if not `partial`."""
    for name in [name for name, value in held.items() if value is MISSING]:
        del held[name]
        if name in schema.defaults:
            held[name] = schema.defaults[name]
        elif name in schema.factories:
            held[name] = freeze(schema.factories[name]())
    holes = schema.holes(held)
    if holes and not partial:
        raise TypeError(missing_message(schema, holes))


def missing_message(schema: Schema, holes: list[str]) -> str:
    """The message for a constructor call without required arguments."""
    name = schema.cls.__name__
    return (
        f"{name} misses {', '.join(holes)}; give them, or make a partial object with {name}.partial(…) "
        f"{at(holes[0])}"
    )


def absent_attribute(node: Any, name: str) -> AttributeError:
    """The error for an attribute that a node does not have: a hole, or a name that is no field."""
    schema: Schema = getattr(type(node), ATTRIBUTE)
    if name in schema.fields and name not in schema.read(node):
        from symjax.verbs.query import missing

        holes = ", ".join(str(path) for path in missing(node))
        return MissingError(
            f"{type(node).__name__}.{name} is not given yet; this tree misses: {holes} {at(name)}"
        )
    if name.startswith("__"):
        return AttributeError(f"{type(node).__name__!r} object has no attribute {name!r}")
    return AttributeError(schema.unknown_field(name))


def frozen_message(node: Any, name: str) -> str:
    """The message for an attempt to change a node."""
    return f"{type(node).__name__} is immutable; tree.rebind({name}=…) gives a new one {at(name)}"


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


_RESERVED = frozenset({"rebind", "partial", ATTRIBUTE, FLAT})


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


def _check_narrowing(cls: type, new: Field, old: Field) -> None:
    """A subclass may only narrow the type of a field; hints that are no plain classes are let be."""
    from symjax.types.hints import resolve, show

    hints = [resolve(f.hint, f.owner) for f in (new, old)]
    if all(isinstance(hint, type) and typing.get_origin(hint) is None for hint in hints):
        narrow, wide = hints
        if not issubclass(narrow, wide) and not (narrow is int and wide is float):
            raise TypeError(
                f"{cls.__name__}.{new.name}: {show(narrow)} is no subclass of {show(wide)}, the type "
                f"that the base class declares; a subclass may only narrow a field {at(new.name)}"
            )
