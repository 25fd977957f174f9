"""Records: classes whose instances are what they were made of, as dataclasses and attrs declare them."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any

from symjax.adoption.signatures import call_arguments, fields_of
from symjax.core.errors import at, brief
from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.core.paths import Path
from symjax.core.schema import Schema, holds_placeholder, is_undecided
from symjax.verbs.equality import eq


@dataclasses.dataclass(frozen=True, slots=True)
class RecordField:
    """One field of a record.

    Attributes:
        argument: The name that the constructor takes it by.
        attribute: The name that an instance has it by; attrs' private fields have two names.
        hint: Its type hint.
        owner: The class that declares it, in whose module the hint is resolved.
        default: The default itself, or `inspect.Parameter.empty`.
        factory: Makes the default anew for each instance, or None.
        static: True where `flax.struct.field(pytree_node=False)` says so.
        doc: What its metadata say of it.
    """

    argument: str
    attribute: str
    hint: Any
    owner: type
    default: Any
    factory: Callable[[], Any] | None
    static: bool | None
    doc: str


def record_fields(cls: type) -> tuple[RecordField, ...] | None:
    """The fields of a record class; None for a class that is none.

    No record is a class with an `__init__` of its own or an `InitVar`: its instances do not say what
    they were made of.
    """
    declared = _declared(cls)
    if declared is None or inspect.isabstract(cls):
        return None
    try:
        parameters = inspect.signature(getattr(cls, "__init__")).parameters  # noqa: B009 - of any class
    except (ValueError, TypeError):
        return None
    names = [f.argument for f in declared]
    return declared if list(parameters)[1:] == names else None


def _declared(cls: type) -> tuple[RecordField, ...] | None:
    if dataclasses.is_dataclass(cls):
        fields = [f for f in dataclasses.fields(cls) if f.init]
        fields.sort(key=lambda f: f.kw_only is True)  # the order of the constructor
        return tuple(_of_dataclass(cls, f) for f in fields)
    attributes = getattr(cls, "__attrs_attrs__", None)  # attrs' own mark: it need not be imported
    if isinstance(attributes, tuple):
        taken = sorted((a for a in attributes if a.init), key=lambda a: a.kw_only)
        return tuple(_of_attrs(cls, a) for a in taken)
    return None


def _of_dataclass(cls: type, f: dataclasses.Field[Any]) -> RecordField:
    return RecordField(
        argument=f.name,
        attribute=f.name,
        hint=f.type,
        owner=_owner(cls, f.name),
        default=inspect.Parameter.empty if f.default is dataclasses.MISSING else f.default,
        factory=None if f.default_factory is dataclasses.MISSING else f.default_factory,
        static=True if f.metadata.get("pytree_node") is False else None,
        doc=str(f.metadata.get("doc", "")),
    )


def _of_attrs(cls: type, a: Any) -> RecordField:
    factory = getattr(a.default, "factory", None)
    empty = type(a.default).__name__ in ("_Nothing", "Factory")
    return RecordField(
        argument=a.alias,
        attribute=a.name,
        hint=Any if a.type is None else a.type,
        owner=_owner(cls, a.name),
        default=inspect.Parameter.empty if empty else a.default,
        factory=None if factory is None or a.default.takes_self else factory,
        static=None,
        doc=str(a.metadata.get("doc", "")),
    )


def _owner(cls: type, name: str) -> type:
    return next((base for base in cls.__mro__ if name in inspect.get_annotations(base)), cls)


def arguments_of(value: Any, fields: tuple[RecordField, ...]) -> dict[str, Any]:
    """What an instance of a record holds, by argument, without what is its default itself."""
    pairs = [(f, getattr(value, f.attribute)) for f in fields]
    return {f.argument: item for f, item in pairs if item is not f.default}


def schema_fields(
    init: Callable[..., Any], static: Collection[str], declared: tuple[RecordField, ...]
) -> tuple[Field, ...]:
    """The fields of a record's symbolic class: what its constructor takes, and what its declarations add."""
    by_name = {f.argument: f for f in declared}
    return tuple(_completed(field, by_name[field.name]) for field in fields_of(init, static, skip=1))


def _completed(field: Field, declared: RecordField) -> Field:
    changes: dict[str, Any] = {"hint": declared.hint, "owner": declared.owner, "doc": declared.doc}
    if field.static is None:
        changes["static"] = declared.static
    if declared.factory is not None:  # its place in the signature is taken by a mark
        changes.update(default=MISSING, factory=declared.factory)
    return dataclasses.replace(field, **changes)


def hides_its_fields(cls: type, fields: tuple[RecordField, ...]) -> bool:
    """Whether class attributes, as defaults are, are seen where an instance has no attributes yet."""
    attributes = [inspect.getattr_static(cls, f.attribute, MISSING) for f in fields]
    slot = types.MemberDescriptorType
    return any(each is not MISSING and not isinstance(each, slot) for each in attributes)


def has_derived_fields(cls: type) -> bool:
    """Whether a record declares fields that its constructor does not take."""
    if dataclasses.is_dataclass(cls):
        return not all(f.init for f in dataclasses.fields(cls))
    return not all(a.init for a in getattr(cls, "__attrs_attrs__", ()))


def computes(cls: type) -> bool:
    """Whether code of its own runs when an instance is made: a `__post_init__`, a converter of attrs."""
    attributes = getattr(cls, "__attrs_attrs__", ())
    return (
        hasattr(cls, "__post_init__")
        or hasattr(cls, "__attrs_post_init__")
        or any(a.converter is not None for a in attributes)
    )


def imposed(cls: type, arguments: Mapping[str, Any], field: RecordField) -> Any:
    """What the constructor of a record puts in a field, whatever is given for it; `MISSING` if it listens.

    A ``__post_init__`` may compute a field of the others and overwrite what was given. Nobody declares that,
    so it is tried: instances are made with other values of the field, and what they have is compared.

    Args:
        cls: The class.
        arguments: All arguments of an instance, by name.
        field: The field.

    Example:
        >>> @dataclasses.dataclass
        ... class Config:
        ...     width: int = 8
        ...     hidden: int = 0
        ...     def __post_init__(self):
        ...         self.hidden = 4 * self.width
        >>> width, hidden = record_fields(Config)
        >>> imposed(Config, {'width': 2, 'hidden': 3}, hidden), imposed(Config, {'width': 2}, width)
        (8, MISSING)
    """
    own = arguments.get(field.argument)
    result: Any = MISSING
    for other in _others(own):
        try:
            results = [
                getattr(cls(**{**arguments, field.argument: value}), field.attribute)
                for value in ((other,) if result is not MISSING else (own, other))
            ]
        except Exception:  # noqa: BLE001 - code that refuses a value has looked at it
            return MISSING
        result = results[0] if result is MISSING else result
        if not eq(results[-1], result):
            return MISSING
    return result


def _others(value: Any) -> tuple[Any, ...]:
    """Other values of a type, so far apart that neither clipping nor rounding makes one of all.

    For None ints; nothing for other types, such as a bool: a flag that another one turns off stays its own.
    """
    if value is None:
        return 0, 1, 7, 1009
    if type(value) is int:
        return 2 * abs(value) + 1009, value - 1, value + 1, 0, 1, -7
    if type(value) is float:
        return 2 * value, value / 2, 0.5, 0.0, 1.0, -1.0
    if type(value) is str:
        return f"{value}_", f"_{value}", ""
    if type(value) in (tuple, list) and value:
        return value * 2, type(value)()
    return ()


def without_imposed(
    cls: type, fields: tuple[RecordField, ...], schema: Schema, values: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a node, with defaults in the place of those that the constructor overrides.

    They are computed of the others, and so they follow them.

    Args:
        cls: The class, a record.
        fields: Its fields.
        schema: The schema of its symbolic version.
        values: All arguments; as they are if not all of them are given and decided.
    """
    defaults = schema.defaults
    several = [f for f in fields if values.get(f.argument) is not defaults.get(f.argument, MISSING)]
    several = [f for f in several if f.argument in defaults]
    if not several or schema.holes(values) or any(map(_is_open, values.values())):
        return values
    arguments = call_arguments(schema, values)[1]
    names = [f.argument for f in several if imposed(cls, arguments, f) is not MISSING]
    return {**values, **{name: defaults[name] for name in names}}


def refuse_imposed(
    cls: type,
    fields: tuple[RecordField, ...],
    schema: Schema,
    node: Any,
    changes: Mapping[str, Any],
    path: Path,
) -> None:
    """Refuses new arguments of a node that would be of no effect, for the constructor overrides them.

    Args:
        cls: The class, a record.
        fields: Its fields.
        schema: The schema of its symbolic version.
        node: The node.
        changes: The new arguments, by name.
        path: Where the node stands.

    Raises:
        TypeError: One is computed of the others; ends in ``(path=…)``.
    """
    before = schema.arguments(node)
    values = {name: value for name, value in {**before, **changes}.items() if value is not MISSING}
    for name, value in values.items():
        if _is_open(value):  # what stood there before, or the default
            values[name] = schema.defaults.get(name) if _is_open(before.get(name)) else before.get(name)
    if schema.holes(values) or any(map(_is_open, values.values())):
        return
    arguments = call_arguments(schema, values)[1]
    for f in fields:
        new = changes.get(f.argument, MISSING)
        if new is MISSING or new is schema.defaults.get(f.argument) or _is_open(before.get(f.argument)):
            continue
        result = imposed(cls, arguments, f)
        if result is not MISSING:
            raise TypeError(
                f"{cls.__name__}.{f.argument} cannot be set: the constructor makes it {brief(result)} of the "
                "other fields, whatever it is given. Set, or open, what it is computed from; and declare "
                f"it as field(init=False) {at(path / f.argument)}"
            )


def _is_open(value: Any) -> bool:
    """Whether a value is not known yet: a choice, or a reference, that others decide."""
    return holds_placeholder((value,)) or is_undecided(value)
