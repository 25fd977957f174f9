"""`sample`: a search as a loop of Python, for what cannot run inside of `jit`."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Protocol, final, runtime_checkable

import jax

from symjax.core.errors import brief, summary
from symjax.core.tracebacks import caller_level

from ..algorithms.algorithm import Algorithm, Exhausted
from ..algorithms.default import default_algorithm
from ..engines.local import Local
from ..planning.inputs import key_aval
from ..results.exports.optuna import Storage
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..spaces import opening
from ..spaces.dna import DNA
from ..spaces.space import Space
from .early_stopping.policy import Policy, Series
from .feedback import Course, Feedback
from .measurement import Measurement
from .rounds import Keys, Search
from .sampled import Sampled, courses_of, results_of, stopped_of


class Trials(Protocol):
    """Where a loop takes its trials from, and whom it tells: an algorithm with its state, or a study."""

    def claim(self) -> tuple[int, DNA] | None:
        """The next trial's id and point; None if there are no more."""

    def report(
        self, results: Results, measurements: Sequence[Measurement], metadata: Mapping[str, Any]
    ) -> None:
        """Takes what came of a trial, what was measured on its way, and what was noted."""

    def note(self, trial: int, metadata: Mapping[str, Any]) -> None:
        """Takes what was noted of a trial that was reported before."""


@runtime_checkable
class Source(Protocol):
    """What makes a loop of its own: a study."""

    def sampled(
        self,
        space: Space | None,
        n: int | None,
        key: jax.Array,
        objective: Objective | None,
        early_stopping: Policy | None,
    ) -> SamplingLoop:
        """A loop over its trials.

        Args:
            space: The space, which must be its own; None for that.
            n: How many trials there are to be in all.
            key: The key of all that is drawn.
            objective: What counts, if that was said.
            early_stopping: A policy.
        """


@final
class SamplingLoop:
    """What `sample` returns: iterate over it.

    Several threads may iterate over one loop; each trial goes to one of them.

    Attributes:
        space: The space.
        objective: What counts.
        early_stopping: The policy.
    """

    def __init__(
        self,
        space: Space,
        trials: Trials,
        keys: Keys,
        objective: Objective,
        policy: Policy | None,
        past: Callable[[], Mapping[int, Series]] = dict,
    ) -> None:
        self.space = space
        self.objective = objective
        self.early_stopping = policy
        self.lock = threading.RLock()
        self._trials = trials
        self._keys = keys
        self._past = past  # what was measured of trials before this loop, or in other processes
        self._courses: dict[int, Course] = {}
        self._is_ended = False

    def __iter__(self) -> Iterator[tuple[Any, Feedback]]:
        while (course := self._next()) is not None:
            feedback = Feedback(course, self)
            try:
                experiment = self.space.decode(course.dna)
            except Exception as error:  # noqa: BLE001 - user code decides what is valid
                feedback.skip(error)
                warnings.warn(
                    f"trial {course.id} cannot be made, and counts as failed: {summary(error)}",
                    RuntimeWarning,
                    stacklevel=caller_level(),
                )
                continue
            yield experiment, feedback
            if not course.is_over:
                raise RuntimeError(_without_feedback(course))

    def _next(self) -> Course | None:
        with self.lock:
            claimed = None if self._is_ended else self._trials.claim()
            if claimed is None:
                return None
            trial, dna = claimed
            key = jax.random.fold_in(self._keys.trials, trial)
            course = Course(trial, dna, key, time.perf_counter())
            self._courses[trial] = course
            return course

    # What feedback asks for.

    def others(self, course: Course) -> list[Series]:
        """What was measured of the other trials, in the order of their ids."""
        own = {trial: tuple(each.measurements) for trial, each in self._courses.items()}
        courses = {**self._past(), **own}
        return [courses[trial] for trial in sorted(courses) if trial != course.id and courses[trial]]

    def finish(self, course: Course) -> None:
        """Tells the algorithm what came of a trial."""
        self._trials.report(self._results([course]), course.measurements, course.metadata)

    def noted(self, course: Course) -> None:
        """Takes what was noted of a trial whose feedback is complete."""
        self._trials.note(course.id, course.metadata)

    def end(self) -> None:
        """Lets the loop end."""
        self._is_ended = True

    # What came of it.

    @property
    def results(self) -> Results:
        """The results so far: those of the last measurement of each trial.

        Raises:
            ValueError: There are no trials yet.
        """
        with self.lock:
            if not self._courses:
                raise ValueError("nothing was sampled yet: iterate over the loop first")
            return self._results(list(self._courses.values()))

    @property
    def trials(self) -> tuple[Sampled, ...]:
        """The trials so far, with all of their measurements."""
        with self.lock:
            courses = list(self._courses.values())
            states: Sequence[str] = self.results.states.tolist() if courses else []
        return tuple(Sampled.of(each, state) for each, state in zip(courses, states, strict=True))

    def measurements(self, trial: int) -> tuple[Measurement, ...]:
        """What a trial of this loop measured on its way, by step.

        Raises:
            KeyError: It has no such trial.
        """
        with self.lock:
            if trial not in self._courses:
                raise KeyError(f"there is no trial {brief(trial)} among {len(self._courses)}")
            return tuple(self._courses[trial].measurements)

    def to_optuna(self, storage: Storage = None, name: str | None = None) -> Any:
        """The trials as an `optuna.Study`, with what they measured; what was stopped early is pruned there.

        See `Results.to_optuna`.
        """
        with self.lock:
            results = self.results
            series = {each.id: tuple(each.measurements) for each in self._courses.values()}
        return results.to_optuna(
            storage, name, courses=courses_of(results, series), stopped=stopped_of(results)
        )

    def _results(self, courses: Sequence[Course]) -> Results:
        has_policy = self.early_stopping is not None
        return results_of(self.space, courses, self._keys.trials, self.objective, has_policy)

    def __repr__(self) -> str:
        over = sum(each.is_over for each in self._courses.values())
        return f"<SamplingLoop: {len(self._courses)} trials, {over} with feedback>"


def sample(
    space: Any,
    algorithm: Algorithm | Source | None,
    n: int | None = None,
    *,
    key: jax.Array,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    constraints: Mapping[str, Bound] | None = None,
    early_stopping: Policy | None = None,
    where: Callable[..., bool] | None = None,
) -> SamplingLoop:
    """A search as a loop of Python: for objectives that cannot run inside of `jit`.

    The algorithm learns of a trial before it proposes the next one; so the trials are those of `search.run`
    with ``batch=1``. Each iteration has to say what came of its trial, by its feedback.

    Args:
        space: A space, or an open tree; of a study it may be None.
        algorithm: What proposes, None for the default; or a `Study`, in whose file everything then is.
        n: How many trials, of a study those that are there included; None for as many as the algorithm
            proposes, which may be without end.
        key: The key of all that is drawn: with the same one, and the same feedback, the proposals are the
            same to the last bit.
        objective: The name of the metric that counts, or several; by default a reward is one number.
        mode: ``'max'`` if more of it is better, ``'min'`` if less is; one for all or one for each.
        constraints: Bounds of metrics, by name.
        early_stopping: A policy, by which ``feedback.should_stop_early()`` answers.
        where: Which choices of an open tree are opened; see `search.space`.

    Returns:
        A loop, which yields pairs of an experiment and its `Feedback`; ``loop.results`` has what came of it.

    Raises:
        TypeError: `space`, `algorithm`, `key` or `early_stopping` is something else, or `n` no whole number.
        ValueError: `n` is less than one, or there is nothing to decide.
        RuntimeError: When it goes on: an iteration ended without feedback.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> loop = sj.sample({'x': sj.floatv(-1.0, 1.0)}, sj.search.algorithms.Random(), 20,
        ...                  key=jax.random.key(0))
        >>> for exp, feedback in loop:
        ...     feedback(1 - exp['x'] ** 2)
        >>> abs(loop.results.best().experiment['x']) < 0.3
        True
    """
    is_its_own = space is None and isinstance(algorithm, Source)
    if not is_its_own and not isinstance(space, Space):
        space = opening.space(space, where)
    elif where is not None:
        raise TypeError("this is a space already; where= chooses among the choices of an open tree")
    if n is not None and (isinstance(n, bool) or not isinstance(n, int)):
        raise TypeError(f"sample takes how many trials as a whole number, got n={brief(n)}")
    if n is not None and n < 1:
        raise ValueError(f"a loop has at least one trial, got n={n}")
    key_aval(key)
    keys = Keys.of(key)
    goal = Objective.of("reward" if objective is None else objective, mode, constraints)
    if early_stopping is not None and not isinstance(early_stopping, Policy):
        raise TypeError(
            f"early_stopping is a policy, such as search.early_stopping.Median(); got {brief(early_stopping)}"
        )
    if isinstance(algorithm, Source):
        said = objective is not None or mode is not None or constraints is not None
        return algorithm.sampled(space, n, key, goal if said else None, early_stopping)
    if algorithm is None:
        algorithm = default_algorithm(space, len(goal.metrics))
    if not isinstance(algorithm, Algorithm):
        raise TypeError(
            f"sample takes an algorithm, or a study, got {brief(algorithm)}; there is "
            "search.algorithms.Random()"
        )
    trials = _InMemory(algorithm, space, keys, goal)
    return SamplingLoop(space, _Limited(trials, n), keys, goal, early_stopping)


@final
class _InMemory:
    """The trials of an algorithm, whose state lives as long as the loop."""

    def __init__(self, algorithm: Algorithm, space: Space, keys: Keys, objective: Objective) -> None:
        options = {"objective": objective.metrics if len(objective.metrics) > 1 else objective.metrics[0]}
        self._search = Search(algorithm, _by_feedback, space, keys, Local(), (), options)
        self._state = self._search.init()
        self._claimed = 0

    def claim(self) -> tuple[int, DNA] | None:
        trial = self._claimed
        try:
            dnas, self._state = self._search.ask(self._state, trial, 1)
        except Exhausted:
            return None
        self._claimed += 1
        return trial, dnas[0]

    def report(
        self, results: Results, measurements: Sequence[Measurement], metadata: Mapping[str, Any]
    ) -> None:
        self._state = self._search.tell(self._state, results)

    def note(self, trial: int, metadata: Mapping[str, Any]) -> None:
        pass  # it stands in the loop's own trials


@final
class _Limited:
    """The first so many trials."""

    def __init__(self, trials: Trials, n: int | None) -> None:
        self._trials = trials
        self._left = n

    def claim(self) -> tuple[int, DNA] | None:
        if self._left is None:
            return self._trials.claim()
        self._left -= 1
        return self._trials.claim() if self._left >= 0 else None

    def report(
        self, results: Results, measurements: Sequence[Measurement], metadata: Mapping[str, Any]
    ) -> None:
        self._trials.report(results, measurements, metadata)

    def note(self, trial: int, metadata: Mapping[str, Any]) -> None:
        self._trials.note(trial, metadata)


def _by_feedback(*_: Any) -> NoReturn:
    raise AssertionError("what comes of a sampled trial, its user says")


def _without_feedback(course: Course) -> str:
    done = "feedback(reward) says what came of it, feedback.skip(reason) that nothing did"
    if course.measurements:
        done = "feedback.done() ends it after its last measurement, feedback.skip(reason) drops it"
    return f"the iteration of trial {course.id} ended without feedback: {done}"
