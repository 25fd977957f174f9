"""One table of the kinds of values: what belongs to each, and by what its values are told apart.

Static keys, `eq` and `hash` follow from a row's identity; text, source and JSON add the forms of the same
kinds (`symjax/text/forms.py`). A new kind is a row here and its forms there. Containers and symbolic nodes
are no kinds: who walks a tree enters them.
"""

from __future__ import annotations

import enum
import functools
import struct
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from flax.core import FrozenDict

from symjax.core.containers import Map
from symjax.core.errors import advise_symbolize, at, brief
from symjax.core.leaves import is_array, is_dtype, is_leaf, is_other_pytree
from symjax.core.marks import MISSING
from symjax.core.paths import Path
from symjax.core.schema import schema_of


def _itself(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A row of the table.

    Two values of one type are equal when their bits are, or their parts: one of the two is given. The static
    key of a value is its head with its bits, or with the static keys of its parts.

    Attributes:
        name: What messages and tests call it.
        types: The exact types whose values all belong to it.
        test: Whether another value belongs to it; asked in the order of the table.
        bits: What stands for the whole value, with Python's equality and hash.
        parts: What the value is made of, compared one by one.
        head: What a static key says beside bits or parts; the type, unless several types are one.
        key: The static key, where it does not follow from bits or parts.
        lasts: Whether the hash of a value never changes, so that the node that holds it may keep its own.
    """

    name: str
    types: tuple[type, ...] = ()
    test: Callable[[Any], bool] | None = None
    bits: Callable[[Any], Hashable] = _itself
    parts: Callable[[Any], tuple[Any, ...]] | None = None
    head: Callable[[Any], Hashable] = type
    key: Callable[[Any], Hashable] | None = None
    lasts: bool = False


def static_key(value: Any) -> Hashable:
    """What identifies a structural value in a jit cache: by type and by bits, recursively.

    Raises:
        TypeError: The value, or something in it, is not hashable.
    """
    kind = type(value)
    if kind in PLAIN_KEYS:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is bool:
        return kind, value  # before the table: 132 µs, not 136 (benchmarks/trees.py, flatten)
    schema = schema_of(value)
    if schema is not None:
        return (kind, *((name, static_key(item)) for name, item in schema.values(value)))
    if kind is Map:
        return (Map, *((static_key(key), static_key(item)) for key, item in value.items()))
    if kind is dict or kind is FrozenDict:  # data, whose order counts nowhere
        return kind, frozenset((static_key(key), static_key(item)) for key, item in value.items())
    if isinstance(value, tuple):
        return (kind, *[static_key(item) for item in value])
    row = kind_of(value)
    if row.key is not None:
        return row.key(value)
    if row.parts is not None:
        return (row.head(value), *[static_key(part) for part in row.parts(value)])
    bits = row.bits(value)
    hash(bits)
    return row.head(value), bits


def kind_of(value: Any) -> Kind:
    """The row of the table to which a value belongs."""
    row = _BY_TYPE.get(type(value))
    if row is not None:
        return row
    return next(row for row in _TESTED if row.test is not None and row.test(value))


# Values of these types are structure, and their own static key (no other value equals them).
PLAIN_KEYS = frozenset({str, type(None), types.FunctionType, types.BuiltinFunctionType, type(MISSING)})


def _refuse_array(value: Any) -> NoReturn:
    raise TypeError("an array cannot be structure: a compiled function would keep a stale copy")


def _hashed(value: Any) -> Hashable:
    hash(value)
    return type(value), value


def _head_of_array(array: jax.Array | np.ndarray) -> tuple[Hashable, ...]:
    return str(array.dtype), tuple(array.shape), bool(getattr(array, "weak_type", False))


def is_key(value: Any) -> bool:
    """Whether a value is an array of typed PRNG keys, as `jax.random.key` makes them."""
    return isinstance(value, jax.Array) and bool(jnp.issubdtype(value.dtype, jax.dtypes.prng_key))


def is_namedtuple(value: Any) -> bool:
    """Whether a value is a tuple with names for its items."""
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _parts_of_pytree(value: Any) -> tuple[Any, ...]:
    leaves, treedef = jax.tree.flatten(value)
    return treedef, *leaves


PLAIN = Kind("plain", (str, int, bool, type(None)), lasts=True)
FLOAT = Kind("float", (float,), bits=struct.Struct("<d").pack, lasts=True)
COMPLEX = Kind("complex", (complex,), bits=lambda v: struct.pack("<dd", v.real, v.imag), lasts=True)
BYTES = Kind("bytes", (bytes,), lasts=True)
CONSTANT = Kind("constant", (type(...), type(NotImplemented), type(MISSING)), lasts=True)
RANGE = Kind("range", (range,), lasts=True)
SLICE = Kind("slice", (slice,), parts=lambda v: (v.start, v.stop, v.step))
PARTIAL = Kind("partial", (functools.partial,), parts=lambda v: (v.func, v.args, Map(v.keywords)))
FROZENSET = Kind("frozenset", (frozenset,), bits=lambda v: frozenset(map(static_key, v)))
ENUM = Kind("enum", test=lambda v: isinstance(v, enum.Enum), lasts=True)
DTYPE = Kind("dtype", (type(jnp.float32),), is_dtype, bits=np.dtype, head=lambda v: np.dtype, lasts=True)
CLASS = Kind("class", test=lambda v: isinstance(v, type), key=_itself, lasts=True)
SCALAR = Kind(
    "NumPy scalar",
    test=lambda v: isinstance(v, np.generic),
    bits=lambda v: (v.dtype, v.tobytes()),
    lasts=True,
)
TRACER = Kind("tracer", test=lambda v: isinstance(v, jax.core.Tracer), bits=id, key=_refuse_array)
KEY = Kind(
    "PRNG key",
    test=is_key,
    bits=lambda v: (*_head_of_array(v), np.asarray(jax.random.key_data(v)).tobytes()),
    key=_refuse_array,
)
ARRAY = Kind(
    "array",
    test=lambda v: isinstance(v, jax.Array | np.ndarray),
    bits=lambda v: (*_head_of_array(v), np.asarray(v).tobytes()),
    key=_refuse_array,
)
SHAPE = Kind(
    "shape",
    (jax.ShapeDtypeStruct,),
    lambda v: isinstance(v, jax.ShapeDtypeStruct),
    bits=lambda v: (*_head_of_array(v), v.sharding),
    key=_refuse_array,
)
PARTITION = Kind("PartitionSpec", test=lambda v: isinstance(v, jax.sharding.PartitionSpec))
NAMEDTUPLE = Kind("NamedTuple", test=is_namedtuple, parts=tuple)
PYTREE = Kind("pytree", test=is_other_pytree, parts=_parts_of_pytree, key=_hashed)
FUNCTION = Kind(
    "function",
    (types.FunctionType, types.BuiltinFunctionType, type(jax.nn.relu), type(jax.nn.silu)),
    callable,
    lasts=True,
)
OPAQUE = Kind("opaque", test=lambda v: True)

KINDS = (
    *(PLAIN, FLOAT, COMPLEX, BYTES, CONSTANT, RANGE, SLICE, PARTIAL, FROZENSET),
    *(ENUM, DTYPE, CLASS, SCALAR, TRACER, KEY, ARRAY, SHAPE, PARTITION, NAMEDTUPLE),
    *(PYTREE, FUNCTION, OPAQUE),
)
_BY_TYPE = {cls: row for row in KINDS for cls in row.types}
_TESTED = tuple(row for row in KINDS if row.test is not None)


def check_structure(value: Any, mark: bool | None, path: Path, owner: str) -> None:
    """Refuses what could not be flattened later: unhashable structure, a leaf where none may be.

    Args:
        value: A frozen value.
        mark: The static mark of the field.
        path: Where the value stands, for the message.
        owner: The name of the class whose field it is, for the message.

    Raises:
        TypeError: The value cannot be part of a tree; the message ends in the path.
    """
    kind = type(value)
    if kind in PLAIN_KEYS or kind is int or kind is bool:
        return
    schema = schema_of(value)
    if schema is not None:
        if mark is True:
            check_structure(Map.of(dict(schema.values(value))), True, path, owner)
        return
    if kind is Map or ((kind is dict or kind is FrozenDict) and mark is True):
        for key, item in value.items():
            check_structure(item, mark, path / key, owner)
        return
    if isinstance(value, tuple):
        for key, item in enumerate(value):
            check_structure(item, mark, path / key, owner)
        return
    if is_leaf(value):
        if mark is True and is_array(value):
            traced = isinstance(value, jax.core.Tracer)
            use = "give it a number outside of jit, or drop the mark" if traced else "use a float or a tuple"
            raise TypeError(
                f"a field marked static=True cannot hold an array: {owner} got {brief(value)}, of which a "
                f"compiled function would keep a stale copy; {use} {at(path)}"
            )
        return
    row = kind_of(value)
    if row.parts is not None and row.key is None:
        _check_parts(value, path)
        return
    try:
        hash(value)
    except TypeError as error:
        if row is PYTREE and mark is not True:
            return
        raise TypeError(
            f"unhashable structure {brief(value)} of type {kind.__name__}: what is no leaf becomes part "
            "of the compiled program's key; give a tuple, an array or a frozen object"
            f"{advise_symbolize(value)} {at(path)}"
        ) from error


def _check_parts(value: Any, path: Path) -> None:
    """Refuses a slice or a partial that holds what no structure can hold: it is structure as a whole."""
    try:
        static_key(value)
    except TypeError as error:
        raise TypeError(f"{brief(value)} is structure, and so are its parts: {error} {at(path)}") from error
