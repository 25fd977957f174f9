"""Functions that are not pure: what they read while they are traced stays in their programs for good."""

from __future__ import annotations

import dis
import functools
import linecache
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from symjax.core.errors import brief
from symjax.core.tracebacks import is_library

from ..compiling.type_questions import asks

_IMPURE = frozenset({"time", "random", "numpy.random", "datetime", "secrets", "uuid"})  # modules
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_UNKNOWN = object()


class Difference(NamedTuple):
    """Where two traces of one function differ.

    Attributes:
        what: In what.
        line: The user's line of which it came, with its text; empty if that is not known.
    """

    what: str
    line: str

    def __str__(self) -> str:
        place = f", at {self.line}" if self.line else ""
        return (
            f"the function is not pure: traced twice for one structure it gave two programs, with {self.what}"
            f"{place}. What it reads while it is traced, such as a clock, random numbers of Python or NumPy, "
            "or a variable that it sets itself, is a constant of its program: the same for all "
            "configurations and all later calls. Draw random numbers from the key, by jax.random, and hand "
            "in all else as an argument behind the key."
        )


def is_suspect(fn: Callable[..., Any], classes: Iterable[type] = ()) -> bool:
    """Whether code seems to read a clock or a hidden generator of random numbers, or to set outer variables.

    The code is read, not run, as far as it can be followed; to be sure of it, trace the function twice.

    Args:
        fn: The function.
        classes: Classes whose methods it may call.

    Example:
        >>> import random
        >>> def noisy(exp, key):
        ...     return exp['x'] + random.random()
        >>> def pure(exp, key):
        ...     return exp['x'] + jax.random.normal(key)
        >>> is_suspect(noisy), is_suspect(pure)
        (True, False)
    """
    return any(
        value is None or _home(value) in _IMPURE for _, values in _reached(fn, classes) for value in values
    )


def may_ask(fn: Callable[..., Any], classes: Iterable[type] = ()) -> bool:
    """Whether code seems to ask of something whether it is a float; see `asked_for_type`.

    Args:
        fn: The function.
        classes: Classes whose methods it may call.

    Example:
        >>> def doubled(exp, key):
        ...     return exp['x'] * 2 if isinstance(exp['x'], float) else 0.0
        >>> may_ask(doubled), may_ask(lambda exp, key: exp['x'] * 2)
        (True, False)
    """
    return any(asks(code) for code, _ in _reached(fn, classes))


def _reached(
    fn: Callable[..., Any], classes: Iterable[type] = ()
) -> Iterator[tuple[types.CodeType, list[Any]]]:
    """The user's code that a call may run, as far as it can be followed, and what its outer names stand for.

    Args:
        fn: The function.
        classes: Classes whose methods it may call.

    Yields:
        A piece of code, with the values of outer names; None for an outer variable that it sets.
    """
    waiting: list[Any] = [fn, *(method for cls in classes for method in vars(cls).values())]
    seen: set[types.CodeType] = set()
    while waiting:
        function = _python_function(waiting.pop())
        if function is None or function.__code__ in seen or _is_known(str(function.__module__)):
            continue
        seen.add(function.__code__)
        for code in _codes(function.__code__):
            values = list(_values(code, function))
            yield code, values
            waiting += values


def first_difference(one: ClosedJaxpr, other: ClosedJaxpr) -> Difference | None:
    """The first difference between two traces of a function; None if there is none that can be seen.

    Example:
        >>> import jax
        >>> one, other = (jax.make_jaxpr(lambda x: x * factor)(1.0) for factor in (2.0, 3.0))
        >>> first_difference(one, other).what, first_difference(one, one)
        ('the constants 2.0 and 3.0', None)
    """
    return _compare(one, other)


def _is_known(module: str) -> bool:
    """Whether a module is of a library that reads no clocks behind the user's back."""
    return is_library(module) or module.partition(".")[0] in sys.stdlib_module_names - {"__main__"}


def _python_function(value: Any) -> types.FunctionType | None:
    """The function in a method, a partial, a jitted function, a wrapper and the like."""
    while True:
        if isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, staticmethod | classmethod | types.MethodType):
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif callable(value) and hasattr(value, "__wrapped__") and not isinstance(value, type):
            value = value.__wrapped__
        else:
            return value if isinstance(value, types.FunctionType) else None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function and of those defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _values(code: types.CodeType, function: types.FunctionType) -> Iterator[Any]:
    """What outer names and their attributes stand for in code; None for an outer variable that it sets.

    Args:
        code: The code of the function, or of one that is defined in it.
        function: The function.
    """
    nonlocals = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    value = _UNKNOWN
    for instruction in dis.get_instructions(code):
        name = instruction.argval
        if instruction.opname == "STORE_GLOBAL" or (
            instruction.opname == "STORE_DEREF" and name in nonlocals
        ):
            yield None
        if instruction.opname in _LOADS:
            value = (
                _content(nonlocals[name]) if name in nonlocals else function.__globals__.get(name, _UNKNOWN)
            )
        elif instruction.opname in _ATTRIBUTES and isinstance(value, types.ModuleType):
            value = getattr(value, name, _UNKNOWN)
        else:
            value = sys.modules.get(name, _UNKNOWN) if instruction.opname == "IMPORT_NAME" else _UNKNOWN
        if value is not _UNKNOWN and value is not None:
            yield value


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet
        return _UNKNOWN


def _home(value: Any) -> str:
    """The module that a value is, or that defines it."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    module = getattr(value, "__module__", None) if callable(value) else type(value).__module__
    return module if isinstance(module, str) else ""


def _compare(one: ClosedJaxpr, other: ClosedJaxpr) -> Difference | None:
    mine, theirs = one.jaxpr, other.jaxpr
    if len(mine.eqns) != len(theirs.eqns):
        return Difference(f"{len(mine.eqns):,} operations and {len(theirs.eqns):,}", "")
    tables = [dict(zip(each.jaxpr.constvars, each.consts, strict=True)) for each in (one, other)]
    for eqn, their in zip(mine.eqns, theirs.eqns, strict=True):
        if eqn.primitive is not their.primitive:
            return Difference(f"the operations {eqn.primitive.name} and {their.primitive.name}", _line(eqn))
        difference = _compare_atoms(tables, eqn.invars, their.invars, _line(eqn))
        for inner, their_inner in zip(_inner(eqn), _inner(their), strict=False):
            difference = difference or _compare(inner, their_inner)
        if difference is not None:
            return difference
    return _compare_atoms(tables, mine.outvars, theirs.outvars, "")


def _compare_atoms(
    tables: list[dict[Any, Any]], mine: Iterable[Any], theirs: Iterable[Any], line: str
) -> Difference | None:
    """Compares what is constant among the operands of two operations."""
    for pair in zip(mine, theirs, strict=False):
        one, other = (
            atom.val if isinstance(atom, Literal) else table.get(atom)
            for atom, table in zip(pair, tables, strict=True)
        )
        if one is not None and other is not None and not _same(one, other):
            return Difference(f"the constants {_brief(one)} and {_brief(other)}", line)
    return None


def _inner(eqn: JaxprEqn) -> Iterator[ClosedJaxpr]:
    """The programs within an operation, such as the body of a loop."""
    for value in eqn.params.values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ClosedJaxpr):
                yield part
            elif isinstance(part, Jaxpr):
                yield ClosedJaxpr(part, [None] * len(part.constvars))


def _same(one: Any, other: Any) -> bool:
    try:
        one, other = np.asarray(one), np.asarray(other)
    except TypeError:  # a key, which a function that takes none has from a seed
        return repr(one) == repr(other)
    return bool(one.dtype == other.dtype) and one.shape == other.shape and one.tobytes() == other.tobytes()


def _brief(value: Any) -> str:
    return brief(np.asarray(value).item() if np.ndim(value) == 0 else np.asarray(value), 40)


def _line(eqn: JaxprEqn) -> str:
    """The user's line that an operation comes from."""
    traceback = getattr(eqn.source_info, "traceback", None)
    libraries = _folders()
    for frame in traceback.frames if traceback is not None else ():
        if not frame.file_name.startswith(libraries) and os.path.exists(frame.file_name):
            text = linecache.getline(frame.file_name, frame.line_num).strip()
            return f"{frame.file_name}:{frame.line_num}: `{text}`"
    return ""


@functools.cache
def _folders() -> tuple[str, ...]:
    """Where the modules of JAX, Flax and this library stand."""
    names = [name for name in sys.modules if is_library(name)]
    files = [getattr(sys.modules[name], "__file__", None) for name in names if name.count(".") < 2]
    return tuple({os.path.dirname(file) + os.sep for file in files if file})
