"""`halving`: successive halving, on lanes that are compacted from rung to rung."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, final

import jax
import numpy as np

from symjax.core.errors import summary
from symjax.core.tracebacks import caller_level

from ..compiling.lanes import Mode
from ..evaluation.conducting import speak_of_failures
from ..evaluation.goals import add_costs
from ..evaluation.interrupts import interruptible, keeping
from ..evaluation.pace import Pace
from ..evaluation.progress import Report, reporter
from ..evaluation.requests import Request, signature_text, trial_ids
from ..evaluation.steps import Steps
from ..planning.inputs import batch_of, check_space
from ..results.failures import Failure
from ..results.measurements import OK
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .cohort import Cohort, FinalStates, Stage, advance, begin
from .halving_results import HalvingResults, gathered
from .schedule import Bracket, bracket_of, halving_rungs
from .step_report import StepReport
from .training import Where, check_steps, drawn, planned


def halving(
    steps: Steps,
    space: Space,
    dnas: DNA | Sequence[Any] | int,
    key: jax.Array,
    *data: Any,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    constraints: Mapping[str, Bound] | None = None,
    eta: int = 3,
    min_steps: int | None = None,
    rungs: Iterable[tuple[int, int]] | None = None,
    first_id: int = 0,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
) -> HalvingResults:
    """Trains many configurations for a few steps, the better ones of them for more, and so on.

    Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
    optimization", figure 3). Between rungs the survivors are ranked, whatever their structure, and their
    states are compacted, so that no lane runs for a configuration that was stopped. Of each structure two
    programs are compiled, the start and the steps, however many rungs there are.

    A survivor gives what it gives in ``evaluate(steps, space, dnas, key, *data)``: with mapped lanes, as on a
    CPU, to the last bit. What raises, or is NaN, ranks last, and harms no other configuration.

    Args:
        steps: The training.
        space: The space.
        dnas: A batch of DNAs, a list of DNAs or trees of the space, or how many to draw from the space.
        key: The root key; each configuration gets ``jax.random.fold_in(key, id)``.
        *data: Arguments that all configurations share.
        objective: The name of the metric that counts, or several; it may be left out if there is one only.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        constraints: Bounds of metrics; see `evaluate`.
        eta: Of how many one is kept at each rung, at least 2; and how many times as many steps it gets.
        min_steps: No configuration is stopped before so many steps; by default as few as leave one
            configuration on the last rung.
        rungs: The rungs instead, as pairs of how many configurations reach one, and of its steps:
            ``[(64, 100), (16, 400), (4, 800)]``.
        first_id: The id of the first trial; the others count on from it.
        lanes: ``'map'`` or ``'vmap'``; see `evaluate`.
        width: How many lanes run side by side on each device; see `evaluate`. One width for all rungs.
        devices: Where to run; see `evaluate`.
        progress: True for a progress bar, or a function of a `Progress`, which counts steps.

    Returns:
        What came of all, and of each rung; the winner, and the states of those that were never stopped.

    Raises:
        Interrupted: Ctrl-C between or within rungs; its results are those of the rungs so far.
        TypeError: `steps` are no `Steps`; and as `evaluate`.
        ValueError: Rungs that are none, or of another number of configurations; and as `evaluate`.
        Exception: All configurations raised: what the first one of them raised.

    Warns:
        RuntimeWarning: Some configurations raised.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import search
        >>> class Descent(sj.Object):
        ...     rate: float
        ...     def init(self, key):
        ...         return jax.random.normal(key)
        ...     def step(self, x):
        ...         return x - self.rate * 2 * x
        ...     def metric(self, x):
        ...         return {'loss': x ** 2}
        >>> space = search.space(Descent(search.floatv(0.01, 0.3)))
        >>> steps = search.Steps.of(Descent, n=16)
        >>> halved = search.halving(steps, space, 16, jax.random.key(0), mode='min', eta=2, min_steps=4)
        >>> print(halved.bracket)
        16 × 4 → 8 × 8 → 4 × 16 steps: 128, which is 50 % of 16 × 16
        >>> halved.best().experiment.rate > 0.2, [steps for steps, _ in halved.measurements(halved.best().id)]
        (True, [4, 8, 16])
    """
    check_steps(steps, "halving")
    check_space(space)
    batch = drawn(space, dnas, key) if isinstance(dnas, int) else batch_of(space, dnas)
    bracket = bracket_of(rungs) if rungs is not None else None
    if bracket is None:
        bracket = halving_rungs(len(batch), steps.n, eta, min_steps)
    if bracket.rungs[0].trials != len(batch):
        raise ValueError(
            f"{bracket.rungs[0].trials} configurations reach the first rung, and there are {len(batch)}"
        )
    climb = Climb(
        steps,
        Request(
            space,
            batch,
            trial_ids(len(batch), None, first_id),
            key,
            1,
            Objective.of(objective, mode, constraints),
            signature_text(steps),
        ),
        bracket,
        data,
        Where(lanes, width, devices),
    )
    report = StepReport(reporter(progress), bracket.budget)
    with closing(report), interruptible(climb.results, ""):
        halved = climb.run(report, Pace())
        report.end()
    climb.speak()
    return halved


@final
class Climb:
    """Configurations on their way from rung to rung.

    Args:
        steps: The training.
        request: What is asked for.
        bracket: The rungs.
        data: Arguments that all configurations share.
        where: Where and how lanes run.
    """

    def __init__(
        self, steps: Steps, request: Request, bracket: Bracket, data: tuple[Any, ...], where: Where
    ) -> None:
        self._steps = steps
        self._request = request
        self._bracket = bracket
        self._data = data
        self._where = where
        self._first = Stage(dataclasses.replace(request, objective=Objective()))  # it has no metrics
        self._stages: list[tuple[np.ndarray[Any, np.dtype[np.intp]], Stage]] = []

    def results(self) -> Results:
        """All configurations, as far as they came."""
        rungs = [(places, stage.results()) for places, stage in self._stages]
        return gathered(rungs, [rung.steps for rung in self._bracket.rungs], self._first.results())

    def run(self, report: StepReport, pace: Pace) -> HalvingResults:
        """Trains, ranks and compacts, until the last rung is reached or nothing is left."""
        bracket = self._bracket
        loads = [(rung.trials, m) for rung, m in zip(bracket.rungs, bracket.segments, strict=True)]
        plan, request = planned(self._steps, self._request, self._data, self._where, loads)
        self._request = request
        self._first = Stage(dataclasses.replace(request, objective=Objective()))  # it has no metrics
        with keeping(self.results, ""):
            report.begin(0, 0)
            add_costs(self._first, plan, request.objective, self._steps, request.key, *self._data)
            cohort = begin(self._steps, request, plan, self._first, report, pace, self._where.width)
            alive = np.setdiff1d(np.arange(len(request.dnas)), list(self._first.errors))
            for (trials, _), m in zip(bracket.rungs, bracket.segments, strict=True):
                cohort, alive = self._kept(cohort, alive, trials)
                if not alive.size:
                    break
                report.begin(len(alive), m)
                stage = Stage(cohort.request)
                stage.costs = {name: column[alive] for name, column in self._first.costs.items()}
                self._stages.append((alive, stage))
                cohort = advance(cohort, m, stage, report, pace)
        return HalvingResults(
            self.results(),
            tuple(stage.results() for _, stage in self._stages),
            bracket,
            FinalStates(cohort, self._data),
        )

    def _kept(self, cohort: Cohort, alive: Any, trials: int) -> tuple[Cohort, Any]:
        """The best of those that have not failed, at most `trials`; in the order of the batch."""
        if not self._stages:
            return cohort, alive
        results = self._stages[-1][1].results()
        scores = results.scores()
        order = results.rank()
        best = np.sort(order[scores.outcome[order] == OK][:trials])
        return cohort.taken(best), alive[best]

    @property
    def has_failed(self) -> bool:
        """Whether all configurations raised before their first step."""
        return len(self._first.errors) == len(self._first)

    def speak(self) -> None:
        """Says what raised.

        Raises:
            Exception: All configurations raised before their first step: what the first of them raised.

        Warns:
            RuntimeWarning: Some raised.
        """
        if self._first.errors:
            speak_of_failures(self._first, self._first.results())
        for (_, stage), rung in zip(self._stages, self._bracket.rungs, strict=False):
            for row, error in list(stage.errors.items())[:1]:
                warnings.warn(
                    f"{len(stage.errors)} of {len(stage)} configurations raised on the way to {rung.steps} "
                    f"steps; the first, trial {stage.results()[row].id}: "
                    f"{summary(error.error if isinstance(error, Failure) else error)}",
                    RuntimeWarning,
                    stacklevel=caller_level(),
                )
