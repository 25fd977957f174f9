"""Exceptions that outlive their process."""

from __future__ import annotations

import pickle
from collections.abc import Mapping


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
