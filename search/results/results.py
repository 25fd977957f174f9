"""`Results`: what came of an evaluation, the failures included."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, SupportsIndex, TypeAlias, final, overload

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from symjax.core.errors import NoSuchPath, brief, unknown

from ..spaces.dna import DNA
from ..spaces.space import Space
from . import columns as of_columns
from .columns import Array, Metrics
from .failures import Failure, failures_of
from .keys import RootKeys
from .objective import Floats, Modes, Objective
from .plan_summary import PlanSummary
from .ranking import fronts, rank
from .table import layout, measured_text, to_html, value_text
from .trial import State, Trial, decision_names

Places: TypeAlias = npt.NDArray[np.intp]
Several: TypeAlias = "slice | npt.NDArray[Any] | list[int] | list[bool]"
STATES: tuple[State, ...] = ("ok", "nan", "failed", "pending")
_OK, _NAN, _FAILED, _PENDING = range(4)
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@final
class Results:
    """The results of a batch, in the order of its DNAs. Immutable, and plain data.

    They can be pickled, copied, saved (`save_results`) and joined (`concat`). They hold the space, the DNAs
    and the metrics; neither the function and its programs nor the data that these ran on.

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

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.oneof([1.0, float('nan'), 3.0])})
        >>> dnas = search.DNA.from_numbers(space.spec, [[0], [1], [2]])
        >>> results = search.evaluate(lambda exp, key: {'y': exp['x']}, space, dnas, jax.random.key(0))
        >>> results.best('y').experiment, results.rank('y').tolist(), len(results.failed)
        ({'x': 3.0}, [2, 0, 1], 1)
        >>> results[:2]['y'].tolist(), results[2].values
        ([1.0, nan], {'x': 3.0})
    """

    __slots__ = (
        "__weakref__",
        "_failures",
        "_outcomes",
        "_raw",
        "_roots",
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
            self.objective.check(self._columns())
        object.__setattr__(self, "_outcomes", self._find_outcomes())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Results are immutable")

    def __reduce__(self) -> tuple[Callable[..., Results], tuple[Any, ...]]:
        return _restored, (self._arguments(np.arange(len(self))),)

    # As a sequence of trials, and as columns.

    def __len__(self) -> int:
        return len(self.dnas)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Trial: ...
    @overload
    def __getitem__(self, index: str) -> Array: ...
    @overload
    def __getitem__(self, index: Several) -> Results: ...
    def __getitem__(self, index: SupportsIndex | str | Several) -> Trial | Array | Results:
        """A trial by its place, the results of several places, or the column of a metric by its name.

        Raises:
            IndexError: There is no such place.
            KeyError: There is no such metric; the message names those that there are.
        """
        if isinstance(index, str):
            return self._column(index)
        if isinstance(index, SupportsIndex) and np.ndim(index) == 0:  # an array is one too
            return self._trial(index.__index__())
        places = index if isinstance(index, slice) else np.asarray(index, None if len(index) else int)
        return Results(**self._arguments(np.arange(len(self))[places]))

    def __iter__(self) -> Iterator[Trial]:
        return (self._trial(index) for index in range(len(self)))

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
    def failed(self) -> tuple[Trial, ...]:
        """The configurations that raised, or in which a metric is NaN; in the order of the batch."""
        bad = np.flatnonzero((self._outcomes == _NAN) | (self._outcomes == _FAILED))
        return tuple(self._trial(int(index)) for index in bad)

    @property
    def feasible(self) -> npt.NDArray[np.bool_]:
        """Which configurations are within the constraints, bool[n]."""
        return self._violation() == 0

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

    # Ranking.

    def rank(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None) -> Places:
        """All configurations, the best first.

        Args:
            metric: The name of a metric, one number for each configuration, or several names; by default the
                objective that was stated, or the only metric that there is.
            mode: ``'max'`` if more is better, ``'min'`` if less is; one for each metric or for all. By
                default what was stated of the metric, or ``'max'``.

        Returns:
            Places in the batch, int[n]. What is out of bounds comes behind what is not, by how much it is so
            in all, in shares of the bounds. NaN comes last, then what raised, then what did not run; equals
            stay in their order. Several metrics: by non-dominated sorting, within a front the loneliest
            first (NSGA-II), of these the first metric's best.

        Raises:
            KeyError: There is no such metric; the message names those that there are.
            ValueError: A metric is no single real number, it is not said which one, or another `mode`.
        """
        return rank(*self._scores(metric, mode))

    def top(
        self, k: int, metric: str | Sequence[str] | None = None, mode: Modes | None = None
    ) -> tuple[Trial, ...]:
        """The k best configurations, the best first; fewer if fewer succeeded. See `rank`.

        Raises:
            ValueError: `k` is negative; and as `rank`.
        """
        if k < 0:
            raise ValueError(f"top(k) gives the k best, got k={k}; the last ones are results.rank()[{k}:]")
        costs, violation, outcome = self._scores(metric, mode)
        order = rank(costs, violation, outcome)
        return tuple(self._trial(int(i)) for i in order[:k] if outcome[i] == _OK)

    def best(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None) -> Trial:
        """The best configuration; see `rank`.

        Raises:
            ValueError: All failed; the first exception is the cause of this one.

        Warns:
            RuntimeWarning: None is within the constraints; this one is the nearest to them.
        """
        for trial in self.top(1, metric, mode):
            if not trial.feasible:
                warnings.warn(
                    f"none of {len(self)} configurations is within the constraints "
                    f"{dict(self.objective.bounds)}; trial {trial.id} is the nearest to them",
                    RuntimeWarning,
                    stacklevel=2,
                )
            return trial
        first = next(iter(self._failures.values()), None)
        what = metric or ", ".join(self.objective.metrics) or "the metric"
        why = f"; the first: {first.error!r}" if first else f": {what} is always NaN"
        if self.pending.all():
            why = ": none ran yet"
        raise ValueError(f"none of {len(self)} configurations succeeded{why}") from first and first.error

    def pareto(self, metrics: Sequence[str] | None = None, mode: Modes | None = None) -> tuple[Trial, ...]:
        """The Pareto front: the configurations that no other one beats in all objectives.

        Args:
            metrics: The names of the metrics; by default the objectives that were stated.
            mode: See `rank`.

        Returns:
            The front, in the order of `rank`. Only what is within the constraints, if anything is.

        Raises:
            KeyError: There is no such metric.
            ValueError: As `rank`.
        """
        costs, violation, outcome = self._scores(metrics, mode)
        order = rank(costs, violation, outcome)
        contenders = np.array([i for i in order if outcome[i] == _OK and violation[i] == 0], np.intp)
        front = contenders[fronts(costs[contenders]) == 0]
        return tuple(self._trial(int(index)) for index in front)

    # As text.

    def table(self, metric: str | Sequence[str] | None = None, mode: Modes | None = None, k: int = 10) -> str:
        """The k best configurations as text: their metrics, and what was decided for them.

        What has no rank, since it failed, stands below with its state.

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
            rank  trial  state  value  act     x
               1      1  ok       2.0  'gelu'  2.0
               2      0  ok       1.0  'relu'  1.0
        """
        rows, right = self._rows(metric, mode, k)
        return layout(rows, right)

    def __repr__(self) -> str:
        lines = [f"Results of {self.plan or f'{len(self)} configurations'}"]
        metrics = ", ".join(name or "value" for name in self.names) or "none"
        lines.append(f"  metrics: {metrics}" + (f", of {self.repeats} repeats" * (self.repeats > 1)))
        lines += [f"  objective: {self.objective}"] * (self.objective != Objective())
        lines.append(f"  programs: {self.compiled} compiled, {self.reused} reused")
        counts = [(state, int((self._outcomes == number).sum())) for number, state in enumerate(STATES)]
        lines.append(f"  states: {', '.join(f'{count} {state}' for state, count in counts if count)}")
        if self._failures:
            first = min(self._failures)
            lines.append(
                f"  raised: {len(self._failures)}; trial {self.ids[first]}: "
                f"{brief(self._failures[first].error, 120)}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        ranked = bool(self.objective.metrics) or len(self.names) == 1
        rows, _ = self._rows(None if ranked else self.names[:1], None, 10)
        return to_html(rows)

    def _rows(
        self, metric: str | Sequence[str] | None, mode: Modes | None, k: int
    ) -> tuple[list[list[str]], frozenset[int]]:
        """The cells of a table, and which of its columns hold numbers."""
        costs, violation, outcome = self._scores(metric, mode)
        order = rank(costs, violation, outcome)[:k]
        trials = [self._trial(int(index)) for index in order]
        columns = {name: column for name, column in self._columns().items() if column.ndim == 1}
        decided = decision_names(self.space, [trial.values for trial in trials])
        titles = ["rank", "trial", "state", *(name or "value" for name in columns)]
        rows = [[*titles, *decided]]
        for place, trial in enumerate(trials):
            ok = outcome[trial.index] == _OK
            state = "infeasible" if ok and not trial.feasible else trial.state
            numbers = [
                measured_text(column[trial.index], trial.deviations.get(name))
                for name, column in columns.items()
            ]
            values = [value_text(trial.values[name]) if name in trial.values else "" for name in decided]
            rows.append([str(place + 1) if ok else "", str(trial.id), state, *numbers, *values])
        return rows, frozenset({0, 1, *range(3, 3 + len(columns))})

    # What they consist of.

    def _arguments(self, places: Places) -> dict[str, Any]:
        """What makes the results of these places, int[m]."""
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

    def _trial(self, index: int) -> Trial:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"there is no trial {index} among {n}")
        index %= n
        failure = self._failures.get(index)
        state = STATES[self._outcomes[index]]
        empty = self.metrics is None or state in ("failed", "pending")
        return Trial(
            index=index,
            id=int(self.ids[index]),
            dna=self.dnas[index],
            state=state,
            metrics=None if empty else jax.tree.map(lambda column: column[index], self.metrics),
            deviations={} if empty else {name: column[index] for name, column in self.deviations.items()},
            feasible=bool(self._violation()[index] == 0),
            error=failure.error if failure else None,
            traceback=failure.traceback if failure else "",
            program=int(self.programs[index]) if self.programs[index] >= 0 else None,
            seconds=float(self.seconds[index]),
            space=self.space,
            root=self._roots[[index]],
        )

    def _columns(self) -> dict[str, Array]:
        return {**of_columns.by_name(self.metrics), **self.costs}

    def _column(self, name: str) -> Array:
        columns = self._columns()
        if name not in columns:
            raise NoSuchPath(unknown("metric", name, columns, "metrics"))
        return columns[name]

    def _numbers(self, name: str) -> Floats:
        """A column of which each configuration has one real number, float64[n]; NaN where there is none."""
        column = self._column(name)
        if column.ndim != 1 or column.dtype == object or jnp.issubdtype(column.dtype, np.complexfloating):
            raise ValueError(
                f"the metric {name!r} is {column.dtype}{list(column.shape[1:])} for each configuration; "
                "only a single real number can be ranked"
            )
        numbers = column.astype(np.float64)
        return numbers.filled(np.nan) if isinstance(numbers, np.ma.MaskedArray) else numbers

    def _scores(
        self, metric: str | Sequence[str] | None, mode: Modes | None
    ) -> tuple[Floats, Floats, npt.NDArray[np.int8]]:
        """What `ranking.rank` takes: costs float64[n, m], violation float64[n], outcome int8[n]."""
        if self.metrics is None:  # nothing ran, or everything raised
            return np.zeros((len(self), 0)), np.zeros(len(self)), self._outcomes
        goals = self.objective.goals(metric, mode, self.names)
        columns = [self._numbers(name) * (-1 if mode == "max" else 1) for name, mode in goals]
        costs = np.stack(columns, axis=1)
        gone = self._outcomes >= _FAILED
        outcome = np.where(gone, self._outcomes, np.where(np.isnan(costs).any(axis=1), _NAN, _OK))
        return costs, self._violation(), outcome

    def _violation(self) -> Floats:
        bounds = self.objective.bounds
        known = {name: self._numbers(name) for name in bounds if name in self._columns()}
        return self.objective.violation(known, len(self))

    def _find_outcomes(self) -> npt.NDArray[np.int8]:
        """The number of each configuration's state, int8[n]."""
        outcomes = np.full(len(self), _OK, np.int8)
        counted = {*self.objective.metrics, *self.objective.bounds} if self.objective.metrics else self.names
        for name, column in self._columns().items():
            if name in counted:
                outcomes[of_columns.nan_rows(column)] = _NAN
        outcomes[list(self._failures)] = _FAILED
        outcomes[self.pending] = _PENDING
        return outcomes


def _restored(arguments: dict[str, Any]) -> Results:
    return Results(**arguments)


def _constant(array: npt.NDArray[Any], dtype: Any = None) -> Array:
    """A read-only copy."""
    copy = np.array(array, dtype)
    copy.flags.writeable = False
    return copy
