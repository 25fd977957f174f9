"""What a search says of trials that raised, and when it gives up."""

from __future__ import annotations

import warnings

import jax
import numpy as np

from symjax.core.errors import note, summary
from symjax.core.tracebacks import caller_level

from ..results.failures import Failure
from ..results.results import Results

# Batches and trials that raise from the start before a search gives up: one batch may be bad luck.
_BATCHES = 3
_TRIALS = 16


class Hope:
    """Whether anything has succeeded in a search so far.

    Args:
        is_start: Whether the search begins; one that goes on has succeeded before.
    """

    def __init__(self, is_start: bool) -> None:
        self._alive = not is_start
        self._batches = 0
        self._trials = 0
        self._first: Results | None = None

    def saw(self, results: Results) -> None:
        """Takes the results of a batch."""
        if self._alive or len(results.errors) < len(results):
            self._alive = True
            return
        self._first = self._first or results
        self._batches += 1
        self._trials += len(results)

    def check(self, is_over: bool = False) -> None:
        """Gives up a search of which everything has raised, if that was enough.

        Args:
            is_over: Whether the search ends anyway.

        Raises:
            Exception: What the first trial raised, with advice.
        """
        enough = is_over or (self._batches >= _BATCHES and self._trials >= _TRIALS)
        if self._alive or self._first is None or not enough:
            return
        failed = self._first
        error = Failure.of(failed.errors[0]).error
        note(error, failed.tracebacks[0])
        note(
            error,
            f"all {self._trials} trials so far raised, so the search gave up; this is the error of trial "
            f"{failed.ids[0]}. {_advice(error)}",
        )
        raise error


def _advice(error: BaseException) -> str:
    if isinstance(error, jax.errors.JAXTypeError | jax.errors.JAXIndexError):
        return (
            "JAX traces the function, and there code needs a value in Python that is not known yet: take "
            "jnp.where or jax.lax.cond in the place of `if`, jnp in the place of NumPy. What no jit can hold "
            "is searched by a loop of Python: sj.sample(space, algorithm, n, key=key)"
        )
    return "Try a single one: fn(space.decode(space.sample(key)), key)"


def speak_of_failures(results: Results) -> None:
    """Warns of trials that raised.

    Warns:
        RuntimeWarning: There are some.
    """
    failed = np.flatnonzero(results.states == "failed")
    if failed.size:
        first = int(failed[0])
        warnings.warn(
            f"{failed.size} of {len(results)} trials raised; the first, trial {results.ids[first]}: "
            f"{summary(results.errors[first])}",
            RuntimeWarning,
            stacklevel=caller_level(),
        )
