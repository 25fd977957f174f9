"""Going on with results that are not complete."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from symjax.core.errors import brief

from ..results.columns import Array
from ..results.failures import Failure
from ..results.joining import same_space
from ..results.results import Results
from .outcomes import Lanes, Outcomes
from .requests import Request


def take_over(outcomes: Outcomes, request: Request, results: object, retry_failed: bool) -> None:
    """Takes over what is finished.

    Args:
        outcomes: Empty outcomes, of the request.
        request: What is evaluated.
        results: What an interrupted evaluation of it gave.
        retry_failed: Whether configurations that raised are to run again.

    Raises:
        TypeError: `results` are none.
        ValueError: They are of another evaluation; the message says in what it differs.
    """
    if not isinstance(results, Results):
        raise TypeError(
            f"resume takes the results of an interrupted evaluation, as they stand in `error.results` or as "
            f"search.load_results reads them; got {brief(results)}"
        )
    _check(request, results)
    outcomes.costs.update(results.costs)
    failures = _failures(results)
    if not retry_failed:
        for row, failure in failures.items():
            outcomes.fail(np.array([row]), failure, int(results.programs[row]))
    done = ~results.pending
    done[list(failures)] = False
    rows = np.flatnonzero(done)
    for program in np.unique(results.programs[rows]):
        some = rows[results.programs[rows] == program]
        lanes = Lanes(
            np.repeat(some, request.repeats),
            np.tile(np.arange(request.repeats, dtype=np.uint32), len(some)),
        )
        seconds = np.repeat(results.seconds[some] / request.repeats, request.repeats)
        outcomes.keep(lanes, lane_metrics(results, some), int(program), seconds)


def _check(request: Request, results: Results) -> None:
    """Refuses results of another evaluation."""
    alike = same_space(results.space, request.space)
    for what, same, remedy in (
        ("the space differs", alike, "give the space with which it began, `results.space`"),
        ("the batch of DNAs differs", alike and results.dnas == request.dnas, "give `results.dnas`"),
        ("the trial ids differ", np.array_equal(results.ids, request.ids), "give ids=results.ids"),
        ("the key differs", _same_key(request, results), "give the same root key"),
        (
            "the number of repeats differs",
            results.repeats == request.repeats,
            f"give repeats={results.repeats}",
        ),
        (
            "the function differs",
            results.plan.function in ("", request.function),
            _functions(request, results),
        ),
    ):
        if not same:
            raise ValueError(
                f"these results are of another evaluation: {what}; {remedy}, or evaluate anew "
                "without resume= and join what comes out by `search.Results.concat`"
            )


def _functions(request: Request, results: Results) -> str:
    return f"they are of {results.plan.function}, this is {request.function}: give that one"


def _same_key(request: Request, results: Results) -> bool:
    """Whether all trials have the key that they had."""
    if not len(results):
        return True
    try:
        data = np.asarray(jax.random.key_data(request.key))
    except TypeError:  # no key at all
        return False
    return bool((results.keys.data == data).all())


def _failures(results: Results) -> dict[int, Failure]:
    """What was raised; one exception of many configurations stays one."""
    failures: dict[int, Failure] = {}
    for row, error in results.errors.items():
        failures.setdefault(id(error), Failure(error, results.tracebacks[row]))
    return {row: failures[id(error)] for row, error in results.errors.items()}


def lane_metrics(results: Results, rows: Any) -> Any:
    """The metrics of configurations that are finished, by lane: [m * repeats, ...]."""
    if results.repeats == 1:
        return jax.tree.map(lambda column: np.asarray(column)[rows], results.metrics)
    treedef = jax.tree.structure(results.metrics)
    columns = [_by_lane(samples[rows]) for samples in results.samples.values()]
    return jax.tree.unflatten(treedef, columns)


def _by_lane(samples: Array) -> Array:
    """The inverse of `outcomes.by_repeat`."""
    if samples.dtype != object:
        return np.asarray(samples).reshape(-1, *samples.shape[2:])
    arrays = [array for row in samples for array in row]
    lanes = np.full(len(arrays), None, object)
    for place, array in enumerate(arrays):
        lanes[place] = array
    return lanes
