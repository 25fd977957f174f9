"""`conduct`: an evaluation from what a user asks for to its results, whoever carries it out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Literal, Protocol

import jax
import numpy.typing as npt

from symjax.core.errors import note, summary
from symjax.core.tracebacks import caller_level

from ..compiling.lanes import Mode
from ..planning.inputs import batch_of
from ..planning.plan import make_plan
from ..results.failures import Failure
from ..results.objective import Bound, Modes, Objective
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .goals import add_costs, check_objective
from .interrupts import attach, interruptible, keeping
from .jobs import Job, OnResult
from .outcomes import Outcomes
from .pace import Pace
from .progress import Progress, Report, reporter
from .requests import Request, check_repeats, signature_text, trial_ids
from .resuming import take_over


class Carrier(Protocol):
    """What carries out an evaluation that is planned."""

    def run(self) -> None:
        """Runs everything; returns when all outcomes are in."""


def conduct(
    carrier: Callable[[Job], Carrier],
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA | Sequence[Any],
    key: jax.Array,
    broadcast: tuple[Any, ...],
    *,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    repeats: int = 1,
    constraints: Mapping[str, Bound] | None = None,
    resume: Results | None = None,
    retry_failed: bool = False,
    first_id: int = 0,
    ids: Sequence[int] | npt.NDArray[Any] | None = None,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
    on_result: OnResult | None = None,
    failures: Literal["raise", "keep"] = "raise",
) -> Results:
    """Plans an evaluation, has it carried out, and speaks of what failed: what all engines have in common.

    Args:
        carrier: Makes of a job what carries it out.
        fn: See `evaluate`, as for all that follows.
        space: The space.
        dnas: A batch.
        key: The root key.
        broadcast: Arguments that all configurations share.
        objective: The metric that counts, or several.
        mode: Whether more of it is better.
        repeats: How many seeds each configuration runs with.
        constraints: Bounds of metrics.
        resume: Results of the same evaluation that was interrupted.
        retry_failed: Whether configurations that raised in `resume` run again.
        first_id: The id of the first trial.
        ids: The trial ids instead.
        lanes: How lanes run.
        width: How many run side by side on each device.
        devices: Where the plan is to run.
        progress: Who is told of progress.
        on_result: Who is told of results.
        failures: What to do about configurations that raised.
    """
    if failures not in ("raise", "keep"):
        raise ValueError(f"failures must be 'raise' or 'keep', got {failures!r}")
    pace, bar = Pace(), reporter(progress)
    goal = Objective.of(objective, mode, constraints)
    batch = batch_of(space, dnas)
    request = Request(
        space,
        batch,
        trial_ids(len(batch), ids, first_id),
        key,
        check_repeats(repeats),
        goal,
        signature_text(fn),
    )
    outcomes = Outcomes(request)
    if resume is not None:
        take_over(outcomes, request, resume, retry_failed)
    with closing(bar), interruptible(outcomes.results):
        total, left = repeats * len(batch), outcomes.lanes_left
        bar(Progress(total - left, total, len(outcomes.errors), 0, 0, pace.seconds, None))
        planned = make_plan(
            fn,
            space,
            batch,
            key,
            broadcast,
            ids=request.ids,
            repeats=repeats,
            lanes=lanes,
            width=width,
            devices=devices,
            check=partial(check_objective, goal),
        )
        planned.warn(of_constants=True)
        for bucket in planned.buckets:  # whose metrics may have other shapes
            check_objective(goal, bucket.program.trace())
        add_costs(outcomes, planned, goal, fn, key, *broadcast)
        with keeping(outcomes.results):
            job = Job(planned, outcomes, broadcast, repeats, bar, on_result, pace, width, lanes)
            carrier(job).run()
    results = outcomes.results()
    if failures == "raise":
        speak_of_failures(outcomes, results)
    return results


def speak_of_failures(outcomes: Outcomes, results: Results) -> None:
    """Raises the first error if there is nothing else, and warns if there are some."""
    errors = outcomes.errors
    if not errors:
        return
    first = min(errors)
    error = errors[first]
    if len(errors) == len(results):
        if isinstance(error, Failure):  # from an earlier call, which has its frames no more
            traceback, error = error.traceback, Failure.of(error.error).error
            note(error, traceback)
        trial = results[first].id
        attach(
            error, results, f"all {len(results)} configurations raised; this is the error of trial {trial}"
        )
        raise error
    raised = error.error if isinstance(error, Failure) else error
    warnings.warn(
        f"{len(errors)} of {len(results)} configurations raised; the first, trial "
        f"{results[first].id}: {summary(raised)}",
        RuntimeWarning,
        stacklevel=caller_level(),
    )
