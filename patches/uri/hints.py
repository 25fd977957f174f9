"""What the type hint of an argument says to a reader of its text: which arms, items and enums it admits."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeGuard, Union, get_args, get_origin

Hint: TypeAlias = object
"""A type hint: classes, unions and `Annotated` have no closer type in common."""

_SEQUENCES: Final = (tuple, list, Sequence, Collection, Iterable)


def arms_of(hint: Hint) -> list[Hint]:
    """The members of a union, and of unions in it; a list of one for any other hint."""
    if get_origin(hint) is Annotated:
        return arms_of(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return [arm for part in get_args(hint) for arm in arms_of(part)]
    return [hint]


def item_hint_of(hint: Hint) -> Callable[[int], Hint] | None:
    """From an index to the hint of the item there; None for a hint that is no sequence."""
    if get_origin(hint) is Annotated:
        return item_hint_of(get_args(hint)[0])
    origin = get_origin(hint) or hint
    if origin not in _SEQUENCES:
        return None
    args = get_args(hint)
    if origin is tuple and args and args[-1] is not Ellipsis:
        return lambda i: args[i] if i < len(args) else Any
    return lambda _: args[0] if args else Any


def member_names(hint: Hint) -> tuple[str, ...]:
    """The names by which the members of enums can be written under a hint; most hints have none.

    Example:
        >>> import enum
        >>> member_names(enum.Enum('Color', 'RED GREEN') | None)
        ('RED', 'GREEN')
    """
    return tuple([name for cls in enums_in(hint) for name in cls.__members__])


def members_named(name: str, hint: Hint) -> list[enum.Enum]:
    """The members of this name of the enums that are arms of a hint."""
    return [cls[name] for arm in arms_of(hint) for cls in _own_enums(arm) if name in cls.__members__]


def enums_in(hint: Hint) -> tuple[type[enum.Enum], ...]:
    """The enums anywhere in a hint."""
    own = _own_enums(hint)
    if own or get_origin(hint) is Literal:
        return own
    return tuple([cls for part in get_args(hint) for cls in enums_in(part)])


def _own_enums(hint: Hint) -> tuple[type[enum.Enum], ...]:
    """The enum that a hint is, or those that a `Literal` takes its values from."""
    if get_origin(hint) is Literal:
        return tuple(dict.fromkeys(type(value) for value in get_args(hint) if isinstance(value, enum.Enum)))
    return (hint,) if is_enum(hint) else ()


def is_enum(hint: Hint) -> TypeGuard[type[enum.Enum]]:
    """Whether a hint is the class of an enum."""
    return isinstance(hint, type) and get_origin(hint) is None and issubclass(hint, enum.Enum)
