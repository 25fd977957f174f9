"""Columns of metrics as JSON, to the last bit, and readable."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .columns import Array, Metrics, shortest

Json = Any
_TEXTS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def write_column(column: Array) -> Json:
    """An array as ``{"dtype": …, "shape": …, "data": […]}``; one of objects as a list of these and nulls.

    A float is written so that the nearest number of its type is itself; what is no number is a text:
    ``"inf"``, or ``"nan"``, with its bits where these are not the usual ones.

    Example:
        >>> write_column(np.array([0.5, np.inf], np.float32))
        {'dtype': 'float32', 'shape': [2], 'data': [0.5, 'inf']}
    """
    if column.dtype == object:
        return {"dtype": "object", "data": [None if row is None else write_column(row) for row in column]}
    plain = np.asarray(column)
    record = {"dtype": plain.dtype.name, "shape": list(plain.shape)}
    if jnp.issubdtype(plain.dtype, np.complexfloating):
        plain = np.stack([plain.real, plain.imag], axis=-1)
    flat = plain.reshape(-1)
    if plain.dtype.kind in "biu":
        return {**record, "data": flat.tolist()}
    if not jnp.issubdtype(plain.dtype, np.floating):  # JAX's small ints
        return {**record, "data": flat.astype(np.int64).tolist()}
    numbers: list[Any] = shortest(flat).tolist()
    for place in np.flatnonzero(~np.isfinite(flat)):
        numbers[place] = _text(flat[place])
    return {**record, "data": numbers}


def read_column(record: Json) -> Array:
    """The inverse of `write_column`.

    Raises:
        KeyError: A part is missing.
        TypeError: No record, or a number of a wrong type.
        ValueError: Another number of values than the shape has.
    """
    if record["dtype"] == "object":
        rows = record["data"]
        column = np.full(len(rows), None, object)
        for place, row in enumerate(rows):
            column[place] = None if row is None else read_column(row)
        return column
    dtype = np.dtype(jnp.dtype(record["dtype"]))
    shape = tuple(record["shape"])
    if not jnp.issubdtype(dtype, np.inexact):
        whole = np.array(record["data"], dtype if dtype.kind in "biu" else np.int64)
        return whole.astype(dtype).reshape(shape)
    is_complex = jnp.issubdtype(dtype, np.complexfloating)
    part = np.dtype(f"float{dtype.itemsize * 4}") if is_complex else dtype
    texts = {place: number for place, number in enumerate(record["data"]) if isinstance(number, str)}
    flat = np.array([0.0 if isinstance(n, str) else n for n in record["data"]], np.float64).astype(part)
    for place, text in texts.items():
        flat[place] = _number(text, part)
    return (flat.view(dtype) if is_complex else flat).reshape(shape)


def write_metrics(metrics: Metrics, write: Callable[[Array], Json] = write_column) -> Json:
    """A pytree of columns: ``{"dict": …}``, ``{"list": …}``, ``{"tuple": …}``, ``{"column": …}`` or null.

    Containers of other classes are dicts by the names of their parts.

    Args:
        metrics: The pytree.
        write: Writes a column; called in the order of the leaves.
    """
    if metrics is None:
        return None
    if isinstance(metrics, np.ndarray):
        return {"column": write(metrics)}
    if type(metrics) in (list, tuple):
        return {type(metrics).__name__: [write_metrics(item, write) for item in metrics]}
    parts, _ = jax.tree_util.tree_flatten_with_path(metrics, is_leaf=lambda value: value is not metrics)
    return {"dict": {_key(keys[0]): write_metrics(item, write) for keys, item in parts}}


def read_metrics(record: Json, read: Callable[[Json], Any] = read_column) -> Metrics:
    """The inverse of `write_metrics`.

    Args:
        record: What it gave.
        read: Reads a column; called in the order in which they were written.

    Raises:
        KeyError: As `read_column`.
        TypeError: Likewise.
        ValueError: Likewise; or another kind of container.
    """
    if record is None:
        return None
    ((kind, content),) = record.items()
    readers: dict[str, Callable[[Any], Any]] = {
        "column": read,
        "list": lambda items: [read_metrics(item, read) for item in items],
        "tuple": lambda items: tuple(read_metrics(item, read) for item in items),
        "dict": lambda items: {key: read_metrics(item, read) for key, item in items.items()},
    }
    if kind not in readers:
        raise ValueError(f"metrics are in dicts, lists and tuples, not in a {kind!r}")
    return readers[kind](content)


def _key(key: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


def _text(number: Any) -> str:
    """What is no number, as text."""
    text = str(float(number))
    usual = np.array(_TEXTS[text]).astype(number.dtype)
    return text if usual.tobytes() == number.tobytes() else f"nan:{number.tobytes().hex()}"


def _number(text: str, dtype: Any) -> Any:
    """The inverse of `_text`."""
    kind, _, bits = text.partition(":")
    if bits:
        return np.frombuffer(bytes.fromhex(bits), dtype)[0]
    if kind not in _TEXTS:
        raise ValueError(f"a number, 'nan', 'inf' or '-inf' is expected, got {text!r:.40}")
    return _TEXTS[kind]
