"""Configurations: records that say how something is made; given to a node, they are part of its tree.

One rule decides, here: `is_configuration`. `symjax.symbolize` and `opaque` override it.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import flax.linen
import jax
import numpy as np
from flax import struct
from flax.core import FrozenDict

from symjax.adoption.classes import ClassSchema
from symjax.adoption.open_records import entries_of, is_name, is_open
from symjax.adoption.records import arguments_of, computes, record_fields
from symjax.core.containers import freeze
from symjax.core.errors import at
from symjax.core.leaves import ATOMS, is_array, is_other_pytree
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Options, holds_placeholder, is_undecided, schema_of
from symjax.names.symbols import any_symbolized, is_opaque, is_wanted, keep_opaque, symbols, trusted_modules
from symjax.types.adopters import Memo, adopted, register_adopter
from symjax.types.hint_reading import parse, resolve
from symjax.types.hints import Entries, Hint, Instance
from symjax.verbs.equality import eq

T = TypeVar("T", bound=type)
_LIBRARIES = frozenset({"jax", "jaxlib", "flax", "optax", "symjax"})
_MODULES = ("linen", "nnx")  # kinds of schemas
_DATA = (jax.Array, np.ndarray, jax.ShapeDtypeStruct, FrozenDict, flax.linen.Module)
_GROUPS = (tuple, list, set, frozenset)
_candidates: weakref.WeakKeyDictionary[type, tuple[str, ...] | None] = weakref.WeakKeyDictionary()


def opaque(cls: T) -> T:
    """Leaves the instances of a class as they are, also where they look like configurations.

    Given to something symbolic, an instance stays what JAX takes it for: a registered pytree is a subtree,
    all of whose fields are leaves; anything else is one value of the structure, and must be hashable.

    Args:
        cls: The class; its subclasses are meant too. Works as a decorator.

    Returns:
        The class.

    Raises:
        TypeError: Its instances have been adopted already.

    Example:
        >>> import dataclasses
        >>> import symjax as sj
        >>> @sj.opaque
        ... @dataclasses.dataclass(frozen=True)
        ... class Version:
        ...     major: int = 1
        >>> class Net(sj.Object):
        ...     version: Version
        >>> sj.query(Net(Version()), '.*major')
        {}
    """
    if any_symbolized(cls) is not None:
        raise TypeError(
            f"{cls.__name__} is symbolic already: say sj.opaque({cls.__name__}) before its first instance is "
            "given to something symbolic"
        )
    keep_opaque(cls)
    return cls


def is_configuration(value: Any) -> bool:
    """Whether `value` says how something is made, and holds no data.

    It does if

    - its class is a record: a dataclass, flax.struct's too, or an attrs class, whose constructor takes its
      fields and nothing else, and none of JAX's, Flax's or Optax's; or it is a namespace or a `ConfigDict`;
    - no field is annotated as an array, a parameter tree or a module;
    - no field holds one, nor any other pytree that is no configuration, in containers included.

    Example:
        >>> import dataclasses
        >>> @dataclasses.dataclass
        ... class Config:
        ...     width: int = 8
        ...     mean: object = None
        >>> is_configuration(Config()), is_configuration(Config(mean=np.ones(3)))
        (True, False)
    """
    entries = entries_of(value)
    if entries is not None:
        return all(map(is_name, entries)) and all(map(_configures, entries.values()))
    names = _candidate(type(value))
    return names is not None and all(_configures(getattr(value, name)) for name in names)


def _candidate(cls: type, inside: tuple[type, ...] = ()) -> tuple[str, ...] | None:
    """The attributes of a class whose instances may be configurations, or None; decided once for a class.

    Args:
        cls: The class.
        inside: The classes in whose hints it was met, which may name each other.
    """
    if cls in inside:
        return ()
    if cls not in _candidates:
        _candidates[cls] = _attributes(cls, (*inside, cls))
    return _candidates[cls]


def _attributes(cls: type, inside: tuple[type, ...]) -> tuple[str, ...] | None:
    if any(_of_library(base) for base in cls.__mro__):
        return None
    fields = record_fields(cls)
    if fields is None or any(_names_data(parse(resolve(f.hint, f.owner)), inside) for f in fields):
        return None
    return tuple(f.attribute for f in fields)


def _of_library(cls: type) -> bool:
    return cls is not struct.PyTreeNode and cls.__module__.partition(".")[0] in _LIBRARIES


def _of_nnx(cls: type) -> bool:
    return cls.__module__.startswith("flax.nnx")


def _names_data(hint: Hint, inside: tuple[type, ...]) -> bool:
    """Whether a hint speaks of arrays, parameter trees or modules, alone or among others."""
    if isinstance(hint, Entries) and hint.kind is FrozenDict:
        return True
    if not isinstance(hint, Instance):
        return any(_names_data(part, inside) for part in hint.parts)
    if hint.is_array or any(_names_data(part, inside) for part in hint.args):
        return True
    schema = getattr(hint.cls, ATTRIBUTE, None)
    if schema is not None:
        return schema.kind in _MODULES
    if issubclass(hint.cls, _DATA) or any(map(_of_nnx, hint.cls.__mro__)):
        return True
    if issubclass(hint.cls, tuple):
        own = inspect.get_annotations(hint.cls).values()
        return any(_names_data(parse(resolve(part, hint.cls)), inside) for part in own)
    if is_opaque(hint.cls) or is_wanted(hint.cls) or record_fields(hint.cls) is None:
        return False
    return _candidate(hint.cls, inside) is None


def _configures(value: Any) -> bool:
    """Whether a configuration may hold this value."""
    kind = type(value)
    if kind in ATOMS:
        return True
    schema = schema_of(value)
    if schema is not None:
        return schema.kind not in _MODULES
    if is_array(value) or isinstance(value, flax.linen.Module):
        return False
    if isinstance(value, _GROUPS):
        return all(map(_configures, value))
    if isinstance(value, Mapping) and kind is not FrozenDict:
        return all(map(_configures, value.values()))
    if is_wanted(kind):
        return True
    if not is_opaque(kind) and (is_open(kind) or _candidate(kind) is not None):
        return is_configuration(value)
    return not is_other_pytree(value)


def adopt_configuration(value: Any, memo: Memo) -> Any:
    """The symbolic version of a configuration; any other value as it is.

    Args:
        value: An instance of a record.
        memo: See `symjax.types.adopters.register_adopter`.
    """
    if id(value) not in memo:
        memo[id(value)] = _adopt(value, memo)
    return memo[id(value)]


def _adopt(value: Any, memo: Memo) -> Any:
    cls = type(value)
    wanted = is_wanted(cls)
    if not wanted and (is_opaque(cls) or not is_configuration(value)):
        return value
    symbolic = any_symbolized(cls) or provided.adopt(cls, Options())
    if wanted or not computes(cls):
        return _node(symbolic, value, memo)
    try:
        return _node(symbolic, value, memo)
    except Exception:  # noqa: BLE001 - whatever its own code raises when it is given its own results
        return value  # its fields are not its arguments: no configuration


def _node(symbolic: type, value: Any, memo: Memo) -> Any:
    """The node of a symbolic class that holds what an instance of the original holds.

    Raises:
        TypeError: It would not be equal, or a value is not of the hinted type; ends in ``(path=…)``.
    """
    path = memo.path
    entries = entries_of(value)
    fields = () if entries is not None else record_fields(type(value)) or ()
    arguments = _adopted_parts(arguments_of(value, fields) if entries is None else entries, memo)
    schema: ClassSchema = getattr(symbolic, ATTRIBUTE).of_names(arguments)
    admitted = schema.admit(arguments, path)
    values = schema.followed(admitted)
    node = schema.construct(values, path)
    if schema.derives and not holds_placeholder(values.values()) and not is_undecided(values):
        rebuilt = _adopted_parts({f.argument: getattr(node, f.attribute) for f in fields}, Memo())
        own = [name for name in rebuilt if values[name] is admitted[name]]  # and not computed of others
        changed = [name for name in own if not eq(rebuilt[name], values[name])]
        if changed:
            raise TypeError(
                f"{type(value).__name__}.{changed[0]} is not what the constructor was given, so that no "
                "instance can be rebuilt from its fields; decorate the class with @sj.symbolize, which "
                f"remembers what it was given, or with @sj.opaque {at(path / changed[0])}"
            )
    return node


def _adopted_parts(values: dict[str, Any], memo: Memo) -> dict[str, Any]:
    """Values by name, frozen and adopted; `memo` says where they stand."""
    path = memo.path
    parts = {}
    try:
        for name, value in values.items():
            memo.path = path / name
            parts[name] = adopted(freeze(value), memo)
    finally:
        memo.path = path
    return parts


def _is_record(cls: type) -> bool:
    if getattr(cls, ATTRIBUTE, None) is not None or issubclass(cls, flax.linen.Module):
        return False
    return is_open(cls) or record_fields(cls) is not None


register_adopter(_is_record, adopt_configuration)


def known_configuration(cls: type) -> type | None:
    """The symbolic version of a class that a file names, if its instances may be configurations.

    None need have been given to anything symbolic yet, but the class must be known: a field of a symbolic
    class is annotated with it, or its module has defined a symbol.
    """
    if not is_open(cls):
        known = cls.__module__ in trusted_modules() or cls in _annotated()
        if is_opaque(cls) or _candidate(cls) is None or not known:
            return None
    return any_symbolized(cls) or provided.adopt(cls, Options())


provided.configuration = known_configuration


def _annotated() -> set[type]:
    """The classes that fields of symbolic classes, and of records among these, are annotated with."""
    classes: set[type] = set()
    fields = [f for symbol in symbols() for f in getattr(symbol, ATTRIBUTE).fields.values()]
    hints = [(f.hint, f.owner) for f in fields if f.hint is not Any]
    while hints:
        for cls in _classes(parse(resolve(*hints.pop()))):
            if cls not in classes and cls.__module__ not in ("builtins", "typing"):
                classes.add(cls)
                hints += [(f.hint, f.owner) for f in record_fields(cls) or ()]
    return classes


def _classes(hint: Hint) -> Iterator[type]:
    if isinstance(hint, Instance):
        yield hint.cls
    for part in hint.parts:
        yield from _classes(part)
