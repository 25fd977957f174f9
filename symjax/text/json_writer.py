"""`Writer`: a tree as what JSON knows; the form that `serialization.py` describes."""

from __future__ import annotations

import base64
import enum
import functools
import json
import math
import struct
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.containers import Map
from symjax.core.errors import adopt, at, brief
from symjax.core.leaves import is_dtype
from symjax.core.lookup import is_nameless, public_name
from symjax.core.marks import MISSING
from symjax.core.paths import Path, extend
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.core.symbols import find_symbol
from symjax.verbs.equality import eq

NATIVE = frozenset({str, int, bool, type(None)})  # what JSON writes as it is
Arrays = dict[str, np.ndarray[Any, Any]]
_EMBED = 4096  # bytes; larger arrays lie beside a saved file


class Writer:
    """Writes one tree.

    Args:
        hide_defaults: Leave out arguments that equal their default.
        arrays: Takes the arrays that are too large to be embedded; None embeds all.
    """

    def __init__(self, hide_defaults: bool, arrays: Arrays | None) -> None:
        self.hide_defaults = hide_defaults
        self.arrays = arrays
        self._names: dict[int, tuple[str, str] | None] = {}  # by id; the tree keeps the values alive
        self._symbols: set[str] = set()  # the names of classes that are known to be found again
        self._nameless: dict[int, bool] = {}  # defaults, likewise

    def name_of(self, value: Any) -> tuple[str, str] | None:
        """See `public_name`; looked up once for each value."""
        if id(value) not in self._names:
            self._names[id(value)] = public_name(value)
        return self._names[id(value)]

    def write(self, value: Any, path: Path) -> Any:
        """A value in the terms of JSON; `path` is for messages."""
        kind = type(value)
        if value is None or kind is str or kind is bool or kind is int:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"$float": struct.pack(">d", value).hex()}
        schema = getattr(kind, ATTRIBUTE, None)
        if schema is not None:
            return self._write_node(value, schema, path)
        if kind is tuple:
            if NATIVE.issuperset(map(type, value)):
                return list(value)
            return [self.write(item, extend(path, key)) for key, item in enumerate(value)]
        if kind is Map or kind is dict:
            return {f"${kind.__name__.lower()}": self._write_entries(value, path)}
        if kind is list:
            return {"$list": [self.write(item, path / key) for key, item in enumerate(value)]}
        return self._write_other(value, kind, path)

    def _write_node(self, node: Any, schema: Schema, path: Path) -> dict[str, Any]:
        if schema.name not in self._symbols:
            if find_symbol(schema.name) is None:
                raise TypeError(
                    f"{schema.cls.__name__} has no name to be saved by: a lifted class is made by a call; "
                    f"subclass it at the top of a module {at(path)}"
                )
            self._symbols.add(schema.name)
        record: dict[str, Any] = {"$type": schema.name}
        for name, value in schema.values(node):
            if value is MISSING:
                if schema.fields[name].required:
                    record[name] = {"$missing": 0}
                continue
            default = schema.fields[name].default
            if default is not MISSING and (value is default or self.hide_defaults):
                if name in schema.hidden or (self.hide_defaults and eq(value, default)):
                    continue
                if value is default and type(value) not in NATIVE and self._is_nameless(value):
                    continue  # the class makes it again
            if type(value) in NATIVE:
                record[name] = value
            else:
                record[name] = self.write(value, extend(path, name))
        return record

    def _is_nameless(self, default: Any) -> bool:
        if id(default) not in self._nameless:
            self._nameless[id(default)] = is_nameless(default)
        return self._nameless[id(default)]

    def _write_entries(self, value: Any, path: Path) -> Any:
        if all(type(key) is str for key in value):
            return {key: self.write(item, path / key) for key, item in value.items()}
        return [[self.write(key, path), self.write(item, path / key)] for key, item in value.items()]

    def _write_other(self, value: Any, kind: type, path: Path) -> Any:
        if isinstance(value, enum.Enum):
            return {"$enum": [self._reference(kind, path), value.name]}
        if is_dtype(value):
            return {"$dtype": self._dtype_name(np.dtype(value), path)}
        if isinstance(value, np.generic) and value.dtype.kind in "biufcV":
            return {"$scalar": [value.dtype.name, _encode(value.tobytes())]}
        if isinstance(value, jax.core.Tracer):
            raise TypeError(f"a tracer cannot be saved; save the tree outside of jit {at(path)}")
        if isinstance(value, jax.Array | np.ndarray):
            return self._write_array(value, path)
        if isinstance(value, jax.ShapeDtypeStruct):
            return {"$shape": [list(value.shape), value.dtype.name, bool(value.weak_type)]}
        if isinstance(value, jax.sharding.PartitionSpec):
            return {"$pspec": [self.write(item, path / i) for i, item in enumerate(value)]}
        simple = _ENCODERS.get(kind)
        if simple is not None:
            return simple(self, value, path)
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            items = [self.write(item, path / key) for key, item in zip(kind._fields, value, strict=True)]
            return {"$namedtuple": [self._reference(kind, path), items]}
        if callable(value):
            return {"$ref": self._reference(value, path)}
        raise TypeError(
            f"{brief(value)} of type {kind.__name__} cannot be saved as JSON{adopt(value)} {at(path)}"
        )

    def _write_array(self, array: Any, path: Path) -> dict[str, Any]:
        if isinstance(array, np.ndarray) and type(array) is not np.ndarray:
            raise TypeError(f"an array of type {type(array).__name__} cannot be saved {at(path)}")
        if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
            impl = str(jax.random.key_impl(array))
            return {"$key": [impl, self._write_array(jax.random.key_data(array), path)]}
        data = np.asarray(array)
        weak = bool(getattr(array, "weak_type", False))
        record: dict[str, Any] = {
            "dtype": self._dtype_name(data.dtype, path),
            "shape": list(data.shape),
            "of": "jax" if isinstance(array, jax.Array) else "numpy",
        }
        if weak:
            record["weak"] = True
        if self.arrays is not None and data.nbytes > _EMBED:
            record["file"] = f"a{len(self.arrays)}"
            self.arrays[record["file"]] = np.frombuffer(data.tobytes(), np.uint8)
        else:
            record["data"] = _encode(data.tobytes())
        return {"$array": record}

    def _dtype_name(self, dtype: np.dtype[Any], path: Path) -> str:
        try:
            known = jnp.dtype(dtype.name) == dtype
        except TypeError:
            known = False
        if not known:
            raise TypeError(f"the dtype {dtype} cannot be saved: it has no name {at(path)}")
        return dtype.name

    def _reference(self, value: Any, path: Path) -> str:
        found = self.name_of(value)
        if found is None:
            raise TypeError(
                f"{brief(value)} of type {type(value).__name__} cannot be saved: it has no name by which "
                f"it is found again, a lambda or closure has none; define a function at the top of a module, "
                f"and use sj.symbolize, or symjax.linen and symjax.optax, for what has arguments {at(path)}"
            )
        return ":".join(found)


def _write_partial(writer: Writer, value: Any, path: Path) -> Any:
    function = writer.write(value.func, path)
    args = [writer.write(item, path) for item in value.args]
    return {"$partial": [function, args, {k: writer.write(v, path) for k, v in value.keywords.items()}]}


_ENCODERS: dict[type, Callable[[Writer, Any, Path], Any]] = {
    bytes: lambda w, v, p: {"$bytes": _encode(v)},
    complex: lambda w, v, p: {"$complex": struct.pack(">dd", v.real, v.imag).hex()},
    frozenset: lambda w, v, p: {"$frozenset": sorted([w.write(i, p) for i in v], key=json.dumps)},
    range: lambda w, v, p: {"$range": [v.start, v.stop, v.step]},
    slice: lambda w, v, p: {"$slice": [w.write(i, p) for i in (v.start, v.stop, v.step)]},
    type(...): lambda w, v, p: {"$ellipsis": 0},
    type(NotImplemented): lambda w, v, p: {"$notimplemented": 0},
    functools.partial: _write_partial,
    type(MISSING): lambda w, v, p: {"$missing": 0},
}


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
