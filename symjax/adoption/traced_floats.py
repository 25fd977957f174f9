"""What to do about code that needs the value of a float which `jit` traces, in every kind of node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from symjax.core.errors import locate, note
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import is_symbolic, schema_of
from symjax.core.tracebacks import line_at_fault, values_at_fault
from symjax.verbs.tree import child
from symjax.verbs.walk import walk

NEEDS_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)

_ARGUMENTS = re.compile(r"depends on the values? of the arguments? (.+)\.$", re.MULTILINE)
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class TracedFloat:
    """A float of a tree that `jit` traces.

    Attributes:
        path: Where it stands.
        owner: The class whose field holds it.
        field: That field.
        value: The tracer.
    """

    path: Path
    owner: type
    field: str
    value: Any


def is_traced_float(value: Any) -> bool:
    """Whether a value is a traced scalar."""
    return isinstance(value, jax.core.Tracer) and value.shape == ()


def traced_floats(owner: type, values: Mapping[str, Any]) -> list[TracedFloat]:
    """The traced floats in a node of class `owner` with these arguments, or in what it holds."""
    return [
        TracedFloat(path, *field_at(owner, values, path), value)
        for path, value, _ in walk(values)
        if is_traced_float(value)
    ]


def field_at(owner: type, values: Mapping[str, Any], path: Path) -> tuple[type, str]:
    """The class and the field that hold a place in a node: those of the innermost node on the way there.

    Args:
        owner: The class of the node.
        values: Its arguments.
        path: The place, from the node.
    """
    first, *rest = path.keys
    name, value = str(first), values[str(first)]
    for key in rest:
        if is_symbolic(value):
            owner, name = type(value), str(key)
        value = child(value, key, path)
    return owner, name


def advice(error: BaseException, floats: Iterable[TracedFloat]) -> list[str]:
    """What to do about each of these floats, one field once; about those that the line at fault asks.

    A line asks for a float if what it names is that float, whatever it is called there: a layer has its rate
    from a field with another name. Where it names none of them, as in a function that is called with twice
    the float, those count on which JAX says that the value depends; then those whose names stand in the line.

    Args:
        error: An error of one of the types `NEEDS_VALUE`, with its traceback.
        floats: The floats that may be the reason.
    """
    place, line = line_at_fault(error)
    floats = list(floats)
    asked = {id(value) for value in values_at_fault(error)}
    at_fault = (
        [each for each in floats if id(each.value) in asked]
        or _depended_on(error, floats)
        or [each for each in floats if re.search(rf"\b{re.escape(each.field)}\b", line)]
        or floats
    )
    fields = {(each.owner, each.field): each for each in reversed(at_fault)}
    where = f" at {place}" if place else ""
    return [
        f"The float {each.path} is a leaf, which jit traces, and Python control flow and NumPy need its "
        f"value{where}: make it structure, by static=True in the field of {each.owner.__name__} or "
        f"@sj.symbolize(static=[{each.field!r}])."
        for each in reversed(fields.values())
    ]


def _depended_on(error: BaseException, floats: list[TracedFloat]) -> list[TracedFloat]:
    """The floats among the arguments of `jit` of which JAX's message says that the value depends on them."""
    said = _ARGUMENTS.search(str(error))
    if said is None:
        return []
    names = [_WORDS.findall(name) for name in re.split(r", and |, | and ", said[1])]

    def ends_in(*keys: object) -> bool:
        words = _WORDS.findall(" ".join(map(str, keys)))
        return any(name[-len(words) :] == words for name in names)

    return [each for each in floats if ends_in(*each.path.keys)] or [
        each for each in floats if ends_in(each.field)
    ]


def explain(error: Exception, node: Any) -> None:
    """Notes on an error of a node's own method which of its floats the method cannot have as numbers."""
    schema = schema_of(node)
    if schema is None or not isinstance(error, NEEDS_VALUE):
        return
    lines = advice(error, traced_floats(type(node), dict(schema.values(node))))
    if lines and locate(error, ROOT, f"while a method of {type(node).__name__} was running"):
        for text in lines:
            note(error, text)


provided.explain = explain
