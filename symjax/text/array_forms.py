"""Arrays, NumPy scalars, keys and shapes as text, source and JSON; rows of the table in forms.py."""

from __future__ import annotations

import base64
import math
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import at, brief
from symjax.core.paths import Path

AnyArray = jax.Array | np.ndarray | np.generic | jax.ShapeDtypeStruct
_NO_NUMBERS = (jax.core.Tracer, jax.ShapeDtypeStruct)
_SHORT = 6  # arrays up to this size are written out
_ABBREVIATIONS = (
    ("bfloat", "bf"),
    ("float", "f"),
    ("uint", "u"),
    ("int", "i"),
    ("complex", "c"),
)


class Store(Protocol):
    """Where the bytes of arrays go: into the JSON text, or into a file beside it."""

    def store(self, data: bytes) -> dict[str, str]:
        """Keeps the bytes; returns what the record says of where they are."""


class Stored(Protocol):
    """Where the bytes of arrays come from."""

    def stored(self, record: dict[str, Any], size: int, path: Path) -> bytes:
        """The bytes that `Store.store` kept; `size` of them."""


class Names(Protocol):
    """The part of a writer of source that arrays need."""

    def name(self, module: str, name: str) -> str:
        """A name in a module, and the import that makes it known."""


def shape_text(array: jax.Array | np.ndarray | np.generic | jax.ShapeDtypeStruct) -> str:
    """Dtype and shape of an array, as in ``f32[2,3]``."""
    return f"{_short_dtype(array.dtype)}[{','.join(str(size) for size in array.shape)}]"


def text(array: AnyArray, short: bool) -> str:
    """An array, NumPy scalar or shape in one line: its values if these are few, else their range."""
    summary = shape_text(array)
    if isinstance(array, _NO_NUMBERS):
        return summary
    if jnp.issubdtype(array.dtype, jax.dtypes.extended):
        return summary
    if array.size == 0:
        return summary
    if array.size <= _SHORT or not short:
        return f"{summary} {np.asarray(array).tolist()!r}"
    if np.dtype(array.dtype).kind in "biufV":
        numbers = np.asarray(array).astype(np.float64)
        return f"{summary} in [{numbers.min():.4g}, {numbers.max():.4g}]"
    return summary


def distinct(left: AnyArray, right: AnyArray, short: bool) -> tuple[str, str]:
    """Two unequal arrays in a line each; where these look alike, with what tells the arrays apart."""
    lines = text(left, short), text(right, short)
    if lines[0] != lines[1]:
        return lines
    kinds = _kind(left), _kind(right)
    if kinds[0] != kinds[1]:
        return f"{lines[0]} ({kinds[0]})", f"{lines[1]} ({kinds[1]})"
    if isinstance(left, _NO_NUMBERS) or isinstance(right, _NO_NUMBERS):
        return lines
    differing = int((_bits(left) != _bits(right)).any(axis=-1).sum())
    return lines[0], f"{lines[1]} ({differing} of {left.size} differ)"


def _kind(array: AnyArray) -> str:
    """The type of an array as a user knows it; a weakly typed one is another to `eq`."""
    if isinstance(array, np.ndarray | np.generic):
        return f"numpy.{type(array).__name__}"
    kind = "jax.Array" if isinstance(array, jax.Array) else type(array).__name__
    return f"weakly typed {kind}" if getattr(array, "weak_type", False) else kind


def _bits(array: AnyArray) -> np.ndarray[Any, Any]:
    """The bytes of each number of an array, or of each key: uint8[size, bytes]."""
    size = array.size
    if isinstance(array, jax.Array) and jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        array = jax.random.key_data(array)
    return np.frombuffer(np.asarray(array).tobytes(), np.uint8).reshape(size, -1)


def source(names: Names, array: jax.Array | np.ndarray, path: Path) -> str | None:
    """A call of ``jnp.array`` or ``np.array`` that makes an equal array; None where there is none."""
    values = np.asarray(array)
    if getattr(array, "weak_type", False) or values.dtype.kind not in "biuf":
        return None
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return None
    module = "numpy" if isinstance(array, np.ndarray) else "jax.numpy"
    call = f"{names.name(module, 'array')}({values.tolist()!r}, dtype={values.dtype.name!r})"
    return call if values.size else f"{call}.reshape({values.shape!r})"


def encode(store: Store, array: jax.Array | np.ndarray, path: Path) -> dict[str, Any]:
    """The record of an array; its bytes are kept by `store`."""
    if isinstance(array, np.ndarray) and type(array) is not np.ndarray:
        raise TypeError(f"an array of type {type(array).__name__} cannot be saved {at(path)}")
    data = np.asarray(array)
    record: dict[str, Any] = {
        "dtype": dtype_name(data.dtype, path),
        "shape": list(data.shape),
        "of": "jax" if isinstance(array, jax.Array) else "numpy",
    }
    if getattr(array, "weak_type", False):
        record["weak"] = True
    return {"$array": {**record, **store.store(data.tobytes())}}


def decode(stored: Stored, record: Any, path: Path) -> Any:
    """The array of a record."""
    dtype, shape = _dtype(record["dtype"]), _shape(record["shape"])
    data = stored.stored(record, dtype.itemsize * math.prod(shape), path)
    array = np.frombuffer(data, dtype).reshape(shape)
    if record["of"] == "numpy":
        return array.copy()
    if record["of"] != "jax":
        raise ValueError(f"an array is of 'jax' or 'numpy', not {brief(record['of'])}")
    return _weak(jnp.asarray(array)) if record.get("weak") else jnp.asarray(array)


def _weak(array: jax.Array) -> jax.Array:
    """The array, weakly typed: it went through a program that was compiled for a weakly typed one."""
    weak: Any = jax.ShapeDtypeStruct
    identity = jax.jit(lambda x: x).lower(weak(array.shape, array.dtype, weak_type=True)).compile()
    return identity(array)  # type: ignore[no-any-return]


def _dtype(name: object) -> np.dtype[Any]:
    dtype = np.dtype(jnp.dtype(name)) if isinstance(name, str) else None
    if dtype is None or dtype.name != name or dtype.kind not in "biufcV":
        raise TypeError(f"{brief(name)} is no dtype of numbers")
    return dtype


def _shape(sizes: object) -> tuple[int, ...]:
    if not (isinstance(sizes, list) and all(type(size) is int and 0 <= size < 2**63 for size in sizes)):
        raise TypeError(f"{brief(sizes)} is no shape")
    return tuple(sizes)


def encode_key(store: Store, key: jax.Array, path: Path) -> dict[str, Any]:
    """The record of PRNG keys: their implementation and their data."""
    return {"$key": [str(jax.random.key_impl(key)), encode(store, jax.random.key_data(key), path)]}


def encode_scalar(store: Store, scalar: np.generic, path: Path) -> dict[str, Any]:
    """The record of a NumPy scalar."""
    if scalar.dtype.kind not in "biufcV":
        raise TypeError(f"{brief(scalar)} of type {type(scalar).__name__} cannot be saved as JSON {at(path)}")
    return {"$scalar": [scalar.dtype.name, base64.b64encode(scalar.tobytes()).decode()]}


def decode_scalar(content: Any) -> Any:
    """The NumPy scalar of a record."""
    name, data = content
    (scalar,) = np.frombuffer(base64.b64decode(data, validate=True), _dtype(name))
    return scalar


def encode_shape(store: Store, shape: jax.ShapeDtypeStruct, path: Path) -> dict[str, Any]:
    """The record of a `jax.ShapeDtypeStruct`."""
    return {"$shape": [list(shape.shape), shape.dtype.name, bool(shape.weak_type)]}


def decode_shape(content: Any) -> jax.ShapeDtypeStruct:
    """The `jax.ShapeDtypeStruct` of a record."""
    shape, dtype, weak = content
    if type(weak) is not bool:
        raise TypeError(f"a weak type is true or false, not {brief(weak)}")
    struct: Any = jax.ShapeDtypeStruct
    return struct(_shape(shape), _dtype(dtype), weak_type=weak)  # type: ignore[no-any-return]


def refuse_tracer(store: Store, tracer: object, path: Path) -> Any:
    """Refuses to save what has no value yet.

    Raises:
        TypeError: Always.
    """
    raise TypeError(f"a tracer cannot be saved; save the tree outside of jit {at(path)}")


def dtype_name(dtype: np.dtype[Any], path: Path) -> str:
    """The name by which a dtype is saved.

    Raises:
        TypeError: It has none: a structured dtype.
    """
    try:
        known = jnp.dtype(dtype.name) == dtype
    except TypeError:
        known = False
    if not known:
        raise TypeError(f"the dtype {dtype} cannot be saved: it has no name {at(path)}")
    return dtype.name


def _short_dtype(dtype: np.dtype[Any]) -> str:
    name = str(dtype)
    for long, short in _ABBREVIATIONS:
        if name.startswith(long):
            return short + name[len(long) :]
    return name
