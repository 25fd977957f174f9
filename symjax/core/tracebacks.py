"""Tracebacks that show the user's own lines: this library's frames are left out where they tell nothing."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import itertools
import linecache
import re
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any, TypeVar

import jax

from symjax.core.provided import provided

F = TypeVar("F", bound=Callable[..., Any])
_LIBRARIES = frozenset({"symjax", "jax", "jaxlib", "flax", "optax", "numpy", "contextlib"})
_NAMES = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_RAISE = dis.opmap["RAISE_VARARGS"]


def hide_frames(error: BaseException) -> None:
    """Takes this library's frames out of the traceback of an error that is the user's.

    An error is the user's if it comes from code outside of this library, or if this library raised it on
    purpose, by ``raise``. Any other is an error of this library, and keeps its frames. So do all where
    JAX was told to show every frame, by ``JAX_TRACEBACK_FILTERING=off``.

    To be called in an ``except`` clause that ends in a bare ``raise``, which adds no frame of its own.

    Args:
        error: What was raised.
    """
    if getattr(jax.config, "jax_traceback_filtering", "auto") == "off":
        return
    entries = _entries(error)
    if not entries or (_is_own(entries[-1]) and not _is_raise(entries[-1])):
        return
    shown = None
    for entry in reversed(entries):
        if not _is_own(entry):
            shown = types.TracebackType(shown, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    error.with_traceback(shown)  # an assignment would fail where the error is a frozen dataclass


def hiding_frames(function: F) -> F:
    """A decorator of what users call: errors of theirs show no frame of this library; see `hide_frames`."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            hide_frames(error)
            raise

    return wrapped  # type: ignore[return-value]


def explaining(method: F) -> F:
    """A method of a node whose errors say which of its floats are traced, where code needed their values."""

    @functools.wraps(method)
    def wrapped(*args: Any, **kwargs: Any) -> Any:  # a call costs 0.1 µs more for it
        try:
            return method(*args, **kwargs)
        except Exception as error:
            if args:
                provided.explain(error, args[0])
            hide_frames(error)
            raise

    return wrapped  # type: ignore[return-value]


def line_at_fault(error: BaseException) -> tuple[str, str]:
    """The innermost line of an error that is neither this library's nor of one below it.

    Returns:
        ``("/path/to/model.py:12", "self.rate > 0")``: where it stands, and what was computed of it; two empty
        texts where there is none.
    """
    entry = _entry_at_fault(error)
    if entry is None:
        return "", ""
    code = entry.tb_frame.f_code
    text = linecache.getline(code.co_filename, entry.tb_lineno)
    first, last, start, end = list(code.co_positions())[entry.tb_lasti // 2]
    if first == last == entry.tb_lineno:
        text = text.encode()[start:end].decode(errors="replace")
    return f"{code.co_filename}:{entry.tb_lineno}", text.strip()


def is_returned_at_fault(error: BaseException) -> bool:
    """Whether what was computed in that line is part of a ``return`` statement; see `line_at_fault`."""
    entry = _entry_at_fault(error)
    if entry is None:
        return False
    try:
        lines, first = inspect.getsourcelines(entry.tb_frame.f_code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):  # of a notebook's cell that is gone, of a lambda
        return False
    line = entry.tb_lineno - first + 1
    returns = (node for node in ast.walk(tree) if isinstance(node, ast.Return))
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in returns)


def values_at_fault(error: BaseException) -> list[Any]:
    """What the names in that line stand for, with the attributes that follow them; see `line_at_fault`."""
    entry = _entry_at_fault(error)
    values: list[Any] = []
    for names in _NAMES.findall(line_at_fault(error)[1]):
        first, *rest = names.split(".")
        value = entry.tb_frame.f_locals.get(first) if entry else None
        values.append(value)
        for name in rest:
            value = _attribute(value, name)
            values.append(value)
    return values


def caller_level() -> int:
    """The ``stacklevel`` with which a warning of the calling function points at the user's own line.

    However that function came to be called (a patch by ``sj.patch``, in a chain, in a search), that is the
    innermost frame outside of this library.
    """
    frame = sys._getframe(1)
    for level in itertools.count(1):
        if str(frame.f_globals.get("__name__")).partition(".")[0] != "symjax" or frame.f_back is None:
            return level
        frame = frame.f_back
    raise AssertionError  # for type checkers: `count` has no end


def _attribute(value: Any, name: str) -> Any:
    """An attribute that an object holds; none that its class computes, whose code could raise again."""
    attribute = inspect.getattr_static(value, name, None)
    if isinstance(attribute, types.MemberDescriptorType):  # of a class with __slots__
        return getattr(value, name, None)
    return attribute


def _entry_at_fault(error: BaseException) -> types.TracebackType | None:
    return next((e for e in reversed(_entries(error)) if not is_library(_package(e))), None)


def is_library(module: str) -> bool:
    """Whether a module of this name is this library's, or of one below it: none of a user's."""
    return module.partition(".")[0] in _LIBRARIES


def _entries(error: BaseException) -> list[types.TracebackType]:
    entries = []
    entry = error.__traceback__
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    return entries


def _package(entry: types.TracebackType) -> str:
    return str(entry.tb_frame.f_globals.get("__name__")).partition(".")[0]


def _is_own(entry: types.TracebackType) -> bool:
    """Whether an entry is of this library, whose three rooms are packages of one name."""
    return _package(entry) == "symjax"


def _is_raise(entry: types.TracebackType) -> bool:
    """Whether an entry stands at a ``raise`` statement."""
    return entry.tb_frame.f_code.co_code[entry.tb_lasti] == _RAISE
