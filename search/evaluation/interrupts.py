"""Evaluations that do not come to their end lose nothing: what is finished stands on the exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from symjax.core.errors import note

from ..results.results import Results


@final
class Interrupted(KeyboardInterrupt):
    """Ctrl-C while an evaluation ran. A `KeyboardInterrupt`, which holds what is finished.

    Args:
        results: What is finished.
        verb: What was interrupted, and goes on with the results; empty if nothing does.

    Attributes:
        results: What is finished; the state of the others is ``'pending'``. They pickle, and can be saved.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0., 1.)})
        >>> dnas, key = space.sample(jax.random.key(0), 4), jax.random.key(1)
        >>> def interrupt(results):
        ...     raise KeyboardInterrupt  # as Ctrl-C does
        >>> def run(exp, key):
        ...     return exp['x'] + jax.random.uniform(key)
        >>> try:
        ...     search.evaluate(run, space, dnas, key, on_result=interrupt)
        ... except search.Interrupted as error:
        ...     results = search.evaluate(run, space, dnas, key, resume=error.results)
        >>> results.states.tolist()
        ['ok', 'ok', 'ok', 'ok']
    """

    def __init__(self, results: Results, verb: str = "search.evaluate", *, advice: str | None = None) -> None:
        if advice is None:
            advice = f"To go on: {verb}(…, resume=results), with the same arguments" if verb else ""
        super().__init__(
            f"interrupted; {finished(results)} and stand in the `results` of this exception "
            f"(`sys.last_value.results` in a notebook){advice and '. '}{advice}"
        )
        self.results = results
        self._advice = verb, advice

    def __reduce__(self) -> tuple[Callable[..., Interrupted], tuple[Results, str, str | None]]:
        verb, advice = self._advice
        return _interrupted, (self.results, verb, advice)


def _interrupted(results: Results, verb: str, advice: str | None) -> Interrupted:
    return Interrupted(results, verb, advice=advice)


@contextmanager
def interruptible(results: Callable[[], Results], verb: str = "search.evaluate") -> Iterator[None]:
    """Puts what is finished on an interrupt of the code within.

    Args:
        results: Gives what is finished.
        verb: What goes on with the results; empty if nothing does.

    Raises:
        Interrupted: In the place of a `KeyboardInterrupt`.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise Interrupted(results(), verb) from interrupt


@contextmanager
def keeping(results: Callable[[], Results], verb: str = "search.evaluate") -> Iterator[None]:
    """Puts what is finished on an exception of the code within, such as a user's `on_result`.

    Args:
        results: Gives what is finished.
        verb: What goes on with the results; empty if nothing does.

    Raises:
        Exception: The same, with the results as its attribute `results`.
    """
    try:
        yield
    except Exception as error:
        attach(error, results(), verb=verb)
        raise


def attach(
    error: Exception, results: Results, text: str | None = None, verb: str = "search.evaluate"
) -> None:
    """Puts results on an exception, with a note that says so.

    Args:
        error: The exception.
        results: The results.
        text: What to say; by default how to go on.
        verb: What goes on with the results; empty if nothing does.
    """
    object.__setattr__(error, "results", results)  # also on a frozen dataclass
    rest = f"; {verb}(…, resume=error.results) does the rest" if verb else ""
    note(error, text or f"{finished(results)} and stand in the attribute `results` of this exception{rest}")


def finished(results: Results) -> str:
    """How many are, in words: ``130 of 512 configurations are finished``."""
    return f"{len(results) - int(results.pending.sum())} of {len(results)} configurations are finished"
