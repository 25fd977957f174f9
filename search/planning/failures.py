"""Exceptions: those that are about no configuration in particular, and those that outlive their process."""

from __future__ import annotations

import pickle
import re
import traceback
from collections.abc import Mapping
from typing import TypeVar, final

from symjax.core.tracebacks import line_at_fault

E = TypeVar("E", bound=Exception)

PROBES = 16
"""So many structures must fail with one and the same error before it counts as the function's own."""

_MISTAKES = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)
_ADDRESS = re.compile(r"0x[0-9a-f]+")


@final
class Failures:
    """What the structures of a batch raised, the first ones of which tell whether the others will, too.

    An error with the same type, text and line for structures that differ wherever they can is the
    function's own, and tracing hundreds of others would tell nothing new. For the errors of mistakes in
    code, such as a `NameError`, two such structures suffice; a `ValueError` may well mean that a structure
    is refused, so that `PROBES` are asked.

    Example:
        >>> failures = Failures()
        >>> for _ in range(2):
        ...     failures.add(NameError("name 'optimiser' is not defined"))
        >>> len(failures), failures.are_shared
        (2, True)
    """

    def __init__(self) -> None:
        self._count = 0
        self._kinds: set[tuple[type, str, str]] = set()
        self._enough = PROBES

    def __len__(self) -> int:
        return self._count

    def add(self, error: Exception) -> None:
        """Takes note of what one more structure raised, with its traceback."""
        self._count += 1
        self._kinds.add((type(error), _ADDRESS.sub("", str(error)), line_at_fault(error)[0]))
        if isinstance(error, _MISTAKES):
            self._enough = 2

    @property
    def are_shared(self) -> bool:
        """Whether all structures can be taken to fail with the same error."""
        return len(self._kinds) == 1 and self._count >= self._enough


def without_frames(error: E) -> E:
    """The error, whose traceback holds no longer the values of variables, such as a data set.

    It still tells the lines.
    """
    traceback.clear_frames(error.__traceback__)
    return error


def picklable(errors: Mapping[int, Exception]) -> dict[int, Exception]:
    """The same errors, fit to be pickled: each as it is, or a `RuntimeError` of its text.

    It is replaced where it does not survive being pickled, as JAX's tracer errors, and exceptions whose
    constructor takes other arguments than their text.

    Args:
        errors: Exceptions by a configuration's place in the batch.

    Example:
        >>> import threading
        >>> picklable({0: ValueError('two'), 1: KeyError(threading.Lock())})[0]
        ValueError('two')
    """
    replaced: dict[int, Exception] = {}  # by identity: one exception may stand for a whole bucket
    for error in errors.values():
        if id(error) not in replaced:
            replaced[id(error)] = _picklable(error)
    return {row: replaced[id(error)] for row, error in errors.items()}


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever a foreign exception's own methods raise
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
