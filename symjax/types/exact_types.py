"""What passes a type hint by its exact type alone: most arguments, without a look at their values."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax

from symjax.core.leaves import ATOMS
from symjax.core.schema import ATTRIBUTE, STANDS_FOR
from symjax.types.hints import (
    Anything,
    ClassOf,
    Constrained,
    Either,
    FixedTuple,
    Function,
    Hint,
    Instance,
    Items,
    Nothing,
    Scalar,
    Text,
    mentions_float,
)

_FUNCTIONS = frozenset(
    {type, types.FunctionType, types.BuiltinFunctionType, type(jax.nn.relu), type(jax.nn.silu)}
)


def is_settled(kind: type) -> bool:
    """Whether all values of a type are frozen, hashable and no placeholders."""
    if kind in ATOMS:
        return True
    return getattr(kind, ATTRIBUTE, None) is not None and getattr(kind, STANDS_FOR, None) is None


def exact_types(hint: Hint) -> frozenset[type]:
    """Settled types whose values all pass a hint as they are; not all such types, but the common ones.

    Example:
        >>> from symjax.types.hint_reading import parse
        >>> exact_types(parse(int | None)) == {int, type(None)}, exact_types(parse(type[int]))
        (True, frozenset())
    """
    match hint:
        case Anything():
            return ATOMS
        case Nothing():
            return frozenset({types.NoneType})
        case Scalar(kind):
            return frozenset({kind})
        case Text(kind):
            return frozenset({kind}) & ATOMS
        case Either(arms):
            kinds = frozenset[type]().union(*map(exact_types, arms))
            return kinds - {int} if mentions_float(hint) else kinds  # an arm may make a float of an int
        case Constrained(of) if not hint.constraints:
            return exact_types(of)
        case ClassOf(None):
            return frozenset({type})
        case Function():
            return _FUNCTIONS
        case Instance(cls) if cls not in ATOMS and is_settled(cls):
            return frozenset({cls})
    return frozenset()


class ExactItems(NamedTuple):
    """Which tuples pass a hint: those of any values of some types.

    Attributes:
        kinds: The types.
        length: How many values there must be; None for any number.
    """

    kinds: frozenset[type]
    length: int | None = None

    def match(self, value: Sequence[Any]) -> bool:
        """Whether a tuple passes, or a list as a tuple."""
        return self.kinds.issuperset(map(type, value)) and self.length in (None, len(value))


def exact_items(hint: Hint) -> ExactItems | None:
    """The tuples that pass a hint by the types of their items; None if there are none such.

    Example:
        >>> from symjax.types.hint_reading import parse
        >>> pair = exact_items(parse(tuple[int, int]))
        >>> pair.match((3, 3)), pair.match((3, 0.5))
        (True, False)
    """
    match hint:
        case Either(arms) if not mentions_float(hint):
            return next((items for items in map(exact_items, arms) if items is not None), None)
        case Constrained(of) if not hint.constraints:
            return exact_items(of)
        case Items(item=item):
            return ExactItems(exact_types(item))
        case FixedTuple(items):
            kinds = {exact_types(item) for item in items}
            return ExactItems(kinds.pop(), len(items)) if len(kinds) == 1 else None
    return None
