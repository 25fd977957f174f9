"""`evaluate`: many configurations, in as few compiled programs as their structure allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import numpy.typing as npt

from ..compiling.lanes import Mode
from ..results.objective import Bound, Modes
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .conducting import conduct
from .jobs import OnResult
from .progress import Report
from .running.runner import Runner


def evaluate(
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA | Sequence[Any],
    key: jax.Array,
    *broadcast: Any,
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
    """Evaluates a batch of configurations: ``fn(experiment, key, *broadcast)`` for each.

    Decisions that land on leaves (a `floatv`, a `oneof` of floats) run in the lanes of one program;
    decisions on structure split the batch into buckets, of one program each. The lanes are spread over the
    devices. Programs are kept for later calls.

    On a CPU lanes are *mapped*: each device runs one after the other in a loop, and one program serves any
    number of configurations. Each gives what ``jax.jit(fn)(space.decode(dna), fold_in(key, id), *broadcast)``
    gives, to the last bit, wherever in the batch it stands, in whatever company, on any number of devices.
    On accelerators lanes are *vectorized*: `width` of them run side by side on each device. Then a
    configuration gives the same result to the last bit wherever it stands, in whatever company, for a given
    width and number of devices; for others, and beside `jax.jit`, results differ in the last bits. What
    raises, or gives NaN, harms no other configuration.

    Ctrl-C loses nothing that is finished: it raises `Interrupted`, a `KeyboardInterrupt` with the results
    so far, from which ``evaluate(…, resume=error.results)`` goes on. It is heeded once the program that
    is just being compiled is ready, and at once while trials run. An exception out of `on_result` or
    `progress` has these results too, as its attribute `results`.

    Args:
        fn: A pure function of an experiment, a key and the broadcast arguments, which JAX can trace;
            returns a pytree of numbers and arrays. A function that was not there before, such as a new
            lambda, is traced again; what it computes is compiled only where no program does the same.
        space: The space.
        dnas: A batch of `n` DNAs, or a list of DNAs or trees of the space; a single DNA counts as a batch
            of one.
        key: The root key. Each configuration gets ``jax.random.fold_in(key, id)``; with repeats, repeat r
            of it gets ``fold_in(fold_in(key, id), r)``, for r from 0.
        *broadcast: Arguments that all configurations share, such as a data set. Floats and arrays may
            change without a compilation.
        objective: The name of the metric that counts, or several for a Pareto front; then `Results` need
            not be told again. ``'cost.flops'``, ``'cost.bytes'`` and ``'cost.parameters'`` are metrics
            too, of `cost`, which is asked for each bucket if a name of it stands here or in `constraints`.
        mode: ``'max'`` if more is better, ``'min'`` if less is; one for all objectives or for each. By
            default ``'max'``, with a warning of an objective whose name says that it is a loss.
        repeats: How many seeds each configuration runs with, in a lane each; the results hold the mean,
            and what each gave.
        constraints: By the name of a metric an upper bound, or a pair of a lower and an upper one, of which
            either may be None. What is out of bounds ranks behind what is not.
        resume: Results of the same evaluation that was interrupted: only what is pending in them runs,
            and to the last bit gives what it would have given.
        retry_failed: Whether configurations that raised in `resume` run again.
        first_id: The id of the first trial; the others count on from it. Batch after batch, let it be the
            number of trials so far, so that no two use the same random numbers.
        ids: The trial ids instead, n whole numbers in [0, 2**32).
        lanes: ``'map'`` or ``'vmap'``, for mapped or vectorized lanes; by default what suits the devices.
        width: How many lanes run side by side on each device. Vectorized ones: a rung of the ladder 2, 8,
            32, …; by default chosen for each bucket by its size and by the memory that is free. Give it to
            make results of different batches comparable to the last bit. Mapped ones: by default 1; with more
            each turn of the loop is vectorized, and of its results the same holds as above.
        devices: Where to run, a device or several; by default all local devices.
        progress: True for a progress bar on standard error; or a function of a `Progress`, or of
            ``(done, total)``.
        on_result: Called with the `Results` of each chunk of configurations as it is finished, on the
            thread that called `evaluate`; each configuration comes once, those of `resume` do not come
            again. What is finished in the very moment of an interrupt stands in its results only.
        failures: ``'raise'`` warns of configurations that raised, and raises if all did; ``'keep'`` leaves
            that to the results.

    Returns:
        The results, in the order of the DNAs.

    Raises:
        Interrupted: Ctrl-C.
        KeyError: The objective or a constraint is about a metric that the function does not return; this
            is found before anything is compiled.
        TypeError: `space` is no space, `dnas` no batch of DNAs, `key` no key, `fn` takes other arguments,
            or one of them can neither be traced nor be structure.
        ValueError: DNAs of another space or out of range, choices that are still open, a way or a width of
            lanes that there is not, ids that do not fit the batch, a key other than a single threefry
            one, metrics that differ between structures, an objective that is no single number, or results
            to resume that are of another evaluation.
        Exception: All configurations raised: what the first one of them raised; not where failures are kept.

    Warns:
        RuntimeWarning: Some configurations raised; `Results.errors` holds what. Or the objective is a loss
            by its name, and no `mode` was given.
        PlanWarning: As `plan` does; and where programs with large constants are to be compiled.

    Example:
        >>> import jax, symjax as sj
        >>> from symjax import search
        >>> class Line(sj.Object):
        ...     slope: float
        ...     steps: int
        ...     def run(self, key):
        ...         return {'height': self.slope * self.steps}
        >>> space = search.space(Line(slope=search.floatv(0., 1.), steps=search.oneof([1, 2])))
        >>> dnas = space.sample(jax.random.key(0), 32)
        >>> results = search.evaluate(Line.run, space, dnas, jax.random.key(1), objective='height')
        >>> results.best().experiment.steps
        2
    """
    return conduct(
        Runner,
        fn,
        space,
        dnas,
        key,
        broadcast,
        objective=objective,
        mode=mode,
        repeats=repeats,
        constraints=constraints,
        resume=resume,
        retry_failed=retry_failed,
        first_id=first_id,
        ids=ids,
        lanes=lanes,
        width=width,
        devices=devices,
        progress=progress,
        on_result=on_result,
        failures=failures,
    )
