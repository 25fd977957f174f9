"""Arrays as bytes with a layout: the form in which metrics and states stand in a study's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...results.columns import Array


@dataclass(frozen=True)
class Field:
    """An array within bytes.

    Attributes:
        dtype: The name of its type, as JAX knows it.
        shape: Its shape.
    """

    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: Array) -> Field:
        """The field that an array fills."""
        return cls(array.dtype.name, array.shape)

    @classmethod
    def of_record(cls, record: Any) -> Field:
        """The inverse of `to_record`."""
        dtype, shape = record
        return cls(dtype, tuple(shape))

    def to_record(self) -> list[Any]:
        """The same as what JSON knows."""
        return [self.dtype, list(self.shape)]

    @property
    def type(self) -> np.dtype[Any]:
        """The type of the array."""
        return np.dtype(jnp.dtype(self.dtype))

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.type.itemsize * int(np.prod(self.shape, dtype=np.int64))


def pack_rows(columns: Sequence[Array], n: int) -> list[bytes]:
    """The rows of columns as bytes.

    Args:
        columns: Arrays [n, ...], of numbers.
        n: How many rows.

    Returns:
        For each row its items, one after the other.
    """
    parts = [_bytes_of(column, n) for column in columns]
    whole = np.concatenate([np.zeros((n, 0), np.uint8), *parts], axis=1)
    width, content = whole.shape[1], whole.tobytes()
    return [content[start : start + width] for start in range(0, n * width, width)] if width else [b""] * n


def unpack_rows(fields: Sequence[Field], rows: Sequence[bytes]) -> list[Array]:
    """The inverse of `pack_rows`: arrays [n, ...].

    Raises:
        ValueError: A row has another length than the fields.
    """
    width = sum(field.size for field in fields)
    if any(len(row) != width for row in rows):
        raise ValueError(f"rows of {width} bytes were expected")
    whole = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), width)
    columns, start = [], 0
    for field in fields:
        part = np.ascontiguousarray(whole[:, start : start + field.size])
        columns.append(part.reshape(-1).view(field.type).reshape(len(rows), *field.shape))
        start += field.size
    return columns


def _bytes_of(column: Array, n: int) -> Array:
    """An array [n, ...] as uint8[n, bytes]."""
    plain = np.ascontiguousarray(np.ma.getdata(column))
    return plain.reshape(-1).view(np.uint8).reshape(n, -1) if plain.size else np.zeros((n, 0), np.uint8)
