"""Code that asks whether a number is a Python float: a tracer is none, and silently takes its other way."""

from __future__ import annotations

import contextlib
import linecache
import operator
import sys
import types
from collections.abc import Callable, Collection
from typing import Any, final

import jax

from symjax.core.tracebacks import is_library

# Who knows of these knows of tracers, too.
_ARRAYS = frozenset({"Array", "ArrayImpl", "Number", "Real", "Tracer", "ndarray"})


def asks(code: types.CodeType) -> bool:
    """Whether code seems to ask of something whether it is a float, and not whether it is an array too.

    Example:
        >>> asks((lambda x: x if isinstance(x, float) else 0.0).__code__)
        True
    """
    names = frozenset(code.co_names)
    return names >= {"isinstance", "float"} and _ARRAYS.isdisjoint(names)


@final
class Questioned:
    """A traced number that takes note of code which asks it for its type, as `isinstance` does.

    Args:
        value: The tracer.

    Attributes:
        place: Where the first such line of a user stands, ``'/path/to/model.py:12'``; empty if there is none.
        line: That line.
    """

    __slots__ = ("line", "place", "value")
    __hash__ = object.__hash__

    def __init__(self, value: jax.Array) -> None:
        self.value = value
        self.place = self.line = ""

    @property  # type: ignore[misc]  # as proxies do
    def __class__(self) -> Any:
        """What `isinstance` looks at, if this is no instance itself."""
        frame = sys._getframe(1)
        code = frame.f_code
        if not self.place and asks(code) and not is_library(str(frame.f_globals.get("__name__"))):
            self.place = f"{code.co_filename}:{frame.f_lineno}"
            self.line = linecache.getline(code.co_filename, frame.f_lineno).strip()
        return type(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)


def _binary(compute: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: compute(self.value, other)


def _reflected(compute: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: compute(other, self.value)


def _unary(compute: Callable[[Any], Any]) -> Any:
    return lambda self: compute(self.value)


_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
for _name in (*_ARITHMETIC, "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Questioned, f"__{_name}__", _binary(getattr(operator, _name)))
for _name in _ARITHMETIC:
    setattr(Questioned, f"__r{_name}__", _reflected(getattr(operator, _name)))
for _name in ("neg", "pos", "abs"):
    setattr(Questioned, f"__{_name}__", _unary(getattr(operator, _name)))


def asked_for_type(
    call: Callable[[list[Any], jax.Array], Any], avals: Collection[jax.ShapeDtypeStruct], key: Any
) -> dict[int, tuple[str, str]]:
    """Which of some numbers a function asks whether they are floats.

    Args:
        call: ``call(values, key)``, which can be traced.
        avals: The shapes of the values.
        key: The shape of the key.

    Returns:
        For each number that is asked, by its place among them, where that stands, and the line.
    """
    numbers: list[Questioned] = []

    def run(values: list[jax.Array], key: jax.Array) -> None:
        numbers[:] = map(Questioned, values)
        call(list(numbers), key)

    with contextlib.suppress(Exception):  # not all code takes such numbers; what it asked until then counts
        jax.eval_shape(run, list(avals), key)
    return {place: (number.place, number.line) for place, number in enumerate(numbers) if number.place}
