"""`evaluate`: many configurations, in as few compiled programs as their structure allows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy.typing as npt

from symjax.core.errors import summary

from ..planning.plan import plan
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .progress import Report, reporter
from .running import Runner


def evaluate(
    fn: Callable[..., Any],
    space: Space,
    dnas: DNA,
    key: jax.Array,
    *broadcast: Any,
    ids: Sequence[int] | npt.NDArray[Any] | None = None,
    lanes: int | None = None,
    devices: Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
) -> Results:
    """Evaluates a batch of configurations: ``fn(experiment, key, *broadcast)`` for each.

    Decisions that land on leaves (a `floatv`, a `oneof` of floats) run side by side, in the lanes of one
    vectorized program; decisions on structure split the batch into buckets, of one program each. The
    lanes are spread over the devices. Programs are kept for later calls.

    For a given number of lanes on each device a configuration gives the same result, to the last bit,
    wherever in the batch it stands, in whatever company, on any number of devices. What raises, or gives
    NaN, harms no other configuration.

    Args:
        fn: A pure function of an experiment, a key and the broadcast arguments, which JAX can trace;
            returns a pytree of numbers and arrays. Compared by identity: hand in the same function for
            its programs to be found again, not a new lambda each time.
        space: The space.
        dnas: A batch of `n` DNAs; a single DNA counts as a batch of one.
        key: The root key. Each configuration gets ``jax.random.fold_in(key, id)``.
        *broadcast: Arguments that all configurations share, such as a data set. Floats and arrays may
            change without a compilation.
        ids: The trial ids, whole numbers in [0, 2**32), n of them; by default 0 to n-1.
        lanes: Lanes on each device, a rung of the ladder 2, 8, 32, …; by default chosen for each bucket
            by its size and by the memory that is free. Give it to make results of different batches
            comparable to the last bit.
        devices: Where to run; by default all local devices.
        progress: True for a progress bar on standard error, or a function that is called with
            ``(done, total)``.

    Returns:
        The results, in the order of the DNAs.

    Raises:
        TypeError: `space` is no space, `dnas` no batch of DNAs, `key` no key, `fn` takes other arguments,
            or one of them can neither be traced nor be structure.
        ValueError: DNAs of another space or out of range, choices that are still open, a number of lanes
            that is not on the ladder, ids that do not fit the batch, a key other than a single threefry
            one, or metrics that differ between structures.

    Warns:
        RuntimeWarning: Some configurations raised; `Results.errors` holds what.

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
        >>> results = search.evaluate(Line.run, space, dnas, jax.random.key(1))
        >>> results.best('height').experiment.steps
        2
    """
    planned = plan(fn, space, dnas, key, *broadcast, ids=ids, lanes=lanes, devices=devices)
    results = Runner(planned, reporter(progress), within_memory=lanes is None).run()
    if results.errors:
        first = min(results.errors)
        warnings.warn(
            f"{len(results.errors)} of {len(results)} configurations raised; the first, trial "
            f"{results[first].id}: {summary(results.errors[first])}",
            RuntimeWarning,
            stacklevel=2,
        )
    return results
