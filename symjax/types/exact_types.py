"""What passes a type hint by its exact type alone: most arguments, without a look at their values."""

from __future__ import annotations

import collections.abc as cabc
import types
import typing
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import jax

from symjax.core.leaves import ATOMS
from symjax.core.schema import ATTRIBUTE, STANDS_FOR
from symjax.types.hints import SEQUENCES, bare, mentions_float

_FUNCTIONS = frozenset(
    {type, types.FunctionType, types.BuiltinFunctionType, type(jax.nn.relu), type(jax.nn.silu)}
)
_SCALARS = frozenset({int, bool, str, float, complex})


def is_settled(kind: type) -> bool:
    """Whether all values of a type are frozen, hashable and no placeholders."""
    if kind in ATOMS:
        return True
    return getattr(kind, ATTRIBUTE, None) is not None and getattr(kind, STANDS_FOR, None) is None


def exact_types(hint: Any) -> frozenset[type]:
    """Settled types whose values all pass a hint as they are; not all such types, but the common ones.

    Args:
        hint: A resolved type hint.

    Example:
        >>> exact_types(int | None) == {int, type(None)}, exact_types(typing.Literal[1])
        (True, frozenset())
    """
    hint = _unannotated(hint)
    origin = get_origin(hint)
    if hint is Any:
        return ATOMS
    if hint is None or hint is types.NoneType:
        return frozenset({types.NoneType})
    if origin in (typing.Union, types.UnionType):
        kinds = frozenset[type]().union(*map(exact_types, get_args(hint)))
        return kinds - {int} if mentions_float(hint) else kinds  # an arm may make a float of an int
    if hint is type or origin is type:
        return frozenset({type})
    if cabc.Callable in (hint, origin) or hint is typing.Callable:
        return _FUNCTIONS
    kind = origin or hint
    if isinstance(kind, type) and (kind in _SCALARS or (kind not in ATOMS and is_settled(kind))):
        return frozenset({kind})
    return frozenset()


class Items(NamedTuple):
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


def exact_items(hint: Any) -> Items | None:
    """The tuples that pass a hint by the types of their items; None if there are none such.

    Example:
        >>> exact_items(tuple[int, int]).match((3, 3)), exact_items(tuple[int, int]).match((3, 0.5))
        (True, False)
    """
    hint = _unannotated(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        arms = [] if mentions_float(hint) else [exact_items(arm) for arm in args]
        return next((items for items in arms if items is not None), None)
    if hint in (list, tuple):
        return Items(ATOMS)
    if origin in SEQUENCES and args:
        return Items(exact_types(args[0]))
    if origin is not tuple:
        return None
    if len(args) == 2 and args[1] is Ellipsis:
        return Items(exact_types(args[0]))
    kinds = {exact_types(arg) for arg in args}
    return Items(kinds.pop(), len(args)) if len(kinds) == 1 else None


def _unannotated(hint: Any) -> Any:
    """A hint without notes; `Annotated` stays where it may constrain values."""
    hint = bare(hint)
    if get_origin(hint) is Annotated and all(isinstance(note, str) for note in get_args(hint)[1:]):
        return _unannotated(get_args(hint)[0])
    return hint
