"""The metrics of a batch: columns of arrays, with what is missing in them and what repeats say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.paths import Path

Array: TypeAlias = npt.NDArray[Any]
Metrics: TypeAlias = Any  # a pytree of arrays, as the evaluated function returns it
Part: TypeAlias = tuple[npt.NDArray[np.intp], Metrics]
"""Metrics with the configurations that they belong to: places in the batch int[m], and arrays [m, ...]."""


def stack(parts: list[Part], n: int) -> Metrics:
    """Metrics in the order of the batch.

    Args:
        parts: Places in the batch int[m], and a pytree of arrays [m, ...], all of one tree structure.
        n: The size of the batch.

    Returns:
        A pytree of arrays [n, ...], or None if there are no parts. Configurations without results hold
        NaN, or 0 where there is no NaN. A metric whose shape depends on the structure is an array of
        objects, an array each.
    """
    if not parts:
        return None
    rows = np.concatenate([places for places, _ in parts])

    def column(*pieces: Array) -> Array:
        shapes = {piece.shape[1:] for piece in pieces}
        if len(shapes) > 1 or any(piece.dtype == object for piece in pieces):
            ragged = np.full(n, None, object)
            ragged[rows] = np.fromiter((row for piece in pieces for row in piece), object, len(rows))
            return ragged
        dtype = _joint_dtype({piece.dtype for piece in pieces})
        whole = np.full((n, *shapes.pop()), np.nan if is_inexact(dtype) else 0, dtype)
        whole[rows] = np.concatenate([np.asarray(piece) for piece in pieces])
        return whole

    return jax.tree.map(column, *[metrics for _, metrics in parts])


def by_name(metrics: Metrics) -> dict[str, Array]:
    """The columns of metrics by name: ``'loss'``, ``'valid.loss'``; ``''`` for a bare number.

    The keys of dicts stand in a name as they are, joined by dots. Where that does not tell two metrics apart,
    they go by their paths.

    Example:
        >>> list(by_name({'eval/loss': np.zeros(2), 'top': [{'@1': np.ones(2)}]}))
        ['eval/loss', 'top[0].@1']
    """
    entries = [(Path.from_jax(keys), column) for keys, column in jax.tree_util.tree_leaves_with_path(metrics)]
    count = Counter(_joined(path) for path, _ in entries)
    return {str(path) if count[_joined(path)] > 1 else _joined(path): column for path, column in entries}


def without(column: Array, absent: npt.NDArray[np.bool_]) -> Array:
    """A column in which nothing stands for the rows that are absent.

    Args:
        column: An array [n, ...].
        absent: bool[n].

    Returns:
        NaN in these rows, or None among objects. Whole numbers and bools, of which none means nothing, come
        as a masked array. The array is read-only.

    Raises:
        ValueError: The column is of another length.

    Example:
        >>> without(np.array([1, 2]), np.array([False, True])).tolist()
        [1, None]
    """
    plain = np.asarray(column)
    if plain.shape[:1] != absent.shape:
        raise ValueError(f"a column of {len(absent)} configurations cannot be of shape {list(plain.shape)}")
    if absent.any():
        plain = plain.copy()
        plain[absent] = _filling(plain.dtype)
        if plain.dtype != object and not is_inexact(plain.dtype):
            mask = np.zeros(plain.shape, bool)
            mask[absent] = True
            plain = np.ma.MaskedArray(plain, mask)
    elif plain.flags.writeable:
        plain = plain.copy()
    plain = plain.view()
    plain.flags.writeable = False
    return plain


def mean(samples: Array) -> Array:
    """The mean of a column over its repeats.

    Args:
        samples: An array [n, repeats, ...], or objects [n] of arrays [repeats, ...]; may be masked.

    Returns:
        An array [n, ...] of the same type of float; float64 for whole numbers. NaN where one is.
    """
    return _over_repeats(samples, lambda array: array.mean(axis=0))


def deviation(samples: Array) -> Array:
    """The standard deviation of a column over its repeats, estimated from a sample (ddof=1); see `mean`."""
    return _over_repeats(samples, lambda array: array.std(axis=0, ddof=1))


def shortest(column: Array) -> Array:
    """Floats as float64, those of float32 by their shortest text: 0.1 in the place of 0.10000000149011612.

    Rounded to their own type they are what they were.
    """
    wide = column.astype(np.float64)
    if column.dtype != np.float32:
        return wide
    short = np.array([float(str(number)) for number in column.reshape(-1)]).reshape(column.shape)
    return np.where(short.astype(np.float32) == column, short, wide)


def count(number: Any) -> int | float:
    """A cost as people write it: a whole number without its point.

    Example:
        >>> count(492.0), count(0.5)
        (492, 0.5)
    """
    value = float(number)
    return int(value) if value.is_integer() else value


def is_inexact(dtype: Any) -> bool:
    """Whether an array of this type can hold a NaN; JAX's bfloat16 can, which NumPy does not know."""
    return np.dtype(dtype).kind != "O" and bool(jnp.issubdtype(dtype, np.inexact))


def nan_rows(column: Array) -> npt.NDArray[np.bool_]:
    """Which rows of a column [n, ...] hold a NaN, bool[n]."""
    if column.dtype == object:
        return np.array([row is not None and _has_nan(np.asarray(row)) for row in column], bool)
    if not is_inexact(column.dtype):
        return np.zeros(len(column), bool)
    return np.asarray(np.isnan(column).any(axis=tuple(range(1, column.ndim))), bool)


def _joined(path: Path) -> str:
    """A path as text, in which no key is quoted."""
    parts = [f".{key}" if isinstance(key, str) else f"[{key!r}]" for key in path.keys]
    return "".join(parts).removeprefix(".")


def _has_nan(array: Array) -> bool:
    return is_inexact(array.dtype) and bool(np.isnan(array).any())


def _filling(dtype: Any) -> Any:
    """What stands in an array where there is nothing; a number that nobody takes for a metric."""
    if np.dtype(dtype).kind == "O":
        return None
    if is_inexact(dtype):
        return np.nan
    if np.dtype(dtype).kind == "b":
        return False
    info = jnp.iinfo(dtype)  # type: ignore[no-untyped-call]
    return info.min or info.max


def _joint_dtype(dtypes: set[Any]) -> Any:
    """The type that holds numbers of all of these; by JAX's rules, but for 64 bits, which it may have off."""
    if len(dtypes) == 1:
        return next(iter(dtypes))
    if any(dtype.itemsize >= 8 for dtype in dtypes):
        return np.result_type(*dtypes)
    return jnp.result_type(*dtypes)


def _over_repeats(samples: Array, reduce: Callable[[Array], Array]) -> Array:
    if samples.dtype == object:
        reduced = np.full(len(samples), None, object)
        for row, array in enumerate(samples):
            reduced[row] = None if array is None else _over_repeats(np.asarray(array)[None], reduce)[0]
        return reduced
    exact = not is_inexact(samples.dtype)
    wide = np.complex128 if jnp.issubdtype(samples.dtype, np.complexfloating) else np.float64
    array = np.moveaxis(samples.astype(wide), 1, 0)
    result = reduce(array)
    if isinstance(result, np.ma.MaskedArray):
        result = result.filled(np.nan)
    return result if exact or wide is np.complex128 else result.astype(samples.dtype)
