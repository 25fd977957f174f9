"""`to_json`, `from_json`, `save`, `load`: trees as JSON. Never pickle, never code.

A symbolic node is an object with ``"$type"`` and its arguments; tuples are lists. Everything else that JSON
does not know is an object with one key that starts with ``$``.
"""

from __future__ import annotations

import base64
import enum
import functools
import importlib.metadata
import json
import math
import struct
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.containers import Map
from symjax.equality import eq
from symjax.errors import at, brief, unknown
from symjax.lineage import lineage, with_lineage
from symjax.missing import MISSING
from symjax.names import look_up, public_name
from symjax.object import check, settle_missing
from symjax.paths import ROOT, Path, extend
from symjax.registry import find_symbol, symbol_names
from symjax.schema import ATTRIBUTE, Schema

if TYPE_CHECKING:
    from etils import epath

FORMAT = 1
_EMBED = 4096  # bytes; larger arrays lie beside a saved file
_DTYPE_LIKE = (np.dtype, type(jnp.float32))

_NATIVE = frozenset({str, int, bool, type(None)})  # what JSON writes as it is

Arrays = dict[str, np.ndarray[Any, Any]]


class LoadError(ValueError):
    """A text or file that is no tree of this library."""


def to_json(tree: Any, *, hide_defaults: bool = False, indent: int | None = None) -> str:
    """A tree as JSON text, from which `from_json` makes an equal tree.

    Args:
        tree: A symbolic object or a plain container.
        hide_defaults: Leave out arguments that equal their default.
        indent: As in `json.dumps`.

    Returns:
        The text: ``{"format": 1, "versions": …, "lineage": …, "tree": …}``. Arrays are embedded.

    Raises:
        TypeError: The tree holds what cannot be saved (a lambda, a closure, a tracer); the message
            ends in the path.

    Example:
        >>> from symjax import linen as nn
        >>> from_json(to_json(nn.Dense(8))) == nn.Dense(8)
        True
    """
    return _dump(tree, _Writer(hide_defaults, None), indent)


def from_json(text: str | bytes, *, modules: Collection[str] = ()) -> Any:
    """The tree that `to_json` wrote.

    Classes are looked up among the symbols, functions in modules that are imported already: JAX's,
    Flax's, Optax's, those that define a symbolic class, and `modules`. A file can cause no import.

    Args:
        text: What `to_json` returned.
        modules: Names of further modules in which functions may be looked up.

    Raises:
        LoadError: The text is cut off, of another version, nested too deeply, or names an unknown
            type or field; the message ends in the path where that is known.
        TypeError: An argument of a wrong type; ends in the path.
        ValueError: An argument outside its constraints; ends in the path.
    """
    return _parse(text, _Reader(modules, None))


def save(tree: Any, path: epath.PathLike, *, hide_defaults: bool = False) -> None:
    """Writes a tree to a JSON file, with its lineage; large arrays go to ``<path>.npz`` beside it.

    Args:
        tree: A symbolic object or a plain container.
        path: A file, also of a cloud storage that etils knows, such as ``gs://…``.
        hide_defaults: Leave out arguments that equal their default.

    Raises:
        TypeError: As `to_json`; then nothing is written.
    """
    from etils import epath  # slow to import, and only needed here

    target = epath.Path(path)
    arrays: Arrays = {}
    text = _dump(tree, _Writer(hide_defaults, arrays), 2)
    if arrays:
        with _replacing(_beside(target)) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
    with _replacing(target) as temporary:
        temporary.write_text(text)


def load(path: epath.PathLike, *, modules: Collection[str] = ()) -> Any:
    """Reads the tree that `save` wrote.

    Args:
        path: The file.
        modules: As in `from_json`.

    Raises:
        FileNotFoundError: There is no such file, or the arrays beside it are gone.
        LoadError: As `from_json`.
    """
    from etils import epath

    source = epath.Path(path)
    text = source.read_text()
    arrays: Arrays = {}
    if _beside(source).exists():
        with _beside(source).open("rb") as file, np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
    return _parse(text, _Reader(modules, arrays))


@contextmanager
def _replacing(target: epath.Path) -> Iterator[epath.Path]:
    """A path beside `target` that takes its place when all went well: no half-written file is left."""
    temporary = target.parent / (target.name + ".tmp")
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: epath.Path) -> epath.Path:
    return path.parent / (path.name + ".npz")


@functools.cache
def _versions() -> dict[str, str]:
    found = {"jax": jax.__version__}
    for name, distribution in (("symjax", "symjax-flax"), ("flax", "flax")):
        try:
            found[name] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def _dump(tree: Any, writer: _Writer, indent: int | None) -> str:
    record: dict[str, Any] = {"format": FORMAT, "versions": _versions()}
    if lineage(tree):
        record["lineage"] = list(lineage(tree))
    record["tree"] = writer.write(tree, ROOT)
    return json.dumps(record, indent=indent, allow_nan=False)


def _parse(text: str | bytes, reader: _Reader) -> Any:
    try:
        record = json.loads(text)
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise LoadError(f"the text is no JSON, or cut off: {error}") from None
    if not isinstance(record, dict) or "format" not in record or "tree" not in record:
        raise LoadError('no saved tree: expected an object with "format" and "tree"')
    if record["format"] != FORMAT or isinstance(record["format"], bool):
        raise LoadError(f"format {brief(record['format'])} is not known; this version reads format {FORMAT}")
    steps = record.get("lineage", [])
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise LoadError("the lineage must be a list of texts")
    try:
        tree = reader.read(record["tree"], ROOT)
    except RecursionError:
        raise LoadError("the text is nested too deeply to be a tree") from None
    return with_lineage(tree, tuple(steps))


class _Writer:
    def __init__(self, hide_defaults: bool, arrays: Arrays | None) -> None:
        self.hide_defaults = hide_defaults
        self.arrays = arrays
        self._names: dict[int, tuple[str, str] | None] = {}  # by id; the tree keeps the values alive
        self._writable: dict[int, bool] = {}  # defaults, likewise

    def name_of(self, value: Any) -> tuple[str, str] | None:
        """See `public_name`; looked up once for each value."""
        if id(value) not in self._names:
            self._names[id(value)] = public_name(value)
        return self._names[id(value)]

    def write(self, value: Any, path: Path) -> Any:
        kind = type(value)
        if value is None or kind is str or kind is bool or kind is int:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"$float": struct.pack(">d", value).hex()}
        schema = getattr(kind, ATTRIBUTE, None)
        if schema is not None:
            return self._write_node(value, schema, path)
        if kind is tuple:
            if _NATIVE.issuperset(map(type, value)):
                return list(value)
            return [self.write(item, extend(path, key)) for key, item in enumerate(value)]
        if kind is Map or kind is dict:
            return {f"${kind.__name__.lower()}": self._write_entries(value, path)}
        if kind is list:
            return {"$list": [self.write(item, path / key) for key, item in enumerate(value)]}
        return self._write_other(value, kind, path)

    def _write_node(self, node: Any, schema: Schema, path: Path) -> dict[str, Any]:
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
                if value is default and type(value) not in _NATIVE and not self._can_write(value, path):
                    continue  # a default without a name of its own is made again by the class
            if type(value) in _NATIVE:
                record[name] = value
            else:
                record[name] = self.write(value, extend(path, name))
        return record

    def _can_write(self, default: Any, path: Path) -> bool:
        if id(default) not in self._writable:
            try:
                self.write(default, path)
            except TypeError:
                self._writable[id(default)] = False
            else:
                self._writable[id(default)] = True
        return self._writable[id(default)]

    def _write_entries(self, value: Any, path: Path) -> Any:
        if all(type(key) is str for key in value):
            return {key: self.write(item, path / key) for key, item in value.items()}
        return [[self.write(key, path), self.write(item, path / key)] for key, item in value.items()]

    def _write_other(self, value: Any, kind: type, path: Path) -> Any:
        if isinstance(value, enum.Enum):
            return {"$enum": [self._reference(kind, path), value.name]}
        if isinstance(value, _DTYPE_LIKE) or (kind is type and issubclass(value, np.generic)):
            return {"$dtype": self._dtype_name(np.dtype(value), path)}
        if isinstance(value, np.generic):
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
        raise TypeError(f"{brief(value)} of type {kind.__name__} cannot be saved as JSON {at(path)}")

    def _write_array(self, array: Any, path: Path) -> dict[str, Any]:
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
                f"{brief(value)} cannot be saved: a lambda or closure has no name by which it is found "
                f"again; define it at the top of a module, or use @sj.symbolize {at(path)}"
            )
        return ":".join(found)


def _write_partial(writer: _Writer, value: Any, path: Path) -> Any:
    function = writer.write(value.func, path)
    args = [writer.write(item, path) for item in value.args]
    return {"$partial": [function, args, {k: writer.write(v, path) for k, v in value.keywords.items()}]}


_ENCODERS: dict[type, Callable[[_Writer, Any, Path], Any]] = {
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


class _Reader:
    def __init__(self, modules: Collection[str], arrays: Arrays | None) -> None:
        self.modules = modules
        self.arrays = arrays
        self.references: dict[str, Any] = {}

    def read(self, record: Any, path: Path) -> Any:
        kind = type(record)
        if kind in _NATIVE or kind is float:
            return record
        if kind is list:
            if _NATIVE.issuperset(map(type, record)):
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
            raise LoadError(
                f"{unknown('symbolic class', name, symbol_names(), 'some of those known')} "
                f"(is the module that defines it imported?) {at(path)}"
            )
        schema: Schema = getattr(cls, ATTRIBUTE)
        values: dict[str, Any] = {}
        for key, item in record.items():
            if key == "$type":
                continue
            if key not in schema.fields:
                raise LoadError(f"{schema.unknown_field(key)} {at(path / key)}")
            kind = type(item)
            plain = kind in _NATIVE or kind is float
            values[key] = item if plain else self.read(item, extend(path, key))
        absent = [name for name in schema.holes(values) if name not in values]
        if absent:
            raise LoadError(f"{cls.__name__} misses the field {absent[0]!r} {at(path / absent[0])}")
        admitted = schema.validator().admit(values, path)
        held = schema.complete(admitted)
        if admitted is not values:
            settle_missing(schema, held, partial=True)
        node = schema.construct(held, path) if not schema.holes(held) else schema.unpickle(held)
        if schema.checks:
            check(node, path)
        return node

    def read_entries(self, content: Any, path: Path) -> dict[Any, Any]:
        if isinstance(content, dict):
            return {key: self.read(item, path / key) for key, item in content.items()}
        entries = {}
        for key, item in content:
            name = self.read(key, path)
            entries[name] = self.read(item, path / name)
        return entries

    def read_array(self, content: Any, path: Path) -> Any:
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
        if content not in self.references:
            self.references[content] = look_up(content, self.modules)
        return self.references[content]

    def read_enum(self, content: Any) -> Any:
        cls = look_up(content[0], self.modules)
        if not (isinstance(cls, type) and issubclass(cls, enum.Enum)):
            raise LookupError(f"{content[0]!r} is no enum")
        return cls[content[1]]

    def read_namedtuple(self, content: Any, path: Path) -> Any:
        cls = look_up(content[0], self.modules)
        if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_make")):
            raise LookupError(f"{content[0]!r} is no NamedTuple")
        return cls._make(self.read(item, path / i) for i, item in enumerate(content[1]))

    def read_partial(self, content: Any, path: Path) -> Any:
        function, args, keywords = content
        read_keywords = {key: self.read(item, path) for key, item in keywords.items()}
        return functools.partial(
            self.read(function, path), *[self.read(item, path) for item in args], **read_keywords
        )

    def read_dtype(self, content: Any) -> Any:
        if not isinstance(content, str):
            raise TypeError("a dtype is saved by its name")
        dtype = jnp.dtype(content)
        scalar = getattr(jnp, dtype.name, None)
        return scalar if isinstance(scalar, type(jnp.float32)) else dtype


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


_DECODERS: dict[str, Callable[[_Reader, Any, Path], Any]] = {
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
