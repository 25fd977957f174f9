"""The metrics of trials as bytes, a trial at a time, and back into columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt
from jax.tree_util import PyTreeDef

from ...results.column_forms import read_metrics, write_metrics
from ...results.columns import Array, Metrics, Part, stack
from .packing import Field, pack_rows, unpack_rows

Rows: TypeAlias = npt.NDArray[np.intp]
Content: TypeAlias = tuple[str, bytes]
"""A layout, and the bytes that are laid out so."""

NOTHING = json.dumps({"metrics": None, "costs": {}})
"""The layout of a trial that has neither metrics nor costs."""


def write_contents(
    metrics: Metrics, costs: Mapping[str, Array], empty: npt.NDArray[np.bool_]
) -> list[Content]:
    """What trials gave, each by itself.

    Args:
        metrics: A pytree of arrays [n, ...], or of objects, an array each; None if there is nothing.
        costs: Further columns by name, [n].
        empty: Which trials have no metrics, bool[n].

    Returns:
        For each trial a layout and its bytes.
    """
    contents: list[Content] = [(NOTHING, b"")] * len(empty)
    groups = [(np.flatnonzero(empty), None), *_alike(metrics, np.flatnonzero(~empty))]
    for rows, own in groups:
        if not len(rows):
            continue
        further = {name: column[rows] for name, column in costs.items()}
        layout = {
            "metrics": write_metrics(own, _row_of),
            "costs": {name: _row_of(column) for name, column in further.items()},
        }
        text = json.dumps(layout)
        packed = pack_rows([*jax.tree.leaves(own), *further.values()], len(rows))
        for row, content in zip(rows.tolist(), packed, strict=True):
            contents[row] = (text, content)
    return contents


def read_contents(
    layouts: Sequence[int], contents: Sequence[bytes], texts: Mapping[int, str]
) -> tuple[Metrics, dict[str, Array]]:
    """The inverse of `write_contents`.

    Args:
        layouts: The layout of each trial, by its number; n of them.
        contents: Its bytes.
        texts: The layouts by their numbers.

    Returns:
        The metrics, a pytree of arrays [n, ...], and the costs.

    Raises:
        ValueError: Bytes do not fit their layout.
    """
    n = len(contents)
    numbers = np.asarray(layouts, np.int64)
    parts: list[Part] = []
    costs: dict[str, Array] = {}
    for number in np.unique(numbers).tolist():
        rows = np.flatnonzero(numbers == number)
        own = contents if len(rows) == n else [contents[row] for row in rows.tolist()]
        metrics, further = _read(json.loads(texts[number]), own)
        if metrics is not None:
            parts.append((rows, metrics))
        for name, column in further.items():
            costs.setdefault(name, np.full(n, np.nan, column.dtype))[rows] = column
    return stack(parts, n), costs


def _read(layout: Mapping[str, Any], contents: Sequence[bytes]) -> tuple[Metrics, dict[str, Array]]:
    """The metrics and costs of trials of one layout."""
    fields: list[Field] = []
    read_metrics(layout["metrics"], lambda record: fields.append(Field.of_record(record)))
    fields += [Field.of_record(record) for record in layout["costs"].values()]
    columns = iter(unpack_rows(fields, contents))
    metrics = read_metrics(layout["metrics"], lambda record: next(columns))
    return metrics, dict(zip(layout["costs"], columns, strict=True))


def names_of(layout: str) -> tuple[str, ...] | None:
    """The names of the metrics of a layout, by their paths; None if it has no metrics."""
    metrics = json.loads(layout)["metrics"]
    if metrics is None:
        return None
    tree = read_metrics(metrics, lambda record: 0)
    return tuple(jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(tree))


def _alike(metrics: Metrics, rows: Rows) -> Iterator[tuple[Rows, Metrics]]:
    """The metrics of rows, in groups of which each has arrays of one shape."""
    leaves = jax.tree.leaves(metrics)
    treedef: PyTreeDef = jax.tree.structure(metrics)
    ragged = [leaf for leaf in leaves if leaf.dtype == object]
    if not ragged:
        yield rows, treedef.unflatten([leaf[rows] for leaf in leaves])
        return
    groups: dict[Any, list[int]] = {}
    for row in rows.tolist():
        shapes = tuple(Field.of(np.asarray(leaf[row])) for leaf in ragged)
        groups.setdefault(shapes, []).append(row)
    for members in groups.values():
        some = np.array(members)
        columns = [np.stack(list(leaf[some])) if leaf.dtype == object else leaf[some] for leaf in leaves]
        yield some, treedef.unflatten(columns)


def _row_of(column: Array) -> Any:
    """The record of a row of a column [m, ...]."""
    return Field(column.dtype.name, column.shape[1:]).to_record()
