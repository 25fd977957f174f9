"""`HalvingResults`: what came of configurations of which most were stopped early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from ..evaluation.steps import State
from ..results.exports.optuna import Storage
from ..results.measurements import Places
from ..results.results import Results
from ..results.trial import Trial
from .schedule import Bracket

RUNG, STEPS = "halving.rung", "halving.steps"
"""The columns of the results that say how far a configuration came."""


@dataclass(frozen=True)
class HalvingResults:
    """What came of successive halving.

    Attributes:
        results: All configurations, in the order of the DNAs, with the metrics of the last rung that each
            reached; the columns ``'halving.rung'``, from 0, and ``'halving.steps'`` say which that was.
        rungs: For each rung the results of those that reached it, measured there.
        bracket: The rungs, as they were meant.
        states: By trial id the state after the last step of those that were never stopped, from which
            `Steps.segment` goes on.
    """

    results: Results
    rungs: tuple[Results, ...]
    bracket: Bracket
    states: Mapping[int, State]

    def __len__(self) -> int:
        return len(self.results)

    def rank(self) -> Places:
        """All configurations, the best first: places in `results`, int[n].

        Those of the last rung come first, by their rank there, then those that were stopped before it, and so
        on: metrics after different numbers of steps are not compared.
        """
        place = {int(id): index for index, id in enumerate(self.results.ids)}
        order: dict[int, None] = {}
        for rung in reversed(self.rungs):
            order.update(dict.fromkeys(place[int(rung.ids[row])] for row in rung.rank()))
        order.update(dict.fromkeys(place.values()))
        return np.array(list(order), np.intp)

    def top(self, k: int) -> tuple[Trial, ...]:
        """The k best configurations, the best first, of all that have not failed; see `rank`."""
        trials = (self.results[int(index)] for index in self.rank())
        return tuple([trial for trial in trials if trial.state == "ok"][:k])

    def best(self) -> Trial:
        """The winner: the best of the last rung.

        Raises:
            ValueError: All failed.
        """
        winner = (self.rungs[-1] if self.rungs else self.results).best()
        return self.results[int(np.flatnonzero(self.results.ids == winner.id)[0])]

    @property
    def best_state(self) -> State:
        """The state of the winner after its last step, as `Steps.measure` and `Steps.segment` take it."""
        return self.states[self.best().id]

    def measurements(self, trial_id: int) -> list[tuple[int, Any]]:
        """What a configuration was measured at: pairs of how many steps, and the metrics after these.

        Raises:
            KeyError: There is no such trial.
        """
        if trial_id not in self.results.ids:
            raise KeyError(f"there is no trial {brief(trial_id)} among {len(self)}")
        pairs = []
        for rung, results in zip(self.bracket.rungs, self.rungs, strict=False):
            for row in np.flatnonzero(results.ids == trial_id):
                trial = results[int(row)]
                if trial.metrics is not None:
                    pairs.append((rung.steps, trial.metrics))
        return pairs

    def courses(self) -> dict[int, list[tuple[int, float]]]:
        """By trial id pairs of a step, and of the first objective after it."""
        courses: dict[int, list[tuple[int, float]]] = {int(id): [] for id in self.results.ids}
        for rung, results in zip(self.bracket.rungs, self.rungs, strict=False):
            (name, _), *_ = results.scores().goals
            for id, value in zip(results.ids, results.numbers(name), strict=True):
                courses[int(id)].append((rung.steps, float(value)))
        return courses

    def to_optuna(self, storage: Storage = None, name: str | None = None) -> Any:
        """The trials as an `optuna.Study`, with what each rung measured; what was stopped is pruned there.

        See `Results.to_optuna`.
        """
        return self.results.to_optuna(storage, name, courses=self.courses())

    def __repr__(self) -> str:
        reached = " → ".join(str(len(rung)) for rung in self.rungs)
        return f"<HalvingResults: {reached} of {len(self)} configurations; {self.bracket}>"


def gathered(
    rungs: Sequence[tuple[npt.NDArray[np.intp], Results]], ends: Sequence[int], first: Results
) -> Results:
    """The results of all configurations, each as it was at the last rung that it reached.

    Args:
        rungs: For each rung the places of those that reached it, and what came of them there; what is
            pending there did not reach it.
        ends: For each rung after how many steps that is.
        first: What came of the start of all; of what failed there.
    """
    last = np.full(len(first), -1)
    for number, (places, results) in enumerate(rungs):
        last[places[~results.pending]] = number
    parts, order, seconds = [], [], np.nan_to_num(first.seconds)
    for number, (places, results) in enumerate(rungs):
        own = np.flatnonzero(last[places] == number)
        parts.append(results[own])
        order.append(places[own])
        seconds[places] += np.nan_to_num(results.seconds)
    never = np.flatnonzero(last < 0)
    parts.append(_without_metrics(first[never]))
    order.append(never)
    whole = Results.concat(parts)[np.argsort(np.concatenate(order))]
    steps = np.array([0, *ends])[last + 1]
    return Results(
        **{
            **whole.arguments(),
            "costs": {**whole.costs, RUNG: last.astype(float), STEPS: steps.astype(float)},
            "seconds": np.where(last < 0, np.nan, seconds),
            "programs": first.programs,
            "plan": first.plan,
            "compiled": first.compiled + sum(results.compiled for _, results in rungs),
            "reused": first.reused + sum(results.reused for _, results in rungs[:1]),
        }
    )


def _without_metrics(first: Results) -> Results:
    """What did not reach the first rung: failed, or pending."""
    failed = [row in first.errors for row in range(len(first))]
    arguments = {**first.arguments(), "metrics": None, "pending": ~np.array(failed, bool)}
    return Results(**arguments)
