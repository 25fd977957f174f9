"""What a configuration raised, as data: it outlives its process, and holds nothing of what it failed in."""

from __future__ import annotations

import builtins
import copy
import math
import pickle
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, eq=False)
class Failure:
    """An exception without the frames that it went through.

    A traceback keeps every frame alive, and with these the data sets and programs of an evaluation.

    Attributes:
        error: The exception, without its traceback; of the same type and text.
        traceback: What the traceback said, as Python prints it, with all causes.
    """

    error: Exception
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """The failure of a live exception, which stays as it is."""
        return cls(_without_frames(error), "".join(traceback.format_exception(error)))

    def __reduce__(self) -> tuple[type[Failure], tuple[Exception, str]]:
        return Failure, (_picklable(self.error), self.traceback)


def failures_of(errors: Mapping[int, Exception | Failure]) -> dict[int, Failure]:
    """The failures of a batch; one exception of many configurations stays one.

    Args:
        errors: Exceptions, or failures already, by a configuration's place in the batch.

    Returns:
        The failures, in the order of the batch.

    Example:
        >>> failures_of({1: ValueError('two'), 0: KeyError('one')})[0].error
        KeyError('one')
    """
    unique: dict[int, Failure] = {}
    for error in errors.values():
        if id(error) not in unique:
            unique[id(error)] = error if isinstance(error, Failure) else Failure.of(error)
    return {int(row): unique[id(errors[row])] for row in sorted(errors)}


def picklable(errors: Mapping[int, Exception | Failure]) -> dict[int, Exception | Failure]:
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
    replaced: dict[int, Exception | Failure] = {}  # by identity: one exception may stand for a whole bucket
    for error in errors.values():
        if id(error) not in replaced:
            replaced[id(error)] = error if isinstance(error, Failure) else _picklable(error)
    return {row: replaced[id(error)] for row, error in errors.items()}


def write_failure(failure: Failure) -> dict[str, Json]:
    """An exception's type, text and traceback, its notes, and its arguments if it can be made again.

    Example:
        >>> write_failure(Failure(ValueError('too wide'), ''))
        {'type': 'ValueError', 'text': 'too wide', 'traceback': '', 'args': ['too wide']}
    """
    error = failure.error
    record: dict[str, Json] = {
        "type": type(error).__name__,
        "text": str(error),
        "traceback": failure.traceback,
    }
    if _builtin(record["type"]) is type(error) and all(map(is_plain, error.args)):
        record["args"] = list(error.args)
    notes = getattr(error, "__notes__", None)
    return {**record, "notes": list(notes)} if notes else record


def read_failure(record: Json) -> Failure:
    """The inverse of `write_failure`; an exception of a class of one's own is a `RuntimeError` of its text.

    Raises:
        KeyError: A part is missing.
        TypeError: The arguments are not those of the class.
    """
    kind = _builtin(record["type"]) if "args" in record else None
    error = kind(*record["args"]) if kind else RuntimeError(f"{record['type']}: {record['text']}")
    for text in record.get("notes", ()):
        error.add_note(text)
    return Failure(error, record["traceback"])


def is_plain(value: Any) -> bool:
    """Whether JSON knows a value."""
    return type(value) in _PLAIN and (type(value) is not float or math.isfinite(value))


def _without_frames(error: Exception) -> Exception:
    """The same exception, without its traceback, its cause and its context.

    A new object, for the old one may still be raised.
    """
    for duplicate in (copy.copy, _filled):
        try:
            bare = duplicate(error)
            if type(bare) is type(error) and str(bare) == str(error):
                return bare
        except Exception:  # noqa: BLE001 - whatever a foreign exception's own methods raise
            continue
    return _by_text(error)


def _filled(error: Exception) -> Exception:
    """A copy that is not constructed: a constructor may take other arguments than an exception keeps."""
    kind = error.__class__
    bare = kind.__new__(kind, *error.args)
    bare.args = error.args
    for name, value in vars(error).items():
        object.__setattr__(bare, name, value)
    return bare


def _picklable(error: Exception) -> Exception:
    """The exception, or a `RuntimeError` of its text where it does not survive being pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever a foreign exception's own methods raise
        return _by_text(error)
    return error


def _by_text(error: Exception) -> RuntimeError:
    return RuntimeError(f"{type(error).__name__}: {error}")


def _builtin(name: str) -> type[Exception] | None:
    """An exception of Python's own, the only ones that a file may name."""
    kind = getattr(builtins, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Exception) else None
