"""`Trial`: one configuration and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import jax
import numpy as np

from symjax.core.errors import summary

from ..spaces.dna import DNA
from ..spaces.space import Space
from .columns import Metrics, by_name
from .keys import RootKeys
from .table import measured_text, value_text

State = Literal["ok", "nan", "failed", "pending"]
STATES: tuple[State, ...] = ("ok", "nan", "failed", "pending")


@dataclass(frozen=True, eq=False, repr=False)
class Trial:
    """One configuration and what came of it: plain data, which can be pickled.

    Attributes:
        index: Its place in the results.
        id: The trial id, from which its key was made.
        dna: The point of the space.
        state: ``'ok'``; ``'nan'`` where a metric is NaN; ``'failed'`` where the function raised;
            ``'pending'`` where it did not run yet.
        metrics: What the function returned, in NumPy arrays, the mean over repeats; None if there is nothing.
            If it is a dict, `costs` are in it, too.
        costs: The costs that an objective or a constraint is about, such as ``'cost.parameters'``.
        deviations: By the name of a metric its standard deviation over repeats; empty without repeats.
        feasible: Whether the metrics are within the constraints.
        error: What the function raised, without its traceback; or None.
        traceback: What the traceback said; an empty text without an error.
        program: The number of the program that it ran in, from 0; None if it did not run.
        seconds: How long it took, its share of the call that it was part of; NaN if that is not known.
        space: The space that it is from.
    """

    index: int
    id: int
    dna: DNA
    state: State
    metrics: Metrics
    costs: dict[str, int | float]
    deviations: dict[str, Any]
    feasible: bool
    error: Exception | None
    traceback: str
    program: int | None
    seconds: float
    space: Space
    root: RootKeys

    @property
    def key(self) -> jax.Array:
        """The key that the function was given: the root key with the trial id folded in."""
        return self.root.key(0, self.id)

    @property
    def experiment(self) -> Any:
        """The decoded tree.

        Raises:
            Exception: Whatever refused the configuration, if it breaks an invariant of the tree.
        """
        return self.space.decode(self.dna)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What was decided: ``{'model.width': 16, 'lr': 0.003}``; see `Space.values`.

        By the names of decisions, or else the paths of their values. A candidate with a label goes by that,
        one that holds decisions of its own by its class; what does not matter here is left out.
        """
        return self.space.values(self.dna)

    def __repr__(self) -> str:
        decided = ", ".join(f"{name}={value_text(value)}" for name, value in self.values.items())
        own = {name: value for name, value in by_name(self.metrics).items() if name not in self.costs}
        columns = {**own, **self.costs}
        metrics = ", ".join(f"{name or 'value'} {self._measured(name, columns[name])}" for name in columns)
        outcome = f"; {metrics}" if metrics else ""
        if self.error is not None:
            outcome = f": {summary(self.error)}"
        bounds = ", infeasible" if self.state == "ok" and not self.feasible else ""
        return f"<Trial {self.id}: {decided or 'no decisions'}; {self.state}{bounds}{outcome}>"

    def _measured(self, name: str, value: Any) -> str:
        """A metric in a line; of several numbers only how many there are."""
        if np.ndim(value):
            return f"{np.asarray(value).dtype}{list(np.shape(value))}"
        return measured_text(value, self.deviations.get(name))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "values"}  # is made again


def decision_names(space: Space, values: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of decisions in the values of trials, in the order of the space."""
    used = set().union(*values)
    names = [name for point in space.spec.points for name in (point.name, str(point.path), point.id)]
    return [name for name in dict.fromkeys(names) if name in used]
