"""`hyperband`: successive halving in several brackets, which stop more or fewer configurations early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ..algorithms.algorithm import Algorithm, Exhausted
from ..algorithms.independent import Random
from ..compiling.lanes import Mode
from ..engines.local import Local
from ..evaluation.interrupts import interruptible
from ..evaluation.pace import Pace
from ..evaluation.progress import Report, reporter
from ..evaluation.requests import Request, signature_text, trial_ids
from ..evaluation.steps import State, Steps
from ..planning.inputs import check_space
from ..results.exports.optuna import Storage
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..results.trial import Trial
from ..searching.rounds import Keys, Search
from ..spaces.space import Space
from .halving import Climb
from .halving_results import HalvingResults
from .schedule import Brackets, hyperband_brackets
from .step_report import StepReport
from .training import Where, check_steps


@dataclass(frozen=True)
class HyperbandResults:
    """What came of Hyperband.

    Attributes:
        results: All configurations of all brackets, in the order of their ids; see `HalvingResults`.
        brackets: What came of each bracket.
        plan: The brackets, as they were meant.
    """

    results: Results
    brackets: tuple[HalvingResults, ...]
    plan: Brackets

    def __len__(self) -> int:
        return len(self.results)

    def best(self) -> Trial:
        """The winner: the best of those that were never stopped, in whatever bracket.

        Raises:
            ValueError: All failed.
        """
        full = [each.rungs[-1] for each in self.brackets if len(each.rungs) == len(each.bracket.rungs)]
        winner = (Results.concat(full) if full else self.results).best()
        return self.results[int(np.flatnonzero(self.results.ids == winner.id)[0])]

    @property
    def best_state(self) -> State:
        """The state of the winner after its last step, as `Steps.measure` and `Steps.segment` take it."""
        winner = self.best().id
        return next(each.states[winner] for each in self.brackets if winner in each.states)

    def measurements(self, trial_id: int) -> list[tuple[int, Any]]:
        """What a configuration was measured at; see `HalvingResults.measurements`."""
        for each in self.brackets:
            if trial_id in each.results.ids:
                return each.measurements(trial_id)
        raise KeyError(f"there is no trial {trial_id!r} among {len(self)}")

    def to_optuna(self, storage: Storage = None, name: str | None = None) -> Any:
        """The trials as an `optuna.Study`; see `HalvingResults.to_optuna`."""
        courses = {id: course for each in self.brackets for id, course in each.courses().items()}
        return self.results.to_optuna(storage, name, courses=courses)

    def __repr__(self) -> str:
        return f"<HyperbandResults: {len(self)} configurations in {len(self.brackets)} brackets>"


def hyperband(
    steps: Steps,
    space: Space,
    key: jax.Array,
    *data: Any,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    constraints: Mapping[str, Bound] | None = None,
    algorithm: Algorithm | None = None,
    eta: int = 3,
    min_steps: int = 1,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
) -> HyperbandResults:
    """Successive halving in brackets: it need not be known how early a configuration can be judged.

    Li et al. 2018, "Hyperband: a novel bandit-based approach to hyperparameter optimization". What there is
    to come, ``print(search.hyperband_brackets(steps.n, eta, min_steps))`` says beforehand. All brackets run
    through the same programs.

    With an algorithm, configurations are asked of it, and it is told what those earned that were never
    stopped, and of what failed; of what was stopped it learns nothing, since rewards after different numbers
    of steps do not compare (Falkner et al. 2018, "BOHB", models the largest number of steps likewise).

    Args:
        steps: The training; ``steps.n`` is the most that a configuration gets.
        space: The space.
        key: The key of all that is drawn.
        *data: Arguments that all configurations share.
        objective: The name of the metric that counts, or several; see `halving`.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        constraints: Bounds of metrics; see `evaluate`.
        algorithm: What proposes; by default configurations are drawn from the space. Where it has no more to
            propose, brackets are smaller, or left out.
        eta: Of how many one is kept at each rung, at least 2.
        min_steps: How many steps a configuration gets at least.
        lanes: ``'map'`` or ``'vmap'``; see `evaluate`.
        width: How many lanes run side by side on each device.
        devices: Where to run.
        progress: True for a progress bar, or a function of a `Progress`, which counts steps.

    Returns:
        What came of all, and of each bracket.

    Raises:
        Interrupted: Ctrl-C; its results are those so far.
        TypeError, ValueError: As `halving`.

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
        >>> print(search.hyperband_brackets(9))
        9 × 1 → 3 × 3 → 1 × 9 steps: 21, which is 26 % of 9 × 9
        5 × 3 → 1 × 9 steps: 21, which is 47 % of 5 × 9
        3 × 9 steps: 27, which is 100 % of 3 × 9
        17 configurations, 69 steps, which is 45 % of 153
        >>> tried = search.hyperband(search.Steps.of(Descent, n=9), space, jax.random.key(0), mode='min')
        >>> len(tried), tried.best().experiment.rate > 0.2
        (17, True)
    """
    check_steps(steps, "hyperband")
    check_space(space)
    plan = hyperband_brackets(steps.n, eta, min_steps)
    goal = Objective.of(objective, mode, constraints)
    search = Search(
        algorithm or Random(),
        steps,
        space,
        Keys.of(key),
        Local(),
        data,
        {"objective": goal.metrics or None},
    )
    state, done, first = search.init(), list[HalvingResults](), 0
    climbs: list[Climb] = []

    def results() -> Results:
        return Results.concat(climb.results() for climb in climbs)

    pace = Pace()
    with closing(StepReport(reporter(progress), plan.budget)) as report, interruptible(results, ""):
        for bracket in plan:
            try:
                dnas, state = search.ask(state, first, bracket.rungs[0].trials)
            except Exhausted:
                break
            ids = trial_ids(len(dnas), None, first)
            request = Request(space, dnas, ids, search.keys.trials, 1, goal, signature_text(steps))
            climbs.append(Climb(steps, request, bracket.of(len(dnas)), data, Where(lanes, width, devices)))
            each = climbs[-1].run(report, pace)
            done.append(each)
            first += len(dnas)
            for part in _told(each):
                state = search.tell(state, part)
        report.end()
    some = [climb for climb in climbs if not climb.has_failed]
    for climb in some or climbs[:1]:
        climb.speak()
    return HyperbandResults(results(), tuple(done), plan)


def _told(each: HalvingResults) -> list[Results]:
    """What an algorithm learns from a bracket: of those that were never stopped, and of what failed."""
    full = {int(id) for id in each.rungs[-1].ids} if len(each.rungs) == len(each.bracket.rungs) else set()
    states = each.results.states
    places = [i for i, id in enumerate(each.results.ids) if int(id) in full or states[i] != "ok"]
    return [each.results[places]] if places else []
