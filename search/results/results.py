"""`Results`: what came of an evaluation, the failures included."""

from __future__ import annotations

import html
import operator
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, final, overload

import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from .columns import Array
from .exports.optuna import Courses, Storage, Times, to_optuna
from .frames import Library, rows_of, to_frame
from .joining import joined
from .measurements import FAILED, NAN, OK, Measurements, Places
from .objective import Bound, Modes, Objective, is_loss
from .plotting.effects import effects_of
from .plotting.figures import Axes, Figure
from .plotting.outcomes import only_outcome, scores_of
from .plotting.plot import Kind, plot
from .ranking import Scores, fronts, rank
from .reports import cells_of, records_of, summary_of
from .table import layout, to_html
from .trial import Trial

Several: TypeAlias = "slice | npt.NDArray[Any] | list[int] | list[bool]"
Wanted: TypeAlias = str | Sequence[str] | None


@final
class Results(Measurements):
    """The results of a batch, in the order of its DNAs: a sequence of trials. Immutable, and plain data.

    They can be pickled, copied, saved (`save_results`) and joined (`concat`). They hold the space, the DNAs
    and the metrics; neither the function and its programs nor the data that these ran on.

    `evaluate` makes them. Their attributes are those of `Measurements`.

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

    __slots__ = ()

    # As a sequence of trials, and as columns.

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> Trial: ...
    @overload
    def __getitem__(self, index: str) -> Array: ...
    @overload
    def __getitem__(self, index: Several) -> Results: ...
    def __getitem__(self, index: int | np.integer[Any] | str | Several) -> Trial | Array | Results:
        """A trial by its place, the results of several places, or the column of a metric by its name.

        Raises:
            IndexError: There is no such place.
            KeyError: There is no such metric; the message names those that there are.
        """
        if isinstance(index, str):
            return self.column(index)
        if isinstance(index, slice):
            return Results(**self.arguments(np.arange(len(self))[index]))
        if np.ndim(index) == 0:
            return self.trial(operator.index(index))  # type: ignore[arg-type]  # a number, or an array of none
        places = np.asarray(index)
        return Results(**self.arguments(np.arange(len(self))[places if places.size else places.astype(int)]))

    def __iter__(self) -> Iterator[Trial]:
        return (self.trial(index) for index in range(len(self)))

    @property
    def failed(self) -> tuple[Trial, ...]:
        """The configurations that raised, or in which a metric is NaN; in the order of the batch."""
        bad = np.flatnonzero((self._outcomes == NAN) | (self._outcomes == FAILED))
        return tuple(self.trial(int(index)) for index in bad)

    def with_objective(
        self,
        objective: str | Sequence[str] | None,
        mode: Modes | None = None,
        constraints: Mapping[str, Bound] | None = None,
    ) -> Results:
        """The same results with another objective; see `evaluate`.

        Raises:
            KeyError: There is no such metric.
            TypeError: A name is no text, or a bound no number.
            ValueError: Another mode.
        """
        goal = Objective.of(objective, mode, constraints)
        return Results(**{**self.arguments(), "objective": goal})

    # Joining.

    @classmethod
    def concat(cls, parts: Iterable[Results]) -> Results:
        """The results of several batches as one, one after the other.

        A trial that is there twice counts once; one that is pending gives way to the same one that ran.

        Raises:
            TypeError: A part is no `Results`.
            ValueError: There are none; they are of different spaces, metrics, repeats or objectives; or
                different trials have the same id: let the ids of batches go on by ``first_id=``.

        Example:
            >>> import jax
            >>> from symjax import search
            >>> space = search.space({'x': search.floatv(0.0, 1.0)})
            >>> def run(exp, key):
            ...     return exp['x']
            >>> key, draws = jax.random.key(0), space.sample(jax.random.key(1), 6)
            >>> first = search.evaluate(run, space, draws[:4], key)
            >>> second = search.evaluate(run, space, draws[4:], key, first_id=4)
            >>> len(first + second), (first + second).ids.tolist()
            (6, [0, 1, 2, 3, 4, 5])
        """
        parts = tuple(parts)
        if not parts:
            raise ValueError("concat needs at least one Results")
        for part in parts:
            if not isinstance(part, Results):
                raise TypeError(f"concat takes Results, got {brief(part)} of type {type(part).__name__}")
        whole, places = joined([part.arguments() for part in parts])
        return cls(**cls(**whole).arguments(places))

    def __add__(self, other: object) -> Results:
        return Results.concat([self, other]) if isinstance(other, Results) else NotImplemented

    # Ranking.

    def rank(self, metric: Wanted = None, mode: Modes | None = None) -> Places:
        """All configurations, the best first.

        Args:
            metric: The name of a metric, one number for each configuration, or several names; by default the
                objective that was stated, or the only metric that there is.
            mode: ``'max'`` if more is better, ``'min'`` if less is; one for each metric or for all. By
                default what was stated of the metric, or ``'max'``, with a warning of a loss.

        Returns:
            Places in the batch, int[n]. What is out of bounds comes behind what is not, by how much it is so
            in all, in shares of the bounds. NaN comes last, then what raised, then what did not run; equals
            stay in their order. Several metrics: by non-dominated sorting, within a front the loneliest
            first (NSGA-II), of these the first metric's best.

        Raises:
            KeyError: There is no such metric; the message names those that there are.
            ValueError: A metric is no single real number, it is not said which one, or another `mode`.
        """
        return rank(self.scores(metric, mode))

    def top(self, k: int, metric: Wanted = None, mode: Modes | None = None) -> tuple[Trial, ...]:
        """The k best configurations, the best first; fewer if fewer succeeded. See `rank`.

        Raises:
            ValueError: `k` is negative; and as `rank`.
        """
        if k < 0:
            raise ValueError(f"top(k) gives the k best, got k={k}; the last ones are results.rank()[{k}:]")
        scores = self.scores(metric, mode)
        return tuple(self.trial(int(i)) for i in rank(scores)[:k] if scores.outcome[i] == OK)

    def best(self, metric: Wanted = None, mode: Modes | None = None) -> Trial:
        """The best configuration; see `rank`.

        Of several metrics it is the one of the front that is best in the first; `pareto` has the whole front.

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
        cause = first.error if first else None
        raise ValueError(f"none of {len(self)} configurations succeeded{why}") from cause

    def pareto(self, metrics: Sequence[str] | None = None, mode: Modes | None = None) -> tuple[Trial, ...]:
        """The Pareto front: the configurations that no other one beats in all objectives.

        Args:
            metrics: The names of the metrics; by default the objectives that were stated.
            mode: See `rank`.

        Returns:
            The front, in the order of `rank`; of what is within the constraints, which may be nothing.

        Raises:
            KeyError: There is no such metric.
            ValueError: As `rank`.
        """
        scores = self.scores(metrics, mode)
        order = rank(scores)
        contenders = order[(scores.outcome[order] == OK) & (scores.violation[order] == 0)]
        front = contenders[fronts(scores.costs[contenders]) == 0]
        return tuple(self.trial(int(index)) for index in front)

    # As rows and frames.

    def records(self) -> list[dict[str, Any]]:
        """A flat dict for each configuration, of plain values.

        It has the trial id, the state, each decision by its name, each metric and its deviation over repeats
        (``loss.std``), whether it is feasible if there are constraints, the program, the seconds and the
        error. A decision of which a metric has the name is called ``decision.lr``; a metric, or a decision,
        whose name one of the other columns has here or in `table`, ``metric.state`` or ``decision.rank``.
        Functions and other objects are texts; None stands for what there is not.

        Example:
            >>> import jax
            >>> from symjax import search
            >>> space = search.space({'width': search.oneof([8, 16])})
            >>> dnas = search.DNA.from_numbers(space.spec, [[0], [1]])
            >>> key = jax.random.key(0)
            >>> results = search.evaluate(lambda exp, key: {'n': exp['width']}, space, dnas, key)
            >>> results.records()[1]['width'], results.records()[1]['n']
            (16, 16)
        """
        return rows_of(records_of(self))

    def to_frame(self, library: Library | None = None) -> Any:
        """A data frame, with a row for each configuration and the columns of `records`.

        Args:
            library: ``'pandas'`` or ``'polars'``; by default the first of them that is installed.

        Raises:
            ImportError: It is not installed.
            ValueError: Another library.
        """
        return to_frame(records_of(self), library)

    def to_optuna(
        self,
        storage: Storage = None,
        name: str | None = None,
        metric: Wanted = None,
        mode: Modes | None = None,
        *,
        times: Times | None = None,
        courses: Courses | None = None,
        stopped: Collection[int] | None = None,
    ) -> Any:
        """The trials as an `optuna.Study`, which Optuna's plots, samplers and dashboard read.

        Parameters are those of `Space.suggest`, of each trial those that matter: Optuna can go on from there.
        All metrics, the trial id, what was decided and what was raised are user attributes. What failed or is
        NaN has failed there; what did not run waits; what is out of bounds breaks a constraint there, too.

        Args:
            storage: None for a study in memory; a path, which ends in ``.log`` for a journal, and in
                anything else for an SQLite file; or what Optuna takes: a URL or one of its storages.
            name: What the study is called there; by default a name that Optuna makes up.
            metric: What counts; see `rank`.
            mode: Its direction.
            times: When the trials ran; by default they ended now.
            courses: By trial id, pairs of a step and of what was measured then.
            stopped: The ids of those that were stopped early, which are pruned there; by default those whose
                courses end before the last step of all.

        Raises:
            ImportError: Optuna is not installed.
            optuna.exceptions.DuplicatedStudyError: The storage has a study of that name.
            ValueError: The file is another program's; or as `rank`.

        Example:
            >>> results.to_optuna("optuna.db", "widths")                                # doctest: +SKIP
            >>> # then, in a terminal: optuna-dashboard sqlite:///optuna.db
        """
        return to_optuna(self, storage, name, metric, mode, times, courses, stopped)

    # What they say.

    def importance(self, metric: Wanted = None, mode: Modes | None = None) -> dict[str, float]:
        """How much of what configurations came to each decision explains by itself.

        It is the share of the variance of their ranks that lies between the values of the decision:
        epsilon squared, an eta squared that is 0 on average for what has no effect (Kelley 1935, "An
        unbiased correlation ratio measure"). Ranks, because a diverged configuration is the last, however
        large its loss is; what failed ranks last, all of it equal. Numbers are put into up to ten groups of
        one size. A decision counts among the configurations in which it matters.

        What matters only together with others explains little alone, and the shares sum up to less than one.
        Those of a search that converged are of where it looked most: draw at random for those of the space.
        ``optuna.importance.get_param_importances(results.to_optuna())`` is another measure.

        Args:
            metric: One metric; see `rank`.
            mode: Its direction.

        Returns:
            By the name of a decision its share in [0, 1], the greatest first.

        Raises:
            ValueError: As `rank`; or nothing was measured.

        Example:
            >>> import jax
            >>> from symjax import search
            >>> space = search.space({'x': search.floatv(0.0, 1.0), 'y': search.oneof([0.0, 0.1])})
            >>> key = jax.random.key(0)
            >>> fn = lambda exp, key: exp['x'] + exp['y']
            >>> results = search.evaluate(fn, space, space.sample(key, 64), key)
            >>> importance = results.importance()
            >>> importance['x'] > 0.8, importance['y'] < 0.2
            (True, True)
        """
        scores = scores_of(self, metric, mode)
        only_outcome(self, scores, "importance")
        return effects_of(self, scores)

    def plot(
        self,
        kind: Kind | None = None,
        metric: Wanted = None,
        mode: Modes | None = None,
        axes: Axes | None = None,
    ) -> Figure:
        """Draws the configurations, by matplotlib.

        Args:
            kind: ``'history'``: the objective of each trial, and the best so far. ``'parallel'``: an axis for
                each decision, a line for each trial, with gaps where a decision does not matter.
                ``'importance'``: see `importance`. ``'pareto'``: two objectives and their front. By default
                that for two objectives, and the first one else.
            metric: What counts; see `rank`.
            mode: Its direction.
            axes: What to draw on, of matplotlib; by default those of a new figure.

        Returns:
            The figure: ``results.plot().savefig('history.png')``. `pyplot` does not know of it.

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: Another kind; an objective too many or too few; nothing was measured; or as `rank`.

        Example:
            >>> results.plot("parallel").savefig("parallel.png")                        # doctest: +SKIP
        """
        return plot(self, kind, metric, mode, axes)

    # As text.

    def table(self, metric: Wanted = None, mode: Modes | None = None, k: int = 10) -> str:
        """The k best configurations as text: their metrics, and what was decided for them.

        What has no rank, since it failed, stands below with its state. Columns are called as in `records`;
        an arrow says whether more (↑) or less (↓) of what is ranked by is better.

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
            rank  trial  state  value ↑  act     x
               1      1  ok         2.0  'gelu'  2.0
               2      0  ok         1.0  'relu'  1.0
        """
        return layout(*cells_of(self, self.scores(metric, mode), k))

    def __repr__(self) -> str:
        return summary_of(self)

    def __str__(self) -> str:
        """What happened, and the best configurations if it is said which these are."""
        scores = self._stated_scores()
        return f"{self!r}\n{layout(*cells_of(self, scores, 5))}" if scores else repr(self)

    def _repr_html_(self) -> str:
        cells, _ = cells_of(self, self._stated_scores(), 10)
        return f"<pre>{html.escape(repr(self))}</pre>{to_html(cells)}"

    def _stated_scores(self) -> Scores | None:
        """What to rank by if nobody says it now; None if nobody said it before."""
        if not self.objective.metrics and len(self.names) != 1:
            return None
        if not self.objective.modes and any(map(is_loss, self.names)):
            return None  # which end is the better one, nobody said
        try:
            return self.scores()
        except ValueError:  # the only metric is no single number
            return None
