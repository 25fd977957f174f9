"""`Results`: what came of an evaluation, the failures included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, final

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import NoSuchPath, brief, unknown
from symjax.core.paths import Path

from ..planning.buckets import Rows
from ..planning.failures import picklable
from ..planning.plan import Plan
from ..planning.programs import Metrics
from ..spaces.dna import DNA
from .table import layout, value_text

Mode = Literal["max", "min"]
Part: TypeAlias = tuple[Rows, Metrics]
"""Metrics with the configurations that they belong to: places in the batch int[m], and arrays [m, ...]."""


@final
class Trial:
    """One configuration and what came of it.

    Attributes:
        index: Its place in the batch.
    """

    __slots__ = ("_results", "index")

    def __init__(self, results: Results, index: int) -> None:
        self._results = results
        self.index = index

    @property
    def id(self) -> int:
        """The trial id, from which its key was made."""
        return int(self._results.plan.ids[self.index])

    @property
    def key(self) -> jax.Array:
        """The key that the function was given: the root key with the trial id folded in."""
        return jax.random.fold_in(self._results.plan.key, self.id)

    @property
    def dna(self) -> DNA:
        """The point of the space."""
        return self._results.plan.dnas[self.index]

    @property
    def experiment(self) -> Any:
        """The decoded tree.

        Raises:
            Exception: Whatever refused the configuration, if it breaks an invariant of the tree.
        """
        return self._results.plan.space.decode(self.dna)

    @property
    def metrics(self) -> Metrics:
        """What the function returned, in NumPy arrays; None if it raised."""
        if self.error is not None:
            return None
        return jax.tree.map(lambda column: column[self.index], self._results.metrics)

    @property
    def error(self) -> Exception | None:
        """What the function raised, or None."""
        return self._results.errors.get(self.index)

    def __repr__(self) -> str:
        outcome = self.metrics if self.error is None else self.error
        return f"Trial({self.index}, {self.dna!r}, {brief(outcome, 200)})"


@final
class Results:
    """The results of a batch, in the order of its DNAs. Immutable.

    They can be pickled: with the space, the DNAs and the metrics, without the function and its programs.
    Where an exception cannot be pickled, a `RuntimeError` says what it said.

    Attributes:
        plan: How the batch ran.
        metrics: What the function returned, as NumPy arrays [n, ...]: NaN, or 0 for whole numbers, where
            it raised. An array of objects where the shape of a metric differs between structures. None
            if it always raised.
        errors: What was raised, by the configuration's place in the batch.
        compiled: How many programs had to be compiled.
        reused: How many were there from an earlier call.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.oneof([1.0, float('nan'), 3.0])})
        >>> dnas = search.DNA.from_numbers(space.spec, [[0], [1], [2]])
        >>> results = search.evaluate(lambda exp, key: {'y': exp['x']}, space, dnas, jax.random.key(0))
        >>> results.best('y').experiment, results.rank('y').tolist(), len(results.failed)
        ({'x': 3.0}, [2, 0, 1], 1)
    """

    __slots__ = ("compiled", "errors", "metrics", "plan", "reused")

    plan: Plan
    metrics: Metrics
    errors: Mapping[int, Exception]
    compiled: int
    reused: int

    def __init__(
        self,
        plan: Plan,
        metrics: Metrics,
        errors: Mapping[int, Exception],
        compiled: int,
        reused: int,
    ) -> None:
        for name, value in (
            ("plan", plan),
            ("metrics", metrics),
            ("errors", errors),
            ("compiled", compiled),
            ("reused", reused),
        ):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type[Results], tuple[Any, ...]]:
        errors = picklable(self.errors)
        return Results, (self.plan, self.metrics, errors, self.compiled, self.reused)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Results are immutable")

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> Trial:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"there is no trial {index} among {n}")
        return Trial(self, int(index) % n)

    def __iter__(self) -> Iterator[Trial]:
        return (Trial(self, index) for index in range(len(self)))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics: ``'accuracy'``, ``'valid.loss'``; ``''`` for a bare number."""
        return tuple(self._columns())

    @property
    def failed(self) -> tuple[Trial, ...]:
        """The configurations that raised, or in which a metric holds a NaN; in the order of the batch."""
        bad = np.zeros(len(self), bool)
        bad[list(self.errors)] = True
        for column in self._columns().values():
            if column.dtype != object and np.issubdtype(column.dtype, np.inexact):
                bad |= np.isnan(column).reshape(len(self), -1).any(axis=1)
        return tuple(self[int(index)] for index in np.flatnonzero(bad))

    def rank(self, metric: str | None = None, mode: Mode = "max") -> npt.NDArray[np.intp]:
        """All configurations, the best first.

        Args:
            metric: The name of a metric, one number for each configuration; may be left out where there
                is only one.
            mode: ``'max'`` if more is better, ``'min'`` if less is.

        Returns:
            Places in the batch, int[n]. NaN and what raised come last; equals stay in their order.

        Raises:
            KeyError: There is no such metric; the message names those that there are.
            ValueError: The metric is no single real number, it is not said which one, or another `mode`.
        """
        if mode not in ("max", "min"):
            raise ValueError(f"mode must be 'max' or 'min', got {mode!r}")
        values, valid = self._scores(metric)
        return np.lexsort((-values if mode == "max" else values, ~valid))

    def top(self, k: int, metric: str | None = None, mode: Mode = "max") -> tuple[Trial, ...]:
        """The k best configurations, the best first; fewer if fewer succeeded. See `rank`."""
        _, valid = self._scores(metric)
        return tuple(self[int(i)] for i in self.rank(metric, mode)[:k] if valid[i])

    def best(self, metric: str | None = None, mode: Mode = "max") -> Trial:
        """The best configuration; see `rank`.

        Raises:
            ValueError: All failed; the first exception is the cause of this one.
        """
        for trial in self.top(1, metric, mode):
            return trial
        first = self.errors[min(self.errors)] if self.errors else None
        why = f"; the first: {first!r}" if first is not None else f": {metric} is always NaN"
        raise ValueError(f"none of {len(self)} configurations succeeded{why}") from first

    def table(self, metric: str | None = None, mode: Mode = "max", k: int = 10) -> str:
        """The k best configurations as text: their metrics, and what was decided for them.

        Args:
            metric: What to rank by; see `rank`.
            mode: ``'max'`` or ``'min'``.
            k: How many.

        Example:
            >>> import jax
            >>> from symjax import search
            >>> space = search.space({'act': search.oneof(['relu', 'gelu']), 'x': search.oneof([1., 2.])})
            >>> dnas = search.DNA.from_numbers(space.spec, [[0, 0], [1, 1]])
            >>> results = search.evaluate(lambda exp, key: exp['x'], space, dnas, jax.random.key(0))
            >>> print(results.table())
            rank  trial  value  act     x
               1      1    2.0  'gelu'  2.0
               2      0    1.0  'relu'  1.0
        """
        space = self.plan.space
        columns = self._columns()
        scalars = [name for name, column in columns.items() if column.ndim == 1]
        rows = [["rank", "trial", *(name or "value" for name in scalars)]]
        rows[0] += [point.name for point in space.spec.points]
        for place, index in enumerate(self.rank(metric, mode)[:k]):
            trial = self[int(index)]
            numbers = [value_text(columns[name][index]) for name in scalars]
            values = space.decided(trial.dna)
            texts = [value_text(values[i]) if i in values else "" for i in range(len(space.spec))]
            rows.append([str(place + 1), str(trial.id), *numbers, *texts])
        return layout(rows, right=2 + len(scalars))

    def __repr__(self) -> str:
        lines = [f"Results of {self.plan}", f"  metrics: {', '.join(filter(None, self.names)) or 'value'}"]
        lines.append(f"  programs: {self.compiled} compiled, {self.reused} reused")
        if self.errors:
            first = min(self.errors)
            lines.append(
                f"  raised: {len(self.errors)}; trial {self[first].id}: {brief(self.errors[first], 120)}"
            )
        return "\n".join(lines)

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        entries = jax.tree_util.tree_leaves_with_path(self.metrics)
        return {str(Path.from_jax(keys)): column for keys, column in entries}

    def _scores(self, metric: str | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """The values of a metric, float64[n], and which of them count, bool[n]."""
        columns = self._columns()
        if self.metrics is None:  # everything raised
            return np.full(len(self), np.nan), np.zeros(len(self), bool)
        if metric is None and len(columns) != 1:
            raise ValueError(f"say which metric to rank by: {', '.join(columns) or 'there is none'}")
        name = next(iter(columns)) if metric is None else metric
        if name not in columns:
            raise NoSuchPath(unknown("metric", name, columns, "metrics"))
        column = columns[name]
        if column.ndim != 1 or column.dtype == object or np.issubdtype(column.dtype, np.complexfloating):
            raise ValueError(
                f"the metric {name!r} is {column.dtype}{list(column.shape[1:])} for each configuration; "
                "only a single real number can be ranked"
            )
        values = column.astype(np.float64)
        valid = ~np.isnan(values)
        valid[list(self.errors)] = False
        return values, valid


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

    def column(*pieces: npt.NDArray[Any]) -> npt.NDArray[Any]:
        shapes = {piece.shape[1:] for piece in pieces}
        if len(shapes) > 1:
            ragged = np.full(n, None, object)
            ragged[rows] = np.fromiter((row for piece in pieces for row in piece), object, len(rows))
            return ragged
        dtype = jax.numpy.result_type(*[piece.dtype for piece in pieces])
        has_nan = jax.numpy.issubdtype(dtype, np.inexact)
        whole = np.full((n, *shapes.pop()), np.nan if has_nan else 0, dtype)
        whole[rows] = np.concatenate(pieces)
        return whole

    return jax.tree.map(column, *[metrics for _, metrics in parts])
