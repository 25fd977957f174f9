"""Values in URIs: `write` them as text, and `read` them back as the type hint says."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin
from urllib.parse import quote

import numpy as np

from symjax.core.errors import brief
from symjax.types.translation import adapter
from symjax.verbs.tree import is_symbolic


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

# What stays readable in a URI; everything else that is not a letter or digit is percent-encoded.
_SAFE: Final = "/,+*^$!@"
_INT: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?(?:inf|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WORDS: Final[dict[str, bool | None]] = {"None": None, "True": True, "False": False}
_SEQUENCES: Final = (tuple, list, Sequence, Collection, Iterable)


def write(value: object, nested: bool = False) -> str:
    """The text of a value in a URI.

    Args:
        value: None, a bool, an int, a float, a string, or a list of such. Anything else has no
            notation: it is described between angle brackets, which no URI can be parsed with.
        nested: Whether the value is an item of a list.

    Example:
        >>> [write(value) for value in (2.0, 'gelu', '10', 'a&b', [1, 2], [[1], []], None)]
        ['2.0', 'gelu', "'10'", 'a%26b', '1:2', '[1]:[]', 'None']
    """
    kind = type(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return write(value.item(), nested)
    if value is None or kind in (bool, int, float):
        return repr(value)
    if kind is str:
        return _write_text(str(value))
    if isinstance(value, tuple | list) and kind in (tuple, list):
        items = ":".join([write(item, nested=True) for item in value])
        return items if len(value) > 1 and not nested else f"[{items}]"
    return describe(value)


def describe(value: object) -> str:
    """What stands in a URI for a value that has no notation there: ``<…>``, for people to read."""
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str) and callable(value) and not is_symbolic(value):
        return f"<{getattr(value, '__module__', None) or '?'}.{name}>"
    return f"<{brief(value)}>"


def _write_text(text: str) -> str:
    encoded = quote(text, safe=_SAFE, errors="surrogatepass")
    bare = text and text not in _WORDS and not _FLOAT.fullmatch(text)
    return encoded if bare else f"'{encoded}'"


def read(token: Token, hint: Any = Any) -> Any:
    """The value of an item of a URI, typed by a hint.

    A text becomes a number, a bool or None only where the hint admits one; where it admits several
    types (`Any`, a union) the most specific wins: ``2`` is an int, ``2.0`` a float, ``two`` a
    string.

    Args:
        token: An item that `symjax.patches.uri.parse` has read.
        hint: The type hint of the argument.

    Returns:
        The value; one that suits no type of the hint is returned as it would be without a hint, so
        that the validation of the argument says what is wrong with it.

    Example:
        >>> read(Text('2')), read(Text('2'), float), read(Text('2'), str)
        (2, 2.0, '2')
        >>> read((Text('1'), Text('2')), tuple[int, str])
        (1, '2')
    """
    candidates = _read_items(token, hint) if isinstance(token, tuple) else _read_text(token)
    for candidate in candidates:
        accepted, value = _accept(candidate, hint)
        if accepted:
            return value
    item_hint = _item_hint(hint)
    if isinstance(token, Text) and item_hint is not None:  # a list of one: `widths=64`
        accepted, value = _accept((read(token, item_hint(0)),), hint)
        if accepted:
            return value
    return candidates[0]


def _accept(value: Any, hint: Any) -> tuple[bool, Any]:
    if hint is Any or isinstance(hint, str):
        return True, value
    try:
        return True, adapter(hint).validate_python(value)
    except ValueError:
        return False, None


def _read_text(token: Text) -> list[Any]:
    """What the text may stand for, the likeliest first."""
    text = token.text
    if token.quoted:
        return [text]
    if text in _WORDS:
        return [_WORDS[text], text]
    if text in ("true", "false"):
        return [text, text == "true"]
    if _INT.fullmatch(text):
        return [int(text), float(text), text]
    if _FLOAT.fullmatch(text):
        return [float(text), text]
    return [text]


def _read_items(tokens: tuple[Token, ...], hint: Any) -> list[Any]:
    """The list under each arm of the hint that is a sequence; under `Any` if there is none."""
    hints = [of for arm in _arms(hint) if (of := _item_hint(arm)) is not None]
    hints = hints or [lambda _: Any]
    return [tuple([read(item, of(i)) for i, item in enumerate(tokens)]) for of in hints]


def _arms(hint: Any) -> list[Any]:
    if get_origin(hint) is Annotated:
        return _arms(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return [arm for part in get_args(hint) for arm in _arms(part)]
    return [hint]


def _item_hint(hint: Any) -> Callable[[int], Any] | None:
    """From an index to the hint of the item there; None for a hint that is no sequence."""
    if get_origin(hint) is Annotated:
        return _item_hint(get_args(hint)[0])
    origin = get_origin(hint) or hint
    if origin not in _SEQUENCES:
        return None
    args = get_args(hint)
    if origin is tuple and args and args[-1] is not Ellipsis:
        return lambda i: args[i] if i < len(args) else Any
    return lambda _: args[0] if args else Any
