"""`Reader`: the inverse of `json_writer.Writer`. It imports nothing and runs nothing but constructors."""

from __future__ import annotations

import base64
import enum
import functools
import struct
from collections.abc import Callable, Collection
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.containers import Map
from symjax.core.errors import at, brief, unknown
from symjax.core.lookup import look_up, saved_by_script
from symjax.core.marks import MISSING
from symjax.core.paths import Path, extend
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.core.symbols import find_symbol, symbol_names
from symjax.text.json_writer import NATIVE, Arrays


class LoadError(ValueError):
    """A text or file that is no tree of this library."""


class Reader:
    """Reads one tree.

    Args:
        modules: Names of further modules in which functions may be looked up.
        arrays: The arrays beside a saved file; None if there is no file.
    """

    def __init__(self, modules: Collection[str], arrays: Arrays | None) -> None:
        self.modules = modules
        self.arrays = arrays
        self.references: dict[str, Any] = {}

    def read(self, record: Any, path: Path) -> Any:
        """The value that a record stands for; `path` is for messages."""
        kind = type(record)
        if kind in NATIVE or kind is float:
            return record
        if kind is list:
            if NATIVE.issuperset(map(type, record)):
                return tuple(record)
            return tuple([self.read(item, extend(path, key)) for key, item in enumerate(record)])
        name = record.get("$type")
        if name is not None:
            return self._read_node(name, record, path)
        if len(record) != 1:
            raise LoadError(f'an object must have "$type", or one key that starts with "$" {at(path)}')
        ((tag, content),) = record.items()
        decode = _DECODERS.get(tag)
        if decode is None:
            raise LoadError(f"{unknown('kind of value', tag, _DECODERS, 'known kinds')} {at(path)}")
        try:
            return decode(self, content, path)
        except (LoadError, RecursionError, FileNotFoundError):
            raise
        except LookupError as error:
            raise LoadError(f"{error.args[0] if error.args else error} {at(path)}") from None
        except Exception as error:
            if "(path=" in str(error):
                raise
            raise LoadError(f"{tag} holds {brief(content)}, which is none: {error} {at(path)}") from error

    def _read_node(self, name: Any, record: dict[str, Any], path: Path) -> Any:
        cls = find_symbol(name) if isinstance(name, str) else None
        if cls is None:
            message = unknown("symbolic class", name, symbol_names(), "some of those known")
            raise LoadError(f"{message} {_why_unknown(name)} {at(path)}")
        schema: Schema = getattr(cls, ATTRIBUTE)
        values: dict[str, Any] = {}
        for key, item in record.items():
            if key == "$type":
                continue
            if key not in schema.fields:
                raise LoadError(f"{schema.unknown_field(key)} {at(path / key)}")
            kind = type(item)
            plain = kind in NATIVE or kind is float
            values[key] = item if plain else self.read(item, extend(path, key))
        absent = [name for name in schema.holes(values) if name not in values]
        if absent:
            raise LoadError(f"{cls.__name__} misses the field {absent[0]!r} {at(path / absent[0])}")
        arguments = schema.admit(values, path, partial=True)
        node = (
            schema.construct(arguments, path) if not schema.holes(arguments) else schema.unpickle(arguments)
        )
        if schema.checks:
            schema.check(node, path)
        return node

    def read_entries(self, content: Any, path: Path) -> dict[Any, Any]:
        """The entries of a mapping; an object, or pairs where keys are no texts."""
        if isinstance(content, dict):
            return {key: self.read(item, path / key) for key, item in content.items()}
        entries = {}
        for key, item in content:
            name = self.read(key, path)
            entries[name] = self.read(item, path / name)
        return entries

    def read_array(self, content: Any, path: Path) -> Any:
        """An array, embedded or beside the file."""
        dtype = np.dtype(jnp.dtype(content["dtype"]))
        if "file" in content:
            if self.arrays is None:
                raise LoadError(f"an array lies in a file beside the text; use sj.load {at(path)}")
            if content["file"] not in self.arrays:
                raise FileNotFoundError(f"the arrays beside the saved file are missing {at(path)}")
            raw = self.arrays[content["file"]].tobytes()
        else:
            raw = base64.b64decode(content["data"], validate=True)
        data = np.frombuffer(raw, dtype).reshape(content["shape"])
        if content["of"] == "numpy":
            return data.copy()
        array = jnp.asarray(data)
        return array if not content.get("weak") else _weak(array)

    def read_reference(self, content: Any) -> Any:
        """A function or class by name."""
        if content not in self.references:
            self.references[content] = look_up(content, self.modules)
        return self.references[content]

    def read_enum(self, content: Any) -> Any:
        """A member of an enum."""
        cls = look_up(content[0], self.modules)
        if not (isinstance(cls, type) and issubclass(cls, enum.Enum)):
            raise LookupError(f"{content[0]!r} is no enum")
        return cls[content[1]]

    def read_namedtuple(self, content: Any, path: Path) -> Any:
        """A NamedTuple."""
        cls = look_up(content[0], self.modules)
        if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_make")):
            raise LookupError(f"{content[0]!r} is no NamedTuple")
        return cls._make(self.read(item, path / i) for i, item in enumerate(content[1]))

    def read_partial(self, content: Any, path: Path) -> Any:
        """A `functools.partial`."""
        function, args, keywords = content
        read_keywords = {key: self.read(item, path) for key, item in keywords.items()}
        return functools.partial(
            self.read(function, path), *[self.read(item, path) for item in args], **read_keywords
        )

    def read_dtype(self, content: Any) -> Any:
        """A dtype; JAX's scalar type where there is one."""
        if not isinstance(content, str):
            raise TypeError("a dtype is saved by its name")
        dtype = jnp.dtype(content)
        scalar = getattr(jnp, dtype.name, None)
        return scalar if isinstance(scalar, type(jnp.float32)) else dtype


def _why_unknown(name: Any) -> str:
    if not (isinstance(name, str) and name.startswith("__main__.")):
        return "(is the module that defines it imported?)"
    own = name.removeprefix("__main__.")
    return f"({saved_by_script(own)}; older files load after sj.symbolize({own}, aliases=[{name!r}]))"


def _weak(array: jax.Array) -> jax.Array:
    """The array, weakly typed. Weak arrays are made of Python scalars, and so are they here."""
    scalars = [jnp.asarray(number) for number in array.ravel().tolist()]
    made = jnp.stack(scalars) if scalars else jax.lax.full((0,), 0.0)
    return made.reshape(array.shape)


def _read_float(content: str) -> float:
    return float(struct.unpack(">d", bytes.fromhex(content))[0])


def _read_scalar(content: Any) -> Any:
    return np.frombuffer(base64.b64decode(content[1], validate=True), jnp.dtype(content[0]))[0]


def _read_spec(parts: Any) -> Any:
    make: Any = jax.sharding.PartitionSpec
    return make(*parts)


def _read_shape(content: Any) -> jax.ShapeDtypeStruct:
    shape, dtype, weak = content
    make: Any = jax.ShapeDtypeStruct
    return make(tuple(shape), jnp.dtype(dtype), weak_type=weak)  # type: ignore[no-any-return]


_DECODERS: dict[str, Callable[[Reader, Any, Path], Any]] = {
    "$float": lambda r, c, p: _read_float(c),
    "$complex": lambda r, c, p: complex(*struct.unpack(">dd", bytes.fromhex(c))),
    "$bytes": lambda r, c, p: base64.b64decode(c, validate=True),
    "$list": lambda r, c, p: list(r.read(list(c), p)),
    "$map": lambda r, c, p: Map.of(r.read_entries(c, p)),
    "$dict": lambda r, c, p: r.read_entries(c, p),
    "$frozenset": lambda r, c, p: frozenset(r.read(list(c), p)),
    "$range": lambda r, c, p: range(*c),
    "$slice": lambda r, c, p: slice(*r.read(list(c), p)),
    "$ellipsis": lambda r, c, p: ...,
    "$notimplemented": lambda r, c, p: NotImplemented,
    "$missing": lambda r, c, p: MISSING,
    "$dtype": lambda r, c, p: r.read_dtype(c),
    "$scalar": lambda r, c, p: _read_scalar(c),
    "$array": lambda r, c, p: r.read_array(c, p),
    "$key": lambda r, c, p: jax.random.wrap_key_data(r.read(c[1], p), impl=c[0]),
    "$shape": lambda r, c, p: _read_shape(c),
    "$pspec": lambda r, c, p: _read_spec(r.read(list(c), p)),
    "$ref": lambda r, c, p: r.read_reference(c),
    "$enum": lambda r, c, p: r.read_enum(c),
    "$namedtuple": lambda r, c, p: r.read_namedtuple(c, p),
    "$partial": lambda r, c, p: r.read_partial(c, p),
}
