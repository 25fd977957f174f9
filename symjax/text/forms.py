"""The forms of each kind of value: as text, as Python source, as JSON and back.

One row for each row of `symjax.core.kinds.KINDS`. What a value holds is written by whoever writes the tree,
which is handed in: `Source`, `Encoder` and `Decoder` say what a form may ask of it. Containers and symbolic
nodes are written there too. What stands in files (the names that start with ``$``) never changes.
"""

from __future__ import annotations

import base64
import enum
import functools
import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core import kinds
from symjax.core.errors import advise_symbolize, at, brief
from symjax.core.kinds import Kind, kind_of
from symjax.core.marks import MISSING
from symjax.core.paths import Path
from symjax.text import array_forms
from symjax.text.array_forms import dtype_name


class Source(Protocol):
    """What a form asks of the writer of Python source."""

    def text(self, value: Any, path: Path) -> str:
        """The source of a value that a value holds."""

    def name(self, module: str, name: str) -> str:
        """A name in a module, and the import that makes it known."""

    def reference(self, value: Any, path: Path) -> str:
        """A function or class by its name; refuses those without one."""


class Encoder(array_forms.Store, Protocol):
    """What a form asks of the writer of JSON."""

    def write(self, value: Any, path: Path) -> Any:
        """What stands in the file for a value that a value holds."""

    def reference(self, value: Any, path: Path) -> str:
        """A function or class by its name; refuses those without one."""


class Decoder(array_forms.Stored, Protocol):
    """What a form asks of the reader of JSON."""

    def read(self, record: Any, path: Path) -> Any:
        """The value that stands for a record inside another."""

    def read_items(self, content: Any, path: Path) -> tuple[Any, ...]:
        """The values that a list of records stands for."""

    def read_set(self, content: Any, path: Path) -> frozenset[Any]:
        """Likewise, as a set."""

    def read_reference(self, name: Any) -> Any:
        """The function or class of a name; refuses those that no file may name."""


Text = Callable[[Any, bool], str]
ToSource = Callable[[Source, Any, Path], str | None]
Encode = Callable[[Encoder, Any, Path], Any]
Decode = Callable[[Decoder, Any, Path], Any]


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of one kind are written and read.

    Attributes:
        text: For people, in one line; may be short.
        source: A Python expression that gives an equal value; None where there is none but by JSON.
        encode: What stands in a file: what JSON knows, or an object with one key that starts with ``$``.
        decode: What such keys stand for.
    """

    text: Text
    source: ToSource
    encode: Encode
    decode: Mapping[str, Decode] = field(default_factory=dict)


def form_of(value: Any) -> Form:
    """The forms of the kind to which a value belongs."""
    return FORMS[kind_of(value)]


def _repr(value: Any, short: bool) -> str:
    return repr(value)


def _repr_source(source: Source, value: Any, path: Path) -> str:
    return repr(value)


def _no_source(source: Source, value: Any, path: Path) -> None:
    return None


def _refuse(encoder: Encoder, value: Any, path: Path) -> Any:
    raise TypeError(
        f"{brief(value)} of type {type(value).__name__} cannot be saved as JSON{advise_symbolize(value)} "
        f"{at(path)}"
    )


# Numbers


def _float_source(source: Source, value: float, path: Path) -> str | None:
    plain = float(str(value))  # a NaN has a sign and a payload, which its text has not
    if struct.pack("<d", plain) != struct.pack("<d", value):
        return None
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


def _float_encode(encoder: Encoder, value: float, path: Path) -> Any:
    return value if math.isfinite(value) else {"$float": struct.pack(">d", value).hex()}


def _float_decode(decoder: Decoder, content: Any, path: Path) -> float:
    return float(struct.unpack(">d", bytes.fromhex(content))[0])


def _complex_source(source: Source, value: complex, path: Path) -> str | None:
    if not (math.isfinite(value.real) and math.isfinite(value.imag)):
        return None
    return f"complex({value.real!r}, {value.imag!r})"


# Constants


_CONSTANTS = {"$ellipsis": ..., "$notimplemented": NotImplemented, "$missing": MISSING}


def _constant_source(source: Source, value: Any, path: Path) -> str:
    return source.name("symjax", "MISSING") if value is MISSING else repr(value).replace("Ellipsis", "...")


def _constant_encode(encoder: Encoder, value: Any, path: Path) -> Any:
    return {tag: 0 for tag, constant in _CONSTANTS.items() if constant is value}


# What is made of parts


def _slice_source(source: Source, value: slice, path: Path) -> str:
    return f"slice({', '.join(source.text(part, path) for part in (value.start, value.stop, value.step))})"


def _slice_encode(encoder: Encoder, value: slice, path: Path) -> Any:
    return {"$slice": [encoder.write(part, path) for part in (value.start, value.stop, value.step)]}


def _slice_decode(decoder: Decoder, content: Any, path: Path) -> slice:
    return slice(*decoder.read_items(content, path))


def _frozenset_source(source: Source, value: frozenset[Any], path: Path) -> str:
    items = sorted(source.text(item, path) for item in value)
    return f"frozenset({{{', '.join(items)}}})" if items else "frozenset()"


def _frozenset_encode(encoder: Encoder, value: frozenset[Any], path: Path) -> Any:
    return {"$frozenset": sorted([encoder.write(item, path) for item in value], key=json.dumps)}


def _partial_text(value: functools.partial[Any], short: bool) -> str:
    inner = [form_of(value.func).text(value.func, short), *map(repr, value.args)]
    inner += [f"{key}={item!r}" for key, item in value.keywords.items()]
    return f"partial({', '.join(inner)})"


def _partial_source(source: Source, value: functools.partial[Any], path: Path) -> str:
    parts = [source.reference(value.func, path), *[source.text(item, path) for item in value.args]]
    parts += [f"{key}={source.text(item, path)}" for key, item in value.keywords.items()]
    return f"{source.name('functools', 'partial')}({', '.join(parts)})"


def _partial_encode(encoder: Encoder, value: functools.partial[Any], path: Path) -> Any:
    function = encoder.write(value.func, path)
    args = [encoder.write(item, path) for item in value.args]
    keywords = {key: encoder.write(item, path) for key, item in value.keywords.items()}
    return {"$partial": [function, args, keywords]}


def _partial_decode(decoder: Decoder, content: Any, path: Path) -> functools.partial[Any]:
    function, args, keywords = content
    named = {key: decoder.read(item, path) for key, item in keywords.items()}
    return functools.partial(decoder.read(function, path), *decoder.read_items(args, path), **named)


def _namedtuple_encode(encoder: Encoder, value: Any, path: Path) -> Any:
    cls = type(value)
    items = [encoder.write(item, path / key) for key, item in zip(cls._fields, value, strict=True)]
    return {"$namedtuple": [encoder.reference(cls, path), items]}


def _namedtuple_decode(decoder: Decoder, content: Any, path: Path) -> Any:
    reference, items = content
    cls = decoder.read_reference(reference)
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_make")):
        raise LookupError(f"{reference!r} is no NamedTuple")
    return cls._make(decoder.read_items(items, path))


def _partition_encode(encoder: Encoder, value: Any, path: Path) -> Any:
    return {"$pspec": [encoder.write(item, path / index) for index, item in enumerate(value)]}


def _partition_decode(decoder: Decoder, content: Any, path: Path) -> Any:
    spec: Any = jax.sharding.PartitionSpec
    return spec(*decoder.read_items(content, path))


# What has a name


def _enum_source(source: Source, value: enum.Enum, path: Path) -> str:
    cls = source.reference(type(value), path)
    if value.name in type(value).__members__:
        return f"{cls}[{value.name!r}]"
    return f"{cls}({value.value!r})"  # flags, combined


def _enum_encode(encoder: Encoder, value: enum.Enum, path: Path) -> Any:
    named = value.name in type(value).__members__
    return {"$enum": [encoder.reference(type(value), path), value.name if named else value.value]}


def _enum_decode(decoder: Decoder, content: Any, path: Path) -> Any:
    reference, member = content
    cls = decoder.read_reference(reference)
    if not (isinstance(cls, type) and issubclass(cls, enum.Enum)):
        raise LookupError(f"{reference!r} is no enum")
    if issubclass(cls, enum.Flag) and type(member) is int:
        return cls(member)
    return cls[member]


def _dtype_text(value: Any, short: bool) -> str:
    return value.__name__ if isinstance(value, type) else np.dtype(value).name


def _dtype_source(source: Source, value: Any, path: Path) -> str:
    name = np.dtype(value).name
    if callable(value) and getattr(jnp, name, None) is value:
        return source.name("jax.numpy", name)
    if callable(value) and getattr(np, name, None) is value:
        return source.name("numpy", name)
    return f"{source.name('jax.numpy', 'dtype')}({name!r})"


def _dtype_encode(encoder: Encoder, value: Any, path: Path) -> Any:
    return {"$dtype": dtype_name(np.dtype(value), path)}


def _dtype_decode(decoder: Decoder, content: Any, path: Path) -> Any:
    """A dtype; JAX's scalar type where there is one."""
    if not isinstance(content, str):
        raise TypeError("a dtype is saved by its name")
    dtype = jnp.dtype(content)
    scalar = getattr(jnp, dtype.name, None)
    return scalar if isinstance(scalar, type(jnp.float32)) else dtype


def _class_text(value: type, short: bool) -> str:
    return value.__name__


def _function_text(value: Any, short: bool) -> str:
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return name.replace(".<locals>", "") if isinstance(name, str) else repr(value)


def _named_source(source: Source, value: Any, path: Path) -> str:
    return source.reference(value, path)


def _named_encode(encoder: Encoder, value: Any, path: Path) -> Any:
    return {"$ref": encoder.reference(value, path)}


def _named_decode(decoder: Decoder, content: Any, path: Path) -> Any:
    return decoder.read_reference(content)


# What has no form of its own


def _pytree_text(value: Any, short: bool) -> str:
    if isinstance(value, functools.partial):  # jax.tree_util.Partial
        return _partial_text(value, short)
    return _function_text(value, short) if callable(value) else repr(value)


_NATIVE = Form(_repr, _repr_source, lambda encoder, value, path: value)
_FOREIGN = Form(_pytree_text, _no_source, _refuse)

FORMS: dict[Kind, Form] = {
    kinds.PLAIN: _NATIVE,
    kinds.FLOAT: Form(_repr, _float_source, _float_encode, {"$float": _float_decode}),
    kinds.COMPLEX: Form(
        _repr,
        _complex_source,
        lambda encoder, value, path: {"$complex": struct.pack(">dd", value.real, value.imag).hex()},
        {"$complex": lambda decoder, content, path: complex(*struct.unpack(">dd", bytes.fromhex(content)))},
    ),
    kinds.BYTES: Form(
        _repr,
        _repr_source,
        lambda encoder, value, path: {"$bytes": base64.b64encode(value).decode()},
        {"$bytes": lambda decoder, content, path: base64.b64decode(content, validate=True)},
    ),
    kinds.CONSTANT: Form(
        _repr,
        _constant_source,
        _constant_encode,
        {
            tag: lambda decoder, content, path, constant=constant: constant  # type: ignore[misc]
            for tag, constant in _CONSTANTS.items()
        },
    ),
    kinds.RANGE: Form(
        _repr,
        _repr_source,
        lambda encoder, value, path: {"$range": [value.start, value.stop, value.step]},
        {"$range": lambda decoder, content, path: range(*content)},
    ),
    kinds.SLICE: Form(_repr, _slice_source, _slice_encode, {"$slice": _slice_decode}),
    kinds.PARTIAL: Form(_partial_text, _partial_source, _partial_encode, {"$partial": _partial_decode}),
    kinds.FROZENSET: Form(
        _repr,
        _frozenset_source,
        _frozenset_encode,
        {"$frozenset": lambda decoder, content, path: decoder.read_set(content, path)},
    ),
    kinds.ENUM: Form(_repr, _enum_source, _enum_encode, {"$enum": _enum_decode}),
    kinds.DTYPE: Form(_dtype_text, _dtype_source, _dtype_encode, {"$dtype": _dtype_decode}),
    kinds.CLASS: Form(_class_text, _named_source, _named_encode),
    kinds.SCALAR: Form(
        array_forms.text,
        _no_source,
        array_forms.encode_scalar,
        {"$scalar": lambda decoder, content, path: array_forms.decode_scalar(content)},
    ),
    kinds.TRACER: Form(array_forms.text, _no_source, array_forms.refuse_tracer),
    kinds.KEY: Form(
        array_forms.text,
        _no_source,
        array_forms.encode_key,
        {
            "$key": lambda decoder, content, path: jax.random.wrap_key_data(
                decoder.read(content[1], path), impl=content[0]
            )
        },
    ),
    kinds.ARRAY: Form(
        array_forms.text,
        array_forms.source,
        array_forms.encode,
        {"$array": array_forms.decode},
    ),
    kinds.SHAPE: Form(
        array_forms.text,
        _no_source,
        array_forms.encode_shape,
        {"$shape": lambda decoder, content, path: array_forms.decode_shape(content)},
    ),
    kinds.PARTITION: Form(_repr, _no_source, _partition_encode, {"$pspec": _partition_decode}),
    kinds.NAMEDTUPLE: Form(_repr, _no_source, _namedtuple_encode, {"$namedtuple": _namedtuple_decode}),
    kinds.PYTREE: _FOREIGN,
    kinds.FUNCTION: Form(_function_text, _named_source, _named_encode, {"$ref": _named_decode}),
    kinds.OPAQUE: _FOREIGN,
}

DECODERS: dict[str, Decode] = {tag: decode for form in FORMS.values() for tag, decode in form.decode.items()}
