"""`pbt`: population-based training, in which bad members go on from the states of good ones."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, final

import jax
import numpy as np

from symjax.core.errors import brief

from ..compiling.lanes import Mode
from ..evaluation.conducting import speak_of_failures
from ..evaluation.goals import add_costs
from ..evaluation.interrupts import interruptible, keeping
from ..evaluation.pace import Pace
from ..evaluation.progress import Report, reporter
from ..evaluation.requests import Request, signature_text, trial_ids
from ..evaluation.steps import Steps
from ..planning.grouping import Rows
from ..planning.inputs import batch_of, check_space
from ..results.measurements import OK
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .cohort import Cohort, FinalStates, Stage, advance, begin, reads
from .exploring import Explorer, check_explorable, reachable
from .pbt_results import PBTResults
from .step_report import StepReport
from .training import Where, check_steps, drawn, own_key, planned


def pbt(
    steps: Steps,
    space: Space,
    dnas: DNA | Sequence[Any] | int,
    key: jax.Array,
    *data: Any,
    interval: int,
    objective: str | None = None,
    mode: Modes | None = None,
    constraints: Mapping[str, Bound] | None = None,
    fraction: float = 0.2,
    factors: Sequence[float] = (0.8, 1.2),
    resample: float = 0.25,
    first_id: int = 0,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
) -> PBTResults:
    """Trains a population; again and again its worst members take over what its best ones learnt.

    Jaderberg et al. 2017, "Population based training of neural networks", section 4.1.1, with truncation
    selection: after each `interval` the worst `fraction`, and whatever is NaN, copy the state and the
    hyperparameters of a member out of the best `fraction` (exploit), and change these hyperparameters
    (explore). Members of different structures do not exchange states: each structure is a population of its
    own, with two programs, and decisions on structure are never changed.

    A hyperparameter is a decision on a leaf of the experiment (a `floatv`, a `oneof` of floats) that ``step``
    reads: from ``self``, where the steps are methods, `Steps.of`; or in the state's structure, as Flax's
    `TrainState` has its optimizer. A number that ``init`` copies among the leaves of the state does not
    change. With a state goes all that is in it, its key included.

    Args:
        steps: The training.
        space: The space.
        dnas: A batch of DNAs, a list of DNAs or trees of the space, or how many to draw from the space.
        key: The root key; each member gets ``jax.random.fold_in(key, id)``.
        *data: Arguments that all members share.
        interval: After how many steps members are compared.
        objective: The name of the metric that counts; it may be left out if there is one only.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        constraints: Bounds of metrics; see `evaluate`.
        fraction: Which share of a structure's members is replaced each time, in (0, 0.5]; at least one.
        factors: What a float is multiplied with when it is changed: one of these, within its bounds. On a
            reverse log scale its mirror image is multiplied. Of candidates the next one is taken, or the one
            before.
        resample: How likely it is that a hyperparameter is drawn anew from the space instead, in [0, 1].
        first_id: The id of the first trial; the others count on from it.
        lanes: ``'map'`` or ``'vmap'``; see `evaluate`.
        width: How many lanes run side by side on each device; see `evaluate`.
        devices: Where to run; see `evaluate`.
        progress: True for a progress bar, or a function of a `Progress`, which counts steps.

    Returns:
        What came of each round; the best member, its state, and the schedule of hyperparameters behind it.

    Raises:
        Interrupted: Ctrl-C; its results are those of the latest round that is complete.
        TypeError: `steps` are no `Steps`; and as `evaluate`.
        ValueError: The space has no hyperparameter that the steps read, a number is out of range; and as
            `evaluate`.
        Exception: All members raised: what the first one of them raised.

    Warns:
        RuntimeWarning: Nothing can be copied: there is one member, or `interval` is all of the steps.

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
        >>> space = search.space(Descent(search.floatv(0.001, 0.4, 'log')))
        >>> steps = search.Steps.of(Descent, n=20)
        >>> trained = search.pbt(steps, space, 8, jax.random.key(0), interval=5, mode='min')
        >>> trained
        <PBTResults: 8 members, 20 steps in 4 rounds, 3 copies>
        >>> len(trained.lineage()), bool(trained.best().metrics['loss'] < 1e-4)
        (4, True)
    """
    check_steps(steps, "pbt")
    _check_shares(fraction, factors, resample, interval)
    check_space(space)
    batch = drawn(space, dnas, key) if isinstance(dnas, int) else batch_of(space, dnas)
    request = Request(
        space,
        batch,
        trial_ids(len(batch), None, first_id),
        key,
        1,
        Objective.of(objective, mode, constraints),
        signature_text(steps),
    )
    ends = (*range(interval, steps.n, interval), steps.n)
    if len(ends) == 1 or len(batch) == 1:
        why = f"interval={interval} of {steps.n} steps" if len(ends) == 1 else "a population of one"
        warnings.warn(
            f"{why}: no member is compared with another, and none copied", RuntimeWarning, stacklevel=2
        )
    population = Population(steps, request, data, Where(lanes, width, devices), ends)
    report = StepReport(reporter(progress), len(batch) * steps.n)
    with closing(report), interruptible(population.results, ""):
        trained = population.run(report, fraction, tuple(factors), resample)
        report.end()
    return trained


@final
class Population:
    """Members in training.

    Args:
        steps: The training.
        request: What is asked for.
        data: Arguments that all members share.
        where: Where and how lanes run.
        ends: After how many steps members are compared.
    """

    def __init__(
        self,
        steps: Steps,
        request: Request,
        data: tuple[Any, ...],
        where: Where,
        ends: tuple[int, ...],
    ) -> None:
        self._steps = steps
        self._request = request
        self._data = data
        self._where = where
        self._ends = ends
        self._rounds: list[Results] = []

    def results(self) -> Results:
        """The latest round that is complete."""
        return self._rounds[-1] if self._rounds else Stage(self._request).results()

    def run(
        self, report: StepReport, fraction: float, factors: tuple[float, ...], resample: float
    ) -> PBTResults:
        """Trains, compares, copies and changes, to the last step.

        Raises:
            Exception: All members raised: what the first one of them raised.
        """
        segments = np.diff([0, *self._ends]).tolist()
        loads = [(len(self._request.dnas), m) for m in segments]
        plan, request = planned(self._steps, self._request, self._data, self._where, loads)
        self._request = request
        pace, parents = Pace(), []
        with keeping(self.results, ""):
            report.begin(0, 0)
            first = Stage(dataclasses.replace(request, objective=Objective()))  # it has no metrics
            add_costs(first, plan, request.objective, self._steps, request.key, *self._data)
            cohort = begin(self._steps, request, plan, first, report, pace, self._where.width)
            if first.errors:
                speak_of_failures(first, first.results())
            points = reachable(cohort, reads(cohort))
            check_explorable(points, plan.lanes)
            explorer = Explorer(plan.space, points, factors, resample)
            alive = np.setdiff1d(np.arange(len(request.dnas)), list(first.errors))
            costs = {name: column[alive] for name, column in first.costs.items()}
            for number, m in enumerate(segments):
                if number:
                    keys = jax.random.split(own_key(request.key, number))
                    sources = exploited(cohort, self._rounds[-1], fraction, keys[0])
                    rows = np.flatnonzero(sources != np.arange(len(sources)))
                    cohort = explorer.explored(cohort.copied(sources), rows, keys[1])
                    parents.append(sources)
                report.begin(len(cohort), m)
                stage = Stage(cohort.request)
                stage.costs = costs
                cohort = advance(cohort, m, stage, report, pace)
                self._rounds.append(stage.results())
        lines = np.array(parents, np.intp).reshape(-1, len(cohort))
        return PBTResults(tuple(self._rounds), self._ends, lines, FinalStates(cohort, self._data))


def exploited(cohort: Cohort, results: Results, fraction: float, key: jax.Array) -> Rows:
    """For each member the one whose state it goes on with: truncation selection within each structure.

    Args:
        cohort: The n members.
        results: What they were measured at.
        fraction: Which share of a structure's members is replaced.
        key: A JAX key.

    Returns:
        Places, int[n]: its own for most.
    """
    sources = np.arange(len(cohort))
    draws = np.asarray(jax.random.uniform(key, (len(cohort),)))
    order, sound = results.rank(), results.scores().outcome == OK
    for bucket in cohort.plan.buckets:
        ranked = order[np.isin(order, bucket.rows)]
        count = min(len(ranked) // 2, max(1, int(fraction * len(ranked))))
        best = ranked[:count][sound[ranked[:count]]]
        if best.size:
            worst = np.union1d(ranked[len(ranked) - count :], ranked[~sound[ranked]])
            sources[worst] = best[(draws[worst] * len(best)).astype(int)]
    return sources


def _check_shares(fraction: float, factors: Sequence[float], resample: float, interval: int) -> None:
    if type(interval) is not int or interval < 1:
        raise ValueError(f"members are compared after at least one step, got interval={brief(interval)}")
    if not 0 < fraction <= 0.5:
        raise ValueError(f"fraction is the share that is replaced, in (0, 0.5]; got {brief(fraction)}")
    if not 0 <= resample <= 1:
        raise ValueError(f"resample is a probability, in [0, 1]; got {brief(resample)}")
    if not len(factors) or not all(factor > 0 for factor in factors):
        raise ValueError(f"factors are positive numbers, at least one; got {brief(factors)}")
