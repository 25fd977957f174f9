"""`Feedback`: how a loop over trials says what came of one."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, final

import jax

from symjax.core.errors import brief

from ..results.objective import Objective
from ..spaces.dna import DNA
from ..spaces.space import Space
from .early_stopping.policy import Goal, Policy, Series
from .measurement import Measurement, Reward, metrics_of

Exceptions: TypeAlias = "type[Exception] | tuple[type[Exception] | tuple[type[Exception], str], ...]"
"""Classes of exceptions; or pairs of a class and a regular expression, which the text must match."""


class RaceCondition(RuntimeError):
    """A trial has its feedback already: somebody else who worked on it came first, or it was given twice."""


class Skipped(Exception):
    """Why a trial was skipped."""


@dataclass(eq=False)
class Course:
    """A trial of a loop as it goes on.

    Attributes:
        id: The trial id.
        dna: The point of the space.
        key: The trial's key.
        begun: When it began, in seconds.
        measurements: What was measured so far, by step.
        metadata: What its user noted.
        error: Why it failed, or was skipped.
        is_over: Whether its feedback is complete.
        is_stopped: Whether a policy said that it is to be stopped, after what was measured last.
        seconds: How long it took; NaN as long as it goes on.
    """

    id: int
    dna: DNA
    key: jax.Array
    begun: float
    measurements: list[Measurement] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    is_over: bool = False
    is_stopped: bool = False
    seconds: float = float("nan")


class Loop(Protocol):
    """What feedback needs to know of the loop that it belongs to."""

    space: Space
    objective: Objective
    early_stopping: Policy | None
    lock: threading.RLock

    def others(self, course: Course) -> list[Series]:
        """What was measured of the other trials."""

    def finish(self, course: Course) -> None:
        """Tells the algorithm what came of a trial."""

    def noted(self, course: Course) -> None:
        """Takes what was noted of a trial whose feedback is complete."""

    def end(self) -> None:
        """Lets the loop end."""


@final
class Feedback:
    """Says what came of a trial; a loop of `sample` yields one with each experiment.

    Called with a reward it says all: ``feedback(0.9)``. Training that is measured on its way says it piece by
    piece: `add_measurement` at each step, then `done`.

    Attributes:
        id: The trial id, from 0.
        dna: The point of the space.
        key: The trial's key; that of the same trial in `search.run`.
        measurements: What was measured so far.
        metadata: What was noted.
    """

    def __init__(self, course: Course, loop: Loop) -> None:
        self._course = course
        self._loop = loop

    @property
    def id(self) -> int:
        """The trial id, from 0."""
        return self._course.id

    @property
    def dna(self) -> DNA:
        """The point of the space."""
        return self._course.dna

    @property
    def key(self) -> jax.Array:
        """The trial's key; that of the same trial in `search.run`."""
        return self._course.key

    @property
    def values(self) -> dict[str, Any]:
        """What was decided, by name; see `Space.values`."""
        return self._loop.space.values(self.dna)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What was measured so far."""
        return tuple(self._course.measurements)

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted so far; a copy."""
        return dict(self._course.metadata)

    @property
    def is_over(self) -> bool:
        """Whether the feedback is complete."""
        return self._course.is_over

    def __call__(
        self,
        reward: Reward = None,
        *,
        metrics: Mapping[str, float] | None = None,
        step: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Says what came of the trial: `add_measurement`, then `done`.

        Args:
            reward: A number for the only objective, one for each of several, or metrics by name.
            metrics: Further metrics, for the record.
            step: See `add_measurement`.
            metadata: What to note of the trial.

        Raises:
            RaceCondition: The feedback is complete.
            TypeError: A metric is no real number.
            ValueError: An objective is missing; see `add_measurement`.
        """
        with self._loop.lock:
            self.add_measurement(reward, step=step, metrics=metrics)
            self.done(metadata)

    def add_measurement(
        self, reward: Reward = None, step: int | None = None, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Says what was measured on the way; what counts in the end is the last measurement.

        Args:
            reward: A number for the only objective, one for each of several, or metrics by name.
            step: How far the trial is, a whole number above that of the measurement before; by default the
                next one, from 0.
            metrics: Further metrics.

        Raises:
            RaceCondition: The feedback is complete.
            TypeError: A metric is no real number, or the step no whole one.
            ValueError: An objective is missing, or the step does not come after the last one.
        """
        with self._loop.lock:
            self._require_open()
            named = metrics_of(reward, metrics, self._loop.objective)
            own = self._course.measurements
            last = own[-1].step if own else -1
            at = last + 1 if step is None else step
            if isinstance(at, bool) or not isinstance(at, int):
                raise TypeError(f"a step is a whole number, got {brief(step)}")
            if at <= last:
                raise ValueError(f"steps go up: step {at} was measured after step {last}")
            own.append(Measurement(at, named, time.perf_counter() - self._course.begun))
            self._course.is_stopped = False

    def done(self, metadata: Mapping[str, Any] | None = None) -> None:
        """Says that the feedback is complete: the algorithm is told of the last measurement.

        Args:
            metadata: What to note of the trial.

        Raises:
            RaceCondition: The feedback is complete already.
            ValueError: Nothing was measured.
        """
        with self._loop.lock:
            self._require_open()
            if not self._course.measurements:
                raise ValueError(
                    f"nothing was measured of trial {self.id}: feedback(reward) or add_measurement(reward) "
                    "says what came of it, feedback.skip(reason) that nothing did"
                )
            self._course.metadata.update(metadata or {})
            self._finish(None)

    def skip(self, reason: str | Exception | None = None) -> None:
        """Says that the trial came to nothing: it counts as failed, and the algorithm ranks it last.

        Args:
            reason: Why; a text or an exception, which becomes the trial's error.

        Raises:
            RaceCondition: The feedback is complete already.
        """
        with self._loop.lock:
            self._require_open()
            self._finish(
                reason if isinstance(reason, Exception) else Skipped(reason or "no reason was given")
            )

    def skip_on_exceptions(self, exceptions: Exceptions) -> contextlib.AbstractContextManager[None]:
        """A context in which certain exceptions skip the trial.

        Args:
            exceptions: Classes of exceptions; or pairs of a class and a regular expression, which the text of
                the exception must match from its start.

        Example:
            >>> import jax
            >>> import symjax as sj
            >>> loop = sj.sample({'x': sj.oneof([0, 1])}, sj.search.algorithms.Random(), 4,
            ...                  key=jax.random.key(0))
            >>> for exp, feedback in loop:
            ...     with feedback.skip_on_exceptions((ZeroDivisionError, (ValueError, 'bad .*'))):
            ...         feedback(1 / exp['x'])
            >>> sorted(set(loop.results.states.tolist()))
            ['failed', 'ok']
        """
        kinds = exceptions if isinstance(exceptions, tuple) else (exceptions,)
        return _skipping(self.skip, [kind if isinstance(kind, tuple) else (kind, "") for kind in kinds])

    def should_stop_early(self) -> bool:
        """Whether further steps of the trial are not worth it, as the loop's policy says.

        A trial that is stopped is to be finished, by `done`, or by `skip` if its last measurement should not
        count. It is known as stopped then: to ``loop.trials``, in the column ``'sample.stopped'`` of the
        results, and to Optuna as pruned.

        Raises:
            ValueError: The loop has no policy.
        """
        loop, course = self._loop, self._course
        if loop.early_stopping is None:
            raise ValueError(
                "the loop has no policy of stopping early: sj.sample(…, "
                "early_stopping=search.early_stopping.Median())"
            )
        with loop.lock:
            answer = loop.early_stopping.should_stop(
                self.measurements, loop.others(course), _goal(loop.objective)
            )
            if not course.is_over:
                course.is_stopped = answer
            return answer

    def set_metadata(self, key: str, value: Any) -> None:
        """Notes something of the trial; also when its feedback is complete."""
        with self._loop.lock:
            self._course.metadata[key] = value
            if self._course.is_over:
                self._loop.noted(self._course)

    def get_metadata(self, key: str, default: Any = None) -> Any:
        """What was noted by this name."""
        return self._course.metadata.get(key, default)

    def ignore_race_condition(self) -> contextlib.AbstractContextManager[None]:
        """A context in which feedback that comes too late is of no effect, and no error."""
        return contextlib.suppress(RaceCondition)

    def end_loop(self) -> None:
        """Lets the loop end, for all who work on it, when they are through with what they are at."""
        self._loop.end()

    def _finish(self, error: Exception | None) -> None:
        course = self._course
        course.error = error
        course.seconds = time.perf_counter() - course.begun
        course.is_over = True
        self._loop.finish(course)

    def _require_open(self) -> None:
        if self._course.is_over:
            raise RaceCondition(
                f"trial {self.id} has its feedback already; where several work on one trial, "
                "`with feedback.ignore_race_condition():` lets the first one count"
            )

    def __repr__(self) -> str:
        state = "complete" if self.is_over else f"{len(self._course.measurements)} measurements"
        return f"<Feedback on trial {self.id}: {state}>"


@contextlib.contextmanager
def _skipping(skip: Callable[[Exception], None], kinds: list[tuple[type[Exception], str]]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not any(isinstance(error, kind) and re.match(text, str(error)) for kind, text in kinds):
            raise
        skip(error)


def _goal(objective: Objective) -> Goal:
    if len(objective.metrics) != 1:
        return None
    return objective.metrics[0], objective.modes[0]
