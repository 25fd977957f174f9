"""What a function returns: refused where it is no metric, and compared between structures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import brief, known
from symjax.core.paths import Path

Metrics: TypeAlias = Any
"""A pytree of numbers and arrays, as a function returns it."""


def check_metrics(metrics: Metrics) -> None:
    """Refuses what a function returned, if it is not made of numbers.

    Args:
        metrics: What it returned, a pytree; under a trace or not.

    Raises:
        TypeError: There is nothing in it, or a metric is no number; the message names it.

    Example:
        >>> check_metrics({'loss': 0.5, 'name': 'adam'})
        Traceback (most recent call last):
        ...
        TypeError: the metric 'name' is 'adam', a str; return numbers and arrays, such as {'loss': loss}
    """
    remedy = "return numbers and arrays, such as {'loss': loss}"
    entries = jax.tree_util.tree_leaves_with_path(metrics, is_leaf=lambda value: value is None)
    for keys, value in entries:
        what = f"the metric {str(Path.from_jax(keys))!r}" if keys else "what the function returned"
        if value is None:
            forgotten = "" if keys else "; is a `return` missing?"
            raise TypeError(f"{what} is None{forgotten}; {remedy}")
        if isinstance(value, bool | int | float | complex | np.generic | np.ndarray | jax.Array):
            dtype = jnp.result_type(value) if isinstance(value, jax.Array) else np.asarray(value).dtype
            if not jnp.issubdtype(dtype, jax.dtypes.extended) and dtype.kind not in "OUSM":
                continue
            raise TypeError(f"{what} is an array of {dtype}; {remedy}")
        raise TypeError(f"{what} is {brief(value)}, a {type(value).__name__}; {remedy}")
    if not entries:
        raise TypeError(f"the function returned {brief(metrics)}, which holds no metric; {remedy}")


def check_equal_metrics(returned: Iterable[tuple[Metrics, Callable[[], str]]]) -> None:
    """Refuses functions that return different metrics for different structures.

    Args:
        returned: For each structure the metrics, and a function that describes it: ``'with act=gelu'``.

    Raises:
        ValueError: They differ; the message names the metrics that are missing, and where.
    """
    first: tuple[Any, Metrics, Callable[[], str]] | None = None
    for metrics, described in returned:
        treedef = jax.tree.structure(metrics)
        if first is None:
            first = treedef, metrics, described
        elif treedef != first[0]:
            raise ValueError(_difference(first[1:], (metrics, described)))


def _difference(one: tuple[Metrics, Callable[[], str]], other: tuple[Metrics, Callable[[], str]]) -> str:
    mine, theirs = _names(one[0]), _names(other[0])
    parts = [
        f"{known(missing, 'missing')} {described()}"
        for missing, (_, described) in (
            ([name for name in mine if name not in theirs], other),
            ([name for name in theirs if name not in mine], one),
        )
        if missing
    ]
    if not parts:  # the same names, in other containers
        parts = [f"{jax.tree.structure(metrics)} {described()}" for metrics, described in (one, other)]
    return (
        f"the function returns different metrics for different structures: {'; '.join(parts)}. Let it return "
        "the same ones everywhere, with jnp.nan for a metric that makes no sense there"
    )


def _names(metrics: Metrics) -> list[str]:
    return [
        repr(str(Path.from_jax(keys))) if keys else "the bare number"
        for keys, _ in jax.tree_util.tree_leaves_with_path(metrics)
    ]
