"""Results as flat rows and as data frames: a column for each decision and each metric."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .columns import Array, is_inexact, shortest
from .table import value_text

Library = Literal["pandas", "polars"]
LIBRARIES: tuple[Library, ...] = ("pandas", "polars")
_LONGEST = 10**6  # characters of a value; in a frame nothing is cut off


def plain(value: Any) -> Any:
    """A value as what a cell of a data frame holds: numbers, texts, bools and None; anything else by name.

    Example:
        >>> import jax
        >>> plain(16), plain(jax.nn.gelu), plain((1, 2))
        (16, 'gelu', '(1, 2)')
    """
    if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0:
        value = value.item()
    if value is None or type(value) in (bool, int, float, str):
        return value
    return value_text(value, _LONGEST)


def cells(column: Array, absent: npt.NDArray[np.bool_]) -> list[Any]:
    """A column of metrics as plain values; None where there is nothing, a list where there are several.

    Args:
        column: An array [n, ...].
        absent: Where there is nothing, bool[n].
    """
    if column.dtype == object:
        rows = [None if row is None else _numbers(np.asarray(row)).tolist() for row in column]
    else:
        rows = _numbers(column).tolist()
    return [None if missing else row for row, missing in zip(rows, absent.tolist(), strict=True)]


def _numbers(array: Array) -> Array:
    """An array of numbers that Python knows."""
    if is_inexact(array.dtype) and array.dtype.kind != "c":
        return shortest(array)
    return array.astype(np.int64) if array.dtype.kind == "V" else array  # JAX's small ints


def unique_names(taken: Iterable[str], names: Iterable[str], kind: str) -> dict[str, str]:
    """Names of columns that are not taken yet, by what they are of.

    Example:
        >>> unique_names(['id', 'loss'], ['lr', 'loss'], 'decision')
        {'lr': 'lr', 'loss': 'decision.loss'}
    """
    used = set(taken)
    chosen = {}
    for name in names:
        column = name or kind
        while column in used:
            column = f"{kind}.{column}"
        used.add(column)
        chosen[name] = column
    return chosen


def rows_of(table: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Columns as rows."""
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def to_frame(table: Mapping[str, Sequence[Any]], library: Library | None = None) -> Any:
    """A data frame of columns.

    Args:
        table: Plain values by the name of a column.
        library: ``'pandas'`` or ``'polars'``; by default the first of them that is installed.

    Raises:
        ImportError: It is not installed; or neither is.
        ValueError: Another library.
    """
    if library is not None and library not in LIBRARIES:
        raise ValueError(f"a data frame is made by 'pandas' or 'polars', got {library!r}")
    wanted = LIBRARIES if library is None else (library,)
    for name in wanted:
        if importlib.util.find_spec(name) is not None:
            module = importlib.import_module(name)  # slow to import, and optional
            break
    else:
        raise ImportError(
            f"a data frame needs {' or '.join(wanted)}: pip install {wanted[0]}; results.records() gives the "
            "same as a list of dicts, without either"
        )
    if name == "pandas":
        return module.DataFrame({key: _series(module, values) for key, values in table.items()})
    return module.DataFrame(dict(table), strict=False)


def to_csv(table: Mapping[str, Sequence[Any]]) -> str:
    """Columns as CSV text; lists as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([json.dumps(cell) if isinstance(cell, list) else cell for cell in row])
    return text.getvalue()


def to_parquet(table: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as a Parquet file.

    Raises:
        ImportError: Neither polars nor pandas with pyarrow is installed.
    """
    content = io.BytesIO()
    if importlib.util.find_spec("polars") is not None:
        to_frame(table, "polars").write_parquet(content)
    elif all(importlib.util.find_spec(name) is not None for name in ("pandas", "pyarrow")):
        to_frame(table, "pandas").to_parquet(content, index=False)
    else:
        raise ImportError(
            "a Parquet file needs polars, or pandas with pyarrow: pip install polars; a path that ends in "
            ".json or .csv needs neither"
        )
    return content.getvalue()


def _series(pandas: Any, values: Sequence[Any]) -> Any:
    """A column for pandas: whole numbers stay whole where some are missing."""
    kinds = {type(value) for value in values}
    if kinds == {int, type(None)}:
        return pandas.array(values, dtype="Int64")
    if kinds == {bool, type(None)}:
        return pandas.array(values, dtype="boolean")
    return values
