"""What the hint of an argument says to a reader of its text: which arms, items and enums it admits."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, TypeGuard

from symjax.types.hint_reading import parse
from symjax.types.hints import Anything, Constrained, Either, FixedTuple, Hint, Instance, Items, LiteralOf

_ANYTHING: Final = Anything()
_BARE_SEQUENCES: Final = (Sequence, Collection, Iterable)  # without an item, they are classes like others


def parsed(hint: Any) -> Hint:
    """A hint read into its structure, if it is not yet."""
    return hint if isinstance(hint, Hint) else parse(hint)


def arms_of(hint: Hint) -> list[Hint]:
    """The members of a union, and of unions in it; a list of one for any other hint."""
    match hint:
        case Constrained(of):
            return arms_of(of)
        case Either(arms):
            return [inner for arm in arms for inner in arms_of(arm)]
    return [hint]


def item_hint_of(hint: Hint) -> Callable[[int], Hint] | None:
    """From an index to the hint of the item there; None for a hint that is no sequence."""
    match hint:
        case Constrained(of):
            return item_hint_of(of)
        case Items(item=item):
            return lambda _: item
        case FixedTuple(items):
            return lambda i: items[i] if i < len(items) else _ANYTHING
        case Instance(cls) if cls in _BARE_SEQUENCES:
            return lambda _: _ANYTHING
    return None


def member_names(hint: Hint) -> tuple[str, ...]:
    """The names by which the members of enums can be written under a hint; most hints have none.

    Example:
        >>> import enum
        >>> member_names(parsed(enum.Enum('Color', 'RED GREEN') | None))
        ('RED', 'GREEN')
    """
    return tuple([name for cls in enums_in(hint) for name in cls.__members__])


def members_named(name: str, hint: Hint) -> list[enum.Enum]:
    """The members of this name of the enums that are arms of a hint."""
    return [cls[name] for arm in arms_of(hint) for cls in _own_enums(arm) if name in cls.__members__]


def flags_of(hint: Hint) -> list[type[enum.Flag]]:
    """The enums of flags that are arms of a hint."""
    return [cls for arm in arms_of(hint) for cls in _own_enums(arm) if issubclass(cls, enum.Flag)]


def enums_in(hint: Hint) -> tuple[type[enum.Enum], ...]:
    """The enums anywhere in a hint."""
    return (*_own_enums(hint), *(cls for part in hint.parts for cls in enums_in(part)))


def _own_enums(hint: Hint) -> tuple[type[enum.Enum], ...]:
    """The enum that a hint is, or those that a `Literal` takes its values from."""
    match hint:
        case Instance(cls) if _is_enum(cls):
            return (cls,)
        case LiteralOf(values):
            return tuple(dict.fromkeys(type(value) for value in values if isinstance(value, enum.Enum)))
    return ()


def _is_enum(cls: type) -> TypeGuard[type[enum.Enum]]:
    return issubclass(cls, enum.Enum)
