"""`Measurements`: what came of a batch, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.errors import NoSuchPath, unknown

from ..spaces.dna import DNA
from ..spaces.space import Space
from . import columns as of_columns
from .columns import Array, Metrics
from .failures import Failure, failures_of
from .keys import RootKeys
from .objective import Floats, Modes, Objective
from .plan_summary import PlanSummary
from .ranking import Scores
from .trial import STATES, Trial

Places: TypeAlias = npt.NDArray[np.intp]
OK, NAN, FAILED, PENDING = range(len(STATES))
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Measurements:
    """What came of a batch, in the order of its DNAs. Immutable, and plain data.

    Args:
        space: The space.
        dnas: The batch, of n.
        ids: The trial ids, n different whole numbers.
        key: The root key, or those of joined results.
        metrics: What the function returned: a pytree of arrays [n, ...], or [n, repeats, ...] where there
            are repeats; None if there is nothing. What stands there for a configuration that raised, or did
            not run, does not count.
        errors: What was raised, by the configuration's place in the batch.
        pending: Which did not run yet, bool[n]; none by default.
        programs: The number of the program that each ran in, int[n]; -1 if none.
        seconds: How long each took, float[n]; NaN where that is not known.
        compiled: How many programs had to be compiled.
        reused: How many were there from an earlier call.
        plan: How the batch ran.
        objective: What counts.
        repeats: How many seeds each configuration ran with; 1 if the metrics have no axis for them.
        costs: Further columns by name, float[n], that are known without running, such as FLOPs.

    Attributes:
        ids: uint32[n].
        metrics: What the function returned, as NumPy arrays [n, ...], the mean over repeats: NaN where it
            raised or did not run; whole numbers are masked there. An array of objects where the shape of a
            metric differs between structures. None if there is nothing.
        samples: By the name of a metric, what each repeat gave, [n, repeats, ...]; empty without repeats.
        deviations: By the name of a metric, the standard deviation over repeats, [n, ...]; empty without.
        errors: What was raised, by the configuration's place in the batch, without tracebacks.
        tracebacks: What the tracebacks said, likewise.
    """

    __slots__ = (
        "__weakref__",
        "_failures",
        "_outcomes",
        "_raw",
        "_roots",
        "_violation",
        "compiled",
        "costs",
        "deviations",
        "dnas",
        "ids",
        "metrics",
        "objective",
        "pending",
        "plan",
        "programs",
        "repeats",
        "reused",
        "samples",
        "seconds",
        "space",
    )

    space: Space
    dnas: DNA
    ids: npt.NDArray[np.uint32]
    metrics: Metrics
    samples: Mapping[str, Array]
    deviations: Mapping[str, Array]
    pending: npt.NDArray[np.bool_]
    programs: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    compiled: int
    reused: int
    plan: PlanSummary
    objective: Objective
    repeats: int
    costs: Mapping[str, Array]
    _failures: Mapping[int, Failure]
    _raw: Metrics
    _roots: RootKeys
    _outcomes: npt.NDArray[np.int8]
    _violation: Floats

    def __init__(
        self,
        space: Space,
        dnas: DNA,
        ids: npt.NDArray[Any],
        key: jax.Array | RootKeys,
        metrics: Metrics,
        *,
        errors: Mapping[int, Exception | Failure] = _NOTHING,
        pending: npt.NDArray[np.bool_] | None = None,
        programs: npt.NDArray[Any] | None = None,
        seconds: npt.NDArray[Any] | None = None,
        compiled: int = 0,
        reused: int = 0,
        plan: PlanSummary | None = None,
        objective: Objective | None = None,
        repeats: int = 1,
        costs: Mapping[str, npt.NDArray[Any]] = _NOTHING,
    ) -> None:
        n = len(dnas)
        failures = failures_of(errors)
        absent = np.zeros(n, bool) if pending is None else np.array(pending, bool)
        waiting = _constant(absent)
        absent[list(failures)] = True
        raw = jax.tree.map(lambda column: of_columns.without(column, absent), metrics)
        values = {
            "space": space,
            "dnas": dnas.host(),
            "ids": _constant(np.asarray(ids, np.uint32)),
            "metrics": raw if repeats == 1 else jax.tree.map(of_columns.mean, raw),
            "samples": {} if repeats == 1 else of_columns.by_name(raw),
            "pending": waiting,
            "programs": _constant(np.full(n, -1) if programs is None else np.asarray(programs), np.int32),
            "seconds": _constant(np.full(n, np.nan) if seconds is None else np.asarray(seconds), np.float64),
            "compiled": compiled,
            "reused": reused,
            "plan": plan or PlanSummary(),
            "objective": objective or Objective(),
            "repeats": repeats,
            "costs": {name: _constant(np.asarray(column)) for name, column in costs.items()},
            "_failures": failures,
            "_raw": raw,
            "_roots": key if isinstance(key, RootKeys) else RootKeys.of(key, n),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        deviations = {name: of_columns.deviation(samples) for name, samples in self.samples.items()}
        object.__setattr__(self, "deviations", deviations)
        if metrics is not None:
            self.objective.check(self.columns)
        object.__setattr__(self, "_outcomes", self._find_outcomes())
        object.__setattr__(self, "_violation", self._find_violation())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} are immutable")

    def __reduce__(self) -> tuple[Callable[..., Measurements], tuple[Any, ...]]:
        return _restored, (type(self), self.arguments())

    def __len__(self) -> int:
        return len(self.dnas)

    def arguments(self, places: Places | None = None) -> dict[str, Any]:
        """What makes the measurements of some places int[m], or of all, by the constructor's arguments."""
        places = np.arange(len(self)) if places is None else places
        failures = {}
        if self._failures:  # for speed: a search may have a million trials
            failures = {row: self._failures[old] for row, old in enumerate(places) if old in self._failures}
        return {
            "space": self.space,
            "dnas": self.dnas[places],
            "ids": self.ids[places],
            "key": self._roots[places],
            "metrics": jax.tree.map(lambda column: column[places], self._raw),
            "errors": failures,
            "pending": self.pending[places],
            "programs": self.programs[places],
            "seconds": self.seconds[places],
            "compiled": self.compiled,
            "reused": self.reused,
            "plan": self.plan,
            "objective": self.objective,
            "repeats": self.repeats,
            "costs": {name: column[places] for name, column in self.costs.items()},
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics: ``'accuracy'``, ``'valid.loss'``; ``''`` for a bare number."""
        return tuple(of_columns.by_name(self.metrics))

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """What became of each configuration, str[n]: ``'ok'``, ``'nan'``, ``'failed'`` or ``'pending'``.

        What counts as NaN is the objective and what is constrained; without an objective, any metric.
        """
        return np.array(STATES)[self._outcomes]

    @property
    def feasible(self) -> npt.NDArray[np.bool_]:
        """Which configurations are within the constraints, bool[n]."""
        return np.equal(self._violation, 0)

    @property
    def errors(self) -> dict[int, Exception]:
        """What was raised, by the configuration's place in the batch; without tracebacks."""
        return {row: failure.error for row, failure in self._failures.items()}

    @property
    def tracebacks(self) -> dict[int, str]:
        """What the tracebacks said, by the configuration's place in the batch."""
        return {row: failure.traceback for row, failure in self._failures.items()}

    @property
    def keys(self) -> RootKeys:
        """The root key of each trial."""
        return self._roots

    @property
    def columns(self) -> dict[str, Array]:
        """All columns by name: the metrics, and costs."""
        return {**of_columns.by_name(self.metrics), **self.costs}

    def column(self, name: str) -> Array:
        """The column of a metric, [n, ...].

        Raises:
            KeyError: There is no such metric; the message names those that there are.
        """
        columns = self.columns
        if name not in columns:
            raise NoSuchPath(unknown("metric", name, columns, "metrics"))
        return columns[name]

    def numbers(self, name: str) -> Floats:
        """A column of which each configuration has one real number, float64[n]; NaN where there is none.

        Raises:
            KeyError: There is no such metric.
            ValueError: It is no single real number.
        """
        column = self.column(name)
        if column.ndim != 1 or column.dtype == object or jnp.issubdtype(column.dtype, np.complexfloating):
            raise ValueError(
                f"the metric {name!r} is {column.dtype}{list(column.shape[1:])} for each configuration; "
                "only a single real number can be ranked"
            )
        numbers = column.astype(np.float64)
        return numbers.filled(np.nan) if isinstance(numbers, np.ma.MaskedArray) else numbers

    def trial(self, index: int) -> Trial:
        """The configuration at a place, which counts from the end where it is negative.

        Raises:
            IndexError: There is no such place.
        """
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"there is no trial {index} among {n}")
        index %= n
        failure = self._failures.get(index)
        state = STATES[self._outcomes[index]]
        empty = self.metrics is None or state in ("failed", "pending")
        metrics = None if empty else jax.tree.map(lambda column: column[index], self.metrics)
        known = {name: column[index] for name, column in self.costs.items()}
        costs = {name: of_columns.count(number) for name, number in known.items() if not np.isnan(number)}
        return Trial(
            index=index,
            id=int(self.ids[index]),
            dna=self.dnas[index],
            state=state,
            metrics={**metrics, **costs} if type(metrics) is dict else metrics,
            costs=costs,
            deviations={} if empty else {name: column[index] for name, column in self.deviations.items()},
            feasible=bool(self._violation[index] == 0),
            error=failure.error if failure else None,
            traceback=failure.traceback if failure else "",
            program=int(self.programs[index]) if self.programs[index] >= 0 else None,
            seconds=float(self.seconds[index]),
            space=self.space,
            root=self._roots[[index]],
        )

    def scores(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None) -> Scores:
        """What configurations are ranked by; see `Objective.goals` and `Results.rank`."""
        if self.metrics is None:  # nothing ran, or everything raised
            return Scores(np.zeros((len(self), 0)), np.zeros(len(self)), self._outcomes)
        goals = self.objective.goals(metric, mode, self.names)
        columns = [self.numbers(name) * (-1 if mode == "max" else 1) for name, mode in goals]
        costs = np.stack(columns, axis=1)
        gone = self._outcomes >= FAILED
        outcome = np.where(gone, self._outcomes, np.where(np.isnan(costs).any(axis=1), NAN, OK))
        return Scores(costs, self._violation, outcome, tuple(goals))

    def _find_outcomes(self) -> npt.NDArray[np.int8]:
        """The number of each configuration's state, int8[n]."""
        outcomes = np.full(len(self), OK, np.int8)
        counted = {*self.objective.metrics, *self.objective.bounds} if self.objective.metrics else self.names
        for name, column in self.columns.items():
            if name in counted:
                outcomes[of_columns.nan_rows(column)] = NAN
        outcomes[list(self._failures)] = FAILED
        outcomes[self.pending] = PENDING
        return outcomes

    def _find_violation(self) -> Floats:
        """By how much each configuration is out of bounds, float64[n]."""
        bounds = self.objective.bounds
        known = {name: self.numbers(name) for name in bounds if name in self.columns}
        return self.objective.violation(known, len(self))


def _restored(kind: Callable[..., Measurements], arguments: dict[str, Any]) -> Measurements:
    return kind(**arguments)


def _constant(array: npt.NDArray[Any], dtype: Any = None) -> Array:
    """A read-only copy."""
    copy = np.array(array, dtype)
    copy.flags.writeable = False
    return copy
