"""What an objective needs of the metrics: said before anything is compiled."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np


from ..results.columns import Metrics, by_name
from ..results.objective import Objective

COST = "cost."


def costs_in(objective: Objective) -> tuple[str, ...]:
    """The costs among what an objective is about: ``'cost.flops'``, ``'cost.bytes'``, ``'cost.parameters'``."""
    names = (*objective.metrics, *objective.bounds)
    return tuple(name for name in dict.fromkeys(names) if name.startswith(COST))


def check_objective(objective: Objective, shapes: Metrics) -> None:
    """Refuses an objective or a constraint that the function's metrics do not have.

    Args:
        objective: The objective.
        shapes: What the function returns, with the axis of the lanes first.

    Raises:
        KeyError: There is no such metric; the message names those that there are.
        ValueError: A metric is no single real number.
    """
    columns = by_name(shapes)
    objective.check((*columns, *costs_in(objective)))
    for name in (*objective.metrics, *objective.bounds):
        column = columns.get(name)
        if column is None:
            continue
        if len(column.shape) > 1 or jnp.issubdtype(column.dtype, np.complexfloating):
            raise ValueError(
                f"the metric {name!r} is {column.dtype}{list(column.shape[1:])} for each configuration; "
                "an objective or a constraint is about a single real number"
            )
