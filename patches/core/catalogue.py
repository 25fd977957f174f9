"""`catalogue`: every patcher as data, so that forms, command lines and other programs can offer them."""

from __future__ import annotations

import enum
import functools
import inspect
import math
import operator
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypedDict, TypeGuard

import annotated_types
import numpy as np
import pydantic

from symjax.core.errors import brief
from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.names.lookup import public_name
from symjax.types.hint_reading import parse as parse_hint
from symjax.types.hint_reading import resolve as resolve_hint
from symjax.types.hints import (
    ClassOf,
    Constrained,
    Either,
    Entries,
    FixedTuple,
    Function,
    Hint,
    Instance,
    Items,
    LiteralOf,
    Nothing,
    Scalar,
    Text,
)

from .patch import Patch
from .registry import find_patcher, registered


class Argument(TypedDict):
    """An argument of a patcher.

    Attributes:
        name: Its name in URIs.
        type: Its type hint, as a reader would write it, with the range.
        required: Whether it must be given.
        default: What it is otherwise, as URIs and source have it; empty where it is required.
        description: What the docstring says about it.
    """

    name: str
    type: str
    required: bool
    default: str
    description: str


class Entry(TypedDict):
    """What there is to know about a patcher.

    Attributes:
        name: Its name in URIs.
        aliases: Further names.
        summary: The first line of its docstring.
        docstring: The whole of it.
        references: The publications that it cites.
        module: The module in which it is defined.
        file: The source file; empty where there is none.
        line: The line at which its function starts there, from 1.
        arguments: Its arguments, in order.
        schema: Its arguments as a JSON Schema (draft 2020-12) of an object: see `json_schema`.
    """

    name: str
    aliases: list[str]
    summary: str
    docstring: str
    references: list[str]
    module: str
    file: str
    line: int
    arguments: list[Argument]
    schema: dict[str, Any]


def catalogue() -> dict[str, Entry]:
    """All patchers by name: the library's, yours, and those of installed packages.

    Returns:
        An entry for each patcher, in alphabetical order; nothing but texts, numbers, lists and dicts, as JSON
        has them.

    Example:
        >>> from symjax import patches
        >>> entry = patches.catalogue()['on_member']
        >>> entry['summary'], [argument['name'] for argument in entry['arguments']]
        ('Replaces one argument of every instance of a class.', ['kind', 'name', 'value', 'fn'])
    """
    by_class: dict[type[Patch], list[str]] = {}
    for name, patcher in registered().items():
        by_class.setdefault(patcher, []).append(name)
    entries = [_entry(patcher, names) for patcher, names in by_class.items()]
    return {entry["name"]: entry for entry in sorted(entries, key=lambda entry: entry["name"])}


def json_schema(name: str) -> dict[str, Any]:
    """The arguments of a patcher as a JSON Schema, of the object of their values by name.

    Numbers have their bounds, enumerations the names of their members; functions and classes are texts, their
    names. An object that the schema admits, written as ``name?key=value&…``, is a URI of the patch.

    Args:
        name: The name of the patcher.

    Raises:
        ValueError: There is no patcher of this name.

    Example:
        >>> from symjax import patches
        >>> patches.json_schema('on_key')['properties']['regex']['type']
        'string'
    """
    patcher = find_patcher(name)
    if patcher is None:
        raise ValueError(f"no patcher {brief(name)}; patches.names() lists them")
    return _schema(patcher)


def _entry(patcher: type[Patch], names: list[str]) -> Entry:
    name = patcher.patcher_name or names[0]
    docstring = inspect.cleandoc(patcher.__doc__ or "")
    file, line = _source(patcher)
    described = _described(docstring)
    return {
        "name": name,
        "aliases": [alias for alias in names if alias != name],
        "summary": _summary(docstring),
        "docstring": docstring,
        "references": references(docstring),
        "module": patcher.__module__,
        "file": file,
        "line": line,
        "arguments": [_argument(field, described) for field in patcher.__symjax_schema__.fields.values()],
        "schema": _schema(patcher),
    }


def _summary(docstring: str) -> str:
    return " ".join(docstring.partition("\n\n")[0].split())


def _source(patcher: type[Patch]) -> tuple[str, int]:
    """The file and line of the function that a patcher is made of, or of a class's own `edit`."""
    function = inspect.unwrap(patcher.edit)
    try:
        return inspect.getsourcefile(function) or "", inspect.getsourcelines(function)[1]
    except (OSError, TypeError):  # defined where there is no file
        return "", 0


def _argument(field: Field, described: Mapping[str, str]) -> Argument:
    return {
        "name": field.name,
        "type": str(_hint(field)),
        "required": field.required,
        "default": "" if field.required else _default_text(field.default),
        "description": described.get(field.name, ""),
    }


def _hint(field: Field) -> Hint:
    return parse_hint(resolve_hint(field.hint, field.owner))


def _default_text(default: Any) -> str:
    if isinstance(default, enum.Enum):
        return default.name
    name = public_name(default) if callable(default) else None
    return brief(default) if name is None else ".".join(name)


# What a docstring in Google's style says of arguments, and which publications it cites.

_ARGUMENTS: Final = re.compile(r"^Args:\n(.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
_ARGUMENT: Final = re.compile(r"^ {4}(\w+)(?: \([^)]*\))?: (.*?)(?=^ {4}\S|\Z)", re.DOTALL | re.MULTILINE)
_CITED: Final = re.compile(r'"([^"]{3,300}?),?"(?: \([^()]*\))?,? ((?:19|20)\d\d)\b')
_AUTHORS: Final = re.compile(r"((?:[A-Z][\w.'-]*(?:, | & | and | et al\.,? ?|\s)?)+)$")
_OPENING: Final = re.compile(r"^(?:(?:After|As|By|From|In|Of|See|The)\s)+")  # how a sentence begins


def _described(docstring: str) -> dict[str, str]:
    arguments = _ARGUMENTS.search(docstring)
    described = _ARGUMENT.findall(f"{arguments[1]}\n") if arguments else []
    return {name: " ".join(text.split()) for name, text in described}


def references(docstring: str) -> list[str]:
    """The publications that a docstring cites, as in ``Vaswani et al., "Attention Is All You Need", 2017``.

    Example:
        >>> references('As by Kingma & Ba, "Adam", 2015, section 2; see (Loshchilov et al., "SGDR", 2017).')
        ['Kingma & Ba, "Adam", 2015', 'Loshchilov et al., "SGDR", 2017']
    """
    text = " ".join(docstring.split())
    cited = []
    for match in _CITED.finditer(text):
        authors = _AUTHORS.search(text[max(0, match.start() - 120) : match.start()])
        names = "" if authors is None else f"{_OPENING.sub('', authors[1]).strip().rstrip(',')}, "
        cited.append(f'{names}"{match[1]}", {match[2]}')
    return list(dict.fromkeys(cited))


# JSON Schema.

_LENGTHS: Final = (annotated_types.MinLen, annotated_types.MaxLen)
_BOUNDS: Final = (
    annotated_types.Gt,
    annotated_types.Ge,
    annotated_types.Lt,
    annotated_types.Le,
    annotated_types.MultipleOf,
)


def _schema(patcher: type[Patch]) -> dict[str, Any]:
    docstring = inspect.cleandoc(patcher.__doc__ or "")
    described = _described(docstring)
    fields = patcher.__symjax_schema__.fields
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": patcher.patcher_name or patcher.__name__,
        "description": _summary(docstring),
        "type": "object",
        "properties": {name: _property(field, described.get(name, "")) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
        "additionalProperties": False,
    }


def _property(field: Field, description: str) -> dict[str, Any]:
    about = {"description": description} if description else {}
    default = MISSING if field.required else _as_json(field.default)
    spoken = {} if default is MISSING else {"default": default}
    return {**pydantic.TypeAdapter(_json_type(_hint(field))).json_schema(), **about, **spoken}


def _as_json(value: Any) -> Any:
    """A value in the terms of a schema; `MISSING` where it has no such form."""
    if isinstance(value, enum.Enum):
        return value.name if value.name in type(value).__members__ else MISSING
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else MISSING
    if type(value) in (tuple, list):
        items = [_as_json(item) for item in value]
        return MISSING if MISSING in items else items
    name = public_name(value) if callable(value) else None
    return MISSING if name is None else ".".join(name)


def _json_type(hint: Hint, constraints: tuple[Any, ...] = ()) -> Any:
    """A hint as a type that pydantic says in JSON Schema.

    Args:
        hint: What an argument may be.
        constraints: Those that hold beside its own; in a union, for what they can be asked of.
    """
    match hint:
        case Constrained(of):
            return _json_type(of, (*constraints, *hint.constraints))
        case Either(arms):
            return functools.reduce(operator.or_, [_json_type(arm, constraints) for arm in arms])
        case Scalar(kind):
            return _bounded(float if kind is complex else kind, constraints, () if kind is bool else _BOUNDS)
        case Text():
            return _bounded(str, constraints, _LENGTHS)
        case Nothing():
            return types.NoneType
        case LiteralOf(values):
            return Literal[tuple([value.name if isinstance(value, enum.Enum) else value for value in values])]
        case Instance(cls) if issubclass(cls, enum.Flag):
            names: Any = Literal[tuple(cls.__members__)]
            return names | types.GenericAlias(list, (names,))
        case Instance(cls) if issubclass(cls, enum.Enum):
            return Literal[tuple(cls.__members__)]
        case Instance(cls) if cls is np.dtype:
            return _name_of("a dtype")
        case Items(item=item):
            return _bounded(list[_json_type(item)], constraints, _LENGTHS)  # type: ignore[misc]
        case FixedTuple(items):
            return tuple[tuple([_json_type(item) for item in items])]  # type: ignore[misc]
        case Entries(item=item):
            return dict[str, _json_type(item)]  # type: ignore[misc]
        case Function():
            return _name_of("a function")
        case ClassOf():
            return _name_of("a class")
    return Any


def _name_of(what: str) -> Any:
    return Annotated[str, pydantic.Field(description=f"the name of {what}")]


def _bounded(kind: Any, constraints: tuple[Any, ...], sayable: tuple[type, ...]) -> Any:
    """A type with those constraints that JSON Schema can say of it: no predicates."""
    flat = [part for one in constraints for part in (one if _is_group(one) else (one,))]
    bounds = [part for part in flat if isinstance(part, sayable)]
    return Annotated[(kind, *bounds)] if bounds else kind


def _is_group(constraint: object) -> TypeGuard[annotated_types.GroupedMetadata]:
    return isinstance(constraint, annotated_types.GroupedMetadata)
