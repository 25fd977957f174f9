"""What to do about code that needs the value of a float which `jit` traces, in every kind of node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jax

from symjax.core.errors import locate, note
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import is_symbolic, schema_of
from symjax.core.tracebacks import is_returned_at_fault, line_at_fault, values_at_fault
from symjax.verbs.tree import child
from symjax.verbs.walk import walk

NEEDS_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)

_ARGUMENTS = re.compile(r"depends on the values? of the arguments? (.+)\.$", re.MULTILINE)
_WORDS = re.compile(r"\w+")
_CONVERSION = re.compile(
    r"(?<![\w.])(?:(?:float|(?P<int>int)|complex|np\.\w+|numpy\.\w+)\(|.*\.(item|tolist)\(\))"
)
_IN_SEARCH = re.compile(r"(values|common)\[\d+\]")  # an argument of a search's program: a float, or data


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
    What a method computes and then converts, as in ``return float(loss)``, is no matter of floats at all.

    Args:
        error: An error of one of the types `NEEDS_VALUE`, with its traceback.
        floats: The floats that may be the reason.
    """
    place, line = line_at_fault(error)
    floats = list(floats)
    computed = conversion_advice(error, floats)
    if computed:
        return [computed]
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


def conversion_advice(error: BaseException, floats: Iterable[TracedFloat] = ()) -> str:
    """What to do about code that makes a number of what it computed: of a loss, say, to return it.

    Args:
        error: What was raised, with its traceback.
        floats: The floats whose being structure would help if the number hangs on nothing else.

    Returns:
        The advice; empty if that is no such error.
    """
    place, line = line_at_fault(error)
    if isinstance(error, TypeError) and "Tracer.__format__" in str(error):
        return (
            f"There is nothing to print yet where jit traces, at {place}: `{line}`; "
            "jax.debug.print('{}', x) prints the number when it is computed."
        )
    if not isinstance(error, NEEDS_VALUE) or isinstance(error, jax.errors.TracerBoolConversionError):
        return ""
    conversion, hangs_on = _CONVERSION.search(line), _hangs_on(error, list(floats))
    is_metric = conversion and not conversion["int"] and is_returned_at_fault(error)  # an int may be a size
    if not conversion or hangs_on == "floats" or not (is_metric or hangs_on == "more"):
        return ""
    return (
        f"There is no number yet where jit traces, at {place}: `{line}`; "
        "return the array itself, without float(), .item() or NumPy."
    )


def _hangs_on(error: BaseException, floats: list[TracedFloat]) -> Literal["floats", "more", "unknown"]:
    """On what the value depends, by the arguments of `jit` that JAX's message names."""
    names = [name for name in _arguments(error) if not any(_is_named(name, each) for each in floats)]
    if any(not _IN_SEARCH.fullmatch(name) for name in names):
        return "more"
    return "floats" if _arguments(error) and not names else "unknown"


def _depended_on(error: BaseException, floats: list[TracedFloat]) -> list[TracedFloat]:
    """The floats among the arguments of `jit` of which JAX's message says that the value depends on them."""
    names = _arguments(error)
    return [each for each in floats if any(_ends_in(name, *each.path.keys) for name in names)] or [
        each for each in floats if any(_is_named(name, each) for name in names)
    ]


def _arguments(error: BaseException) -> list[str]:
    """The arguments of `jit` of which JAX's message says that the value depends on them."""
    said = _ARGUMENTS.search(str(error))
    return [] if said is None else re.split(r", and |, | and ", said[1])


def _is_named(argument: str, each: TracedFloat) -> bool:
    return _ends_in(argument, *each.path.keys) or _ends_in(argument, each.field)


def _ends_in(argument: str, *keys: object) -> bool:
    words = _WORDS.findall(" ".join(map(str, keys)))
    return _WORDS.findall(argument)[-len(words) :] == words


def note_conversion(error: Exception) -> None:
    """Notes on an error of a function what to do if it makes a number of what it computed.

    Where a method of a node raised, and the notes name a float, that is all there is to say.
    """
    text = conversion_advice(error)
    if text and not any("is a leaf, which jit traces" in told for told in getattr(error, "__notes__", ())):
        note(error, text)


def explain(error: Exception, node: Any) -> None:
    """Notes on an error of a node's own method which of its floats the method cannot have as numbers."""
    schema = schema_of(node)
    if schema is None:
        return
    if isinstance(error, NEEDS_VALUE):
        lines = advice(error, traced_floats(type(node), dict(schema.values(node))))
    else:
        lines = [text for text in (conversion_advice(error),) if text]
    if lines and locate(error, ROOT, f"while a method of {type(node).__name__} was running"):
        for text in lines:
            note(error, text)


provided.explain = explain
