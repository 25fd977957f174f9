"""`Outcomes`: what has come of each configuration so far."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from ..planning.grouping import Rows
from ..results.columns import Array, Metrics, Part, stack
from ..results.failures import Failure
from ..results.plan_summary import PlanSummary
from ..results.results import Results
from .requests import Request


@dataclass(frozen=True)
class Lanes:
    """Some lanes of a batch: of each its configuration, and which of the repeats it is.

    Attributes:
        rows: Places in the batch, int[m].
        repeats: uint32[m].
    """

    rows: Rows
    repeats: npt.NDArray[np.uint32]


Piece: TypeAlias = tuple[Lanes, Metrics]
"""Lanes and their metrics, arrays [m, ...]."""


class Outcomes:
    """Collects what comes in, in whatever order, and makes results of it at any time.

    A configuration is finished when all of its repeats are in, or when one of them raised.

    Args:
        request: What is evaluated.

    Attributes:
        compiled: How many programs had to be compiled.
        reused: How many were there from an earlier call.
        plan: How the batch runs.
        costs: Columns that are known without running, float[n] by name.
    """

    def __init__(self, request: Request) -> None:
        n = len(request.dnas)
        self.compiled = 0
        self.reused = 0
        self.plan = PlanSummary()
        self.costs: dict[str, Array] = {}
        self._request = request
        self._missing = np.full(n, request.repeats)  # lanes that are not in yet
        self._failed = np.zeros(n, bool)
        self._programs = np.full(n, -1)
        self._seconds = np.zeros(n)
        self._errors: dict[int, Exception | Failure] = {}
        self._pieces: list[Piece] = []

    def __len__(self) -> int:
        return len(self._request.dnas)

    @property
    def errors(self) -> Mapping[int, Exception | Failure]:
        """What was raised, by the configuration's place in the batch."""
        return self._errors

    @property
    def lanes_left(self) -> int:
        """How many lanes are not in yet."""
        return int(self._missing.sum())

    @property
    def pending(self) -> npt.NDArray[np.bool_]:
        """Which configurations are not finished, bool[n]."""
        return self._missing > 0

    def keep(self, lanes: Lanes, metrics: Metrics, program: int, seconds: npt.ArrayLike) -> Rows:
        """Takes what lanes gave.

        Args:
            lanes: The lanes, m of them.
            metrics: Arrays [m, ...].
            program: The number of the program.
            seconds: How long each lane took, one number or float[m].

        Returns:
            The configurations that are finished by it.
        """
        self._pieces.append((lanes, metrics))
        if self._request.repeats == 1:  # for speed: they differ
            rows = lanes.rows
            self._missing[rows] -= 1
            self._seconds[rows] += np.asarray(seconds)
        else:
            rows = np.unique(lanes.rows)
            np.add.at(self._missing, lanes.rows, -1)
            np.add.at(self._seconds, lanes.rows, seconds)
        self._programs[rows] = program
        failed = self._failed[rows]
        self._missing[rows[failed]] = 0  # whatever their other repeats do
        return rows[(self._missing[rows] <= 0) & ~failed]

    def fail(self, rows: Rows, error: Exception | Failure, program: int = -1) -> Rows:
        """Takes what configurations raised; the first error of each counts.

        Returns:
            Those that had not failed before.
        """
        rows = np.unique(rows)
        rows = rows[~self._failed[rows]]
        self._errors.update(dict.fromkeys(map(int, rows), error))
        self._failed[rows] = True
        self._missing[rows] = 0
        self._programs[rows] = program
        return rows

    def results(self, rows: Rows | None = None) -> Results:
        """The results of some configurations, or of all; what is not finished is pending in them."""
        request = self._request
        rows = np.arange(len(self)) if rows is None else rows
        pending, errors = self.pending[rows], np.flatnonzero(self._failed[rows])
        return Results(
            request.space,
            request.dnas[rows],
            request.ids[rows],
            request.key,
            self._metrics(rows),
            errors={int(place): self._errors[int(rows[place])] for place in errors},
            pending=pending,
            programs=self._programs[rows],
            seconds=np.where(pending | self._failed[rows], np.nan, self._seconds[rows]),
            compiled=self.compiled,
            reused=self.reused,
            plan=dataclasses.replace(self.plan, function=request.function),
            objective=request.objective,
            repeats=request.repeats,
            costs={name: column[rows] for name, column in self.costs.items()},
        )

    def _metrics(self, rows: Rows) -> Metrics:
        """What the finished ones among these configurations gave: [m, ...], or [m, repeats, ...]."""
        repeats = self._request.repeats
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        place[self.pending | self._failed] = -1
        parts: list[Part] = []
        missing = repeats * int((place >= 0).sum())
        for lanes, metrics in reversed(self._pieces):  # what is asked for mostly came in last
            if missing <= 0:
                break
            mine = place[lanes.rows] >= 0
            if not mine.any():
                continue
            flat = place[lanes.rows] * repeats + lanes.repeats.astype(np.intp)
            whole = bool(mine.all())
            parts.append((flat, metrics) if whole else (flat[mine], _of(metrics, mine)))
            missing -= int(mine.sum())
        parts.reverse()
        metrics = stack(parts, len(rows) * repeats)
        return metrics if repeats == 1 else jax.tree.map(lambda c: by_repeat(c, repeats), metrics)


def by_repeat(column: Array, repeats: int) -> Array:
    """A column of lanes [n * repeats, ...] as one of configurations, [n, repeats, ...].

    Where the shape of a metric depends on the structure: objects [n] of arrays [repeats, ...].
    """
    if column.dtype != object:
        return column.reshape(-1, repeats, *column.shape[1:])
    rows = np.full(len(column) // repeats, None, object)
    for place in range(len(rows)):
        arrays = list(column[place * repeats : (place + 1) * repeats])
        rows[place] = None if any(array is None for array in arrays) else np.stack(arrays)
    return rows


def _of(metrics: Any, mask: npt.NDArray[np.bool_]) -> Any:
    return jax.tree.map(lambda column: column[mask], metrics)
