"""Values in URIs: `write` them as text, and `read` them back as the type hint says."""

from __future__ import annotations

import enum
import functools
import math
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import numpy as np
import pydantic

from symjax.core.errors import brief
from symjax.types.hints import Anything, Hint
from symjax.types.translation import adapter
from symjax.verbs.equality import eq
from symjax.verbs.tree import is_symbolic

from .hints import arms_of, enums_in, flags_of, item_hint_of, members_named, parsed
from .named import full_name, kind_named, named


@dataclass(frozen=True, slots=True)
class Text:
    """An item of a URI, decoded but not typed yet.

    Attributes:
        text: The characters.
        quoted: Whether they stood in quotation marks, which makes them a string whatever they say.
    """

    text: str
    quoted: bool = False


Token: TypeAlias = "Text | tuple[Token, ...]"

_ANYTHING: Final = Anything()

NESTING_LIMIT: Final = 100
"""How deep lists may lie in lists, and chains in chains, in a URI."""

# What stays readable in a URI; everything else that is not a letter or digit is percent-encoded.
_SAFE: Final = "/+*^$!@"
_INT: Final = re.compile(r"[+-]?[0-9]+")
# Optional parts are nested, not one after the other: a million digits are then read in linear time.
_FLOAT: Final = re.compile(r"[+-]?(?:inf|nan|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WORDS: Final[dict[str, bool | None]] = {"None": None, "True": True, "False": False}
_SWITCHES: Final[dict[str, bool]] = {"true": True, "false": False, "yes": True, "no": False}


class _NoNotationError(Exception):
    """A value that URIs have no text for."""


def write(value: object, hint: Any = Any) -> str:
    """The text of a value in a URI.

    Args:
        value: None, a bool, an int, a float, a string, a member of an enum that the hint names, a public
            function, class or dtype where the hint asks for one, or a list of such. Anything else has no
            notation: it is described between angle brackets, which no URI can be parsed with.
        hint: The hint of the argument, resolved or parsed, by which the text will be read.

    Example:
        >>> [write(value) for value in (2.0, 'gelu', '10', 'a&b', [1, 2], [[1], []], None)]
        ['2.0', 'gelu', "'10'", 'a%26b', '1:2', '[1]:[]', 'None']
    """
    hint = parsed(hint)
    enums = enums_in(hint)
    kind = kind_named(None, hint)
    name = None if kind is None else full_name(value, kind)
    try:
        token = _token(value, enums, 0) if name is None else Text(name)
    except _NoNotationError:
        return describe(value)
    # Two enums may have a name in common, and a name of a function be a text under the same hint.
    if (enums or name is not None) and not eq(_read(token, hint), value):
        return describe(value)
    return print_token(token)


def describe(value: object) -> str:
    """What stands in a URI for a value that has no notation there: ``<…>``, for people to read."""
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str) and callable(value) and not is_symbolic(value):
        return f"<{getattr(value, '__module__', None) or '?'}.{name}>"
    return f"<{brief(value)}>"


def _token(value: object, enums: tuple[type[enum.Enum], ...], depth: int) -> Token:
    """What parsing the text of a value gives.

    Args:
        value: Any value.
        enums: Those whose members the hint admits.
        depth: How many lists the value lies in.

    Raises:
        _NoNotationError: There is no such text.
    """
    kind = type(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return _token(value.item(), enums, depth)
    if value is None or kind in (bool, int, float):
        try:
            return Text(repr(value))
        except ValueError:  # an int of more digits than Python prints
            raise _NoNotationError from None
    if isinstance(value, enum.Enum) and kind in enums:
        return _member_token(value)
    if kind is str:
        text = str(value)
        bare = text and text not in _WORDS and not _FLOAT.fullmatch(text)
        return Text(text, quoted=not bare or any(text in cls.__members__ for cls in enums))
    if isinstance(value, tuple | list) and kind in (tuple, list) and depth < NESTING_LIMIT:
        return tuple([_token(item, enums, depth + 1) for item in value])
    raise _NoNotationError


def _member_token(member: enum.Enum) -> Token:
    """The name of a member of an enum; a flag that combines several is the list of their names."""
    cls = type(member)
    if member.name in cls.__members__:
        return Text(str(member.name))
    if not isinstance(member, enum.Flag):  # one that is made by hand, and not among the members
        raise _NoNotationError
    return tuple([Text(str(part.name)) for part in member])


def _combined(cls: type[enum.Enum], members: Iterable[enum.Enum]) -> enum.Enum:
    return functools.reduce(operator.or_, members, cls(0))


def print_token(token: Token, nested: bool = False) -> str:
    """The text of an item, from which parsing makes it again.

    Args:
        token: The item.
        nested: Whether it lies in a list, where a list stands in brackets.

    Example:
        >>> print_token((Text('1'), (Text('a:b'),)))
        '1:[a%3Ab]'
    """
    if isinstance(token, tuple):
        items = ":".join([print_token(item, nested=True) for item in token])
        return items if len(token) > 1 and not nested else f"[{items}]"
    encoded = quote(token.text, safe=_SAFE, errors="surrogatepass")
    return f"'{encoded}'" if token.quoted else encoded


def read(token: Token, hint: Any = Any) -> Any:
    """The value of an item of a URI, typed by a hint.

    A text becomes a number, a bool, None, or the function, class, dtype or member of an enum that it names
    only where the hint admits one; where it admits several types (`Any`, a union) the most specific wins:
    ``2`` is an int, ``2.0`` a float, ``two`` a string. A list of names is a combined flag.

    Args:
        token: An item that `symjax.patches.uri.grammar.parse` has read.
        hint: The hint of the argument, resolved or parsed.

    Returns:
        The value; one that suits no type of the hint is returned as it would be without a hint, so
        that the validation of the argument says what is wrong with it.

    Example:
        >>> read(Text('2')), read(Text('2'), float), read(Text('2'), str), read(Text('yes'), bool)
        (2, 2.0, '2', True)
        >>> read((Text('1'), Text('2')), tuple[int, str])
        (1, '2')
    """
    return _read(token, parsed(hint))


def admits(value: object, hint: Any) -> bool:
    """Whether a value is as a hint has it.

    Example:
        >>> admits(2, int), admits('2', int)
        (True, False)
    """
    return _accept(value, parsed(hint))[0]


def is_word(text: str) -> bool:
    """Whether a text stands for None or a boolean where one is admitted.

    Example:
        >>> is_word('None'), is_word('yes'), is_word('gelu')
        (True, True, False)
    """
    return text in _WORDS or text in _SWITCHES


def _read(token: Token, hint: Hint) -> Any:
    candidates = _read_items(token, hint) if isinstance(token, tuple) else _read_text(token, hint)
    for candidate in candidates:
        accepted, value = _accept(candidate, hint)
        if accepted:
            return value
    item_hint = item_hint_of(hint)
    if isinstance(token, Text) and item_hint is not None:  # a list of one: `widths=64`
        accepted, value = _accept((_read(token, item_hint(0)),), hint)
        if accepted:
            return value
    return candidates[0]


def _accept(value: object, hint: Hint) -> tuple[bool, Any]:
    if isinstance(hint, Anything):
        return True, value
    try:
        return True, _adapter(hint).validate_python(value)
    except (ValueError, OverflowError):
        return False, None


def _adapter(hint: Hint) -> pydantic.TypeAdapter[Any]:
    try:
        return _cached_adapter(hint, str(hint))
    except TypeError:  # a note of the hint cannot be hashed
        return adapter(hint)


@functools.lru_cache(maxsize=64)
def _cached_adapter(hint: Hint, text: str) -> pydantic.TypeAdapter[Any]:
    """Kept, since each item of a list asks for the same one; to make it takes 1000 times as long as to ask.

    The text tells hints apart that are equal only because ``1 == True``.
    """
    return adapter(hint)


def _read_text(token: Text, hint: Hint) -> list[object]:
    """What the text may stand for, the likeliest first."""
    text = token.text
    if token.quoted:
        return [text]
    if text in _WORDS:
        candidates: list[object] = [_WORDS[text]]
    elif text in _SWITCHES:  # words like others, unless a bool is asked for
        return [*members_named(text, hint), text, _SWITCHES[text]]
    else:
        candidates = [*_read_number(text)]
    kind = kind_named(None, hint)
    value = None if kind is None else named(text, kind)
    return [*candidates, *members_named(text, hint), text, *([] if value is None else [value])]


def _read_number(text: str) -> list[int | float]:
    if not _FLOAT.fullmatch(text):
        return []
    real = float(text)
    overflown = math.isinf(real) and "inf" not in text
    reals = [] if overflown else [real]
    if not _INT.fullmatch(text):
        return reals
    try:
        return [int(text), *reals]
    except ValueError:  # more digits than Python reads
        return reals


def _read_items(tokens: tuple[Token, ...], hint: Hint) -> list[object]:
    """The flag that the items name, and the list under each arm of the hint that is a sequence."""
    flags = [
        _combined(cls, [cls[item.text] for item in tokens if isinstance(item, Text)])
        for cls in flags_of(hint)
        if _names_members(tokens, cls)
    ]
    hints = [item_hint for arm in arms_of(hint) if (item_hint := item_hint_of(arm)) is not None]
    if not hints and not flags:
        hints = [lambda _: _ANYTHING]
    return [*flags, *(tuple([_read(item, of(i)) for i, item in enumerate(tokens)]) for of in hints)]


def _names_members(tokens: tuple[Token, ...], cls: type[enum.Enum]) -> bool:
    return all(isinstance(item, Text) and not item.quoted and item.text in cls.__members__ for item in tokens)
