"""`PBTResults`: what came of population-based training, and by which schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from ..evaluation.steps import State
from ..results.results import Results
from ..results.trial import Trial


@dataclass(frozen=True)
class PBTResults:
    """What came of population-based training.

    Attributes:
        rounds: For each round the results of all members, measured at its end, with the hyperparameters that
            they had in it. A member keeps its trial id throughout.
        ends: For each round after how many steps that was.
        parents: For each round but the first, whose state each member began it with, by place,
            int[rounds - 1, n]; where that is its own place, nothing was copied.
        states: By trial id the state after the last step, from which `Steps.segment` goes on.
    """

    rounds: tuple[Results, ...]
    ends: tuple[int, ...]
    parents: npt.NDArray[np.intp]
    states: Mapping[int, State]

    def __len__(self) -> int:
        return len(self.results)

    @property
    def results(self) -> Results:
        """All members at the end, with the hyperparameters of the last round."""
        return self.rounds[-1]

    def best(self) -> Trial:
        """The best member at the end.

        Raises:
            ValueError: All failed.
        """
        return self.results.best()

    @property
    def best_state(self) -> State:
        """The state of the best member, as `Steps.measure` and `Steps.segment` take it."""
        return self.states[self.best().id]

    def lineage(self, trial_id: int | None = None) -> list[Trial]:
        """Where a member's state comes from: for each round the trial whose steps are part of its training.

        Args:
            trial_id: The member; by default the best.

        Raises:
            KeyError: There is no such member.
        """
        wanted = self.best().id if trial_id is None else trial_id
        places = np.flatnonzero(self.results.ids == wanted)
        if not places.size:
            raise KeyError(f"there is no trial {brief(trial_id)} among {len(self)}")
        place, line = int(places[0]), []
        for number in reversed(range(len(self.rounds))):
            line.append(self.rounds[number][place])
            if number:
                place = int(self.parents[number - 1, place])
        return line[::-1]

    def schedule(self, trial_id: int | None = None) -> list[tuple[int, dict[str, Any]]]:
        """The hyperparameters that a state was trained with: pairs of a step, and the values from there on.

        Args:
            trial_id: The member; by default the best.

        Raises:
            KeyError: There is no such member.
        """
        starts = (0, *self.ends)
        pairs: list[tuple[int, dict[str, Any]]] = []
        for start, trial in zip(starts, self.lineage(trial_id), strict=False):
            if not pairs or pairs[-1][1] != trial.values:
                pairs.append((start, trial.values))
        return pairs

    def measurements(self, trial_id: int | None = None) -> list[tuple[int, Any]]:
        """What was measured on the way to a member's state: pairs of how many steps, and the metrics."""
        return [(end, trial.metrics) for end, trial in zip(self.ends, self.lineage(trial_id), strict=True)]

    def __repr__(self) -> str:
        copies = int((self.parents != np.arange(len(self))).sum()) if len(self.parents) else 0
        members, steps, rounds = (
            f"{n:,} {what}{'s' * (n != 1)}"
            for n, what in ((len(self), "member"), (self.ends[-1], "step"), (len(self.ends), "round"))
        )
        return f"<PBTResults: {members}, {steps} in {rounds}, {copies} cop{'y' if copies == 1 else 'ies'}>"
