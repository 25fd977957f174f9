"""What an objective needs of the metrics: said before anything is compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..planning.plan import Plan
from ..results.columns import Metrics, by_name
from ..results.objective import Objective
from .cost import Cost, cost
from .outcomes import Outcomes

COST = "cost."
COSTS = tuple(f"{COST}{field.name}" for field in dataclasses.fields(Cost) if field.name != "notes")


def costs_in(objective: Objective) -> tuple[str, ...]:
    """Which of ``'cost.flops'``, ``'cost.bytes'`` and ``'cost.parameters'`` an objective is about."""
    names = (*objective.metrics, *objective.bounds)
    return tuple(name for name in dict.fromkeys(names) if name in COSTS)


def check_objective(objective: Objective, shapes: Metrics) -> None:
    """Refuses an objective or a constraint that the function's metrics do not have.

    Args:
        objective: The objective.
        shapes: What the function returns, with the axis of the lanes first.

    Raises:
        KeyError: There is no such metric; the message names those that there are.
        ValueError: A metric is no single real number; or a direction was said, but not of which metric.
    """
    columns = by_name(shapes)
    if objective.modes and not objective.metrics and len(columns) > 1:
        raise ValueError(
            f"mode={objective.modes[0]!r} of which metric? There are {', '.join(columns)}: say "
            f"objective={next(iter(columns))!r}, too"
        )
    objective.check((*columns, *COSTS))
    for name in (*objective.metrics, *objective.bounds):
        column = columns.get(name)
        if column is None:
            continue
        if len(column.shape) > 1 or jnp.issubdtype(column.dtype, np.complexfloating):
            raise ValueError(
                f"the metric {name!r} is {column.dtype}{list(column.shape[1:])} for each configuration; "
                "an objective or a constraint is about a single real number"
            )


def add_costs(
    outcomes: Outcomes,
    plan: Plan,
    objective: Objective,
    fn: Callable[..., Any],
    key: jax.Array,
    *broadcast: Any,
) -> None:
    """Adds the costs that an objective is about to outcomes: one trace for each bucket.

    Raises:
        KeyError: There is no such cost.
    """
    names = [name for name in costs_in(objective) if name not in outcomes.costs]
    columns = {name: np.full(len(plan), np.nan) for name in names}
    for bucket in plan.buckets if names else ():
        experiment = plan.space.decode(plan.dnas[int(bucket.rows[0])])
        numbers = {
            f"{COST}{name}": number
            for name, number in cost(fn, experiment, key, *broadcast).numbers().items()
        }
        for name, column in columns.items():
            column[bucket.rows] = numbers[name]
    outcomes.costs.update(columns)
