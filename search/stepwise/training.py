"""What training is asked for and how it will run, before the first step."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from symjax.core.errors import brief

from ..compiling.lanes import Layout, Mode
from ..evaluation.goals import check_objective
from ..evaluation.requests import Request
from ..evaluation.steps import Steps
from ..planning.inputs import batch_of
from ..planning.ladder import choose_one_rung
from ..planning.plan import Plan, make_plan
from ..results.columns import by_name
from ..spaces.dna import DNA
from ..spaces.space import Space

_NOBODY = 2**32 - 1  # an id that no trial has: of it is the key of what is drawn beside the trials


def check_steps(steps: object, caller: str) -> None:
    """Refuses what cannot be trained step by step.

    Raises:
        TypeError: They are no `Steps`, or none at all.
    """
    if not isinstance(steps, Steps):
        raise TypeError(
            f"search.{caller} takes steps, of which it runs some at a time: search.Steps(init, step, metric, "
            f"n=…), or search.Steps.of(Experiment, n=…); got {brief(steps)}"
        )
    if steps.n < 1:
        raise ValueError(f"search.{caller} takes at least one step, got n={steps.n}")


def drawn(space: Space, n: int, key: jax.Array) -> DNA:
    """Configurations that are drawn with a key that no trial has."""
    if isinstance(n, bool) or n < 1:
        raise ValueError(f"at least one configuration is drawn, got {brief(n)}")
    return batch_of(space, space.sample(own_key(key, 0), n))


def own_key(key: jax.Array, number: int) -> jax.Array:
    """A key for what is drawn beside the trials: by number 0 configurations, by others what comes later."""
    return jax.random.fold_in(jax.random.fold_in(key, _NOBODY), number)


@dataclass(frozen=True)
class Where:
    """Where and how lanes run; see `evaluate`."""

    lanes: Mode | None = None
    width: int | None = None
    devices: jax.Device | Sequence[jax.Device] | None = None


def planned(
    steps: Steps, request: Request, data: tuple[Any, ...], where: Where, loads: Sequence[tuple[int, int]]
) -> tuple[Plan, Request]:
    """A plan of training as a whole, in lanes that suit its segments; and the request, with what counts.

    Args:
        steps: The training.
        request: What is asked for.
        data: Arguments that all configurations share.
        where: Where and how lanes run.
        loads: Of each segment how many configurations there are, and how many steps.

    Raises:
        ValueError: It is not said which of several metrics counts; and as `make_plan`.
    """
    plan = make_plan(
        steps,
        request.space,
        request.dnas,
        request.key,
        data,
        ids=request.ids,
        repeats=1,
        lanes=where.lanes,
        width=where.width,
        devices=where.devices,
        check=partial(check_objective, request.objective),
    )
    plan.warn(of_constants=True)
    if plan.buckets:
        for bucket in plan.buckets:
            check_objective(request.objective, bucket.program.trace())
        names = tuple(by_name(plan.buckets[0].program.trace()))
        goals = request.objective.goals(None, None, names)
        metrics, modes = tuple(name for name, _ in goals), tuple(mode for _, mode in goals)
        goal = dataclasses.replace(request.objective, metrics=metrics, modes=modes)
        request = dataclasses.replace(request, objective=goal)
    if where.width is None and plan.mode == "vmap" and plan.task is not None:
        platform = plan.task.devices[0].platform
        buckets = []
        for bucket in plan.buckets:
            share = len(bucket.rows) / len(plan)
            sizes = [(math.ceil(share * trials), m) for trials, m in loads]
            layout = Layout("vmap", choose_one_rung(sizes, plan.devices, platform))
            buckets.append(bucket.with_layout(layout))
        plan = plan.with_buckets(buckets)
    return plan, request
