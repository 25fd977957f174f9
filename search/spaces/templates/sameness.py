"""When a value is as good as the candidate that it came from."""

from __future__ import annotations

from typing import Any

from symjax.core.containers import Map, freeze
from symjax.verbs.equality import eq

_PLAIN = frozenset({int, bool, str, type(None)})


def same(candidate: Any, value: Any) -> bool:
    """Equality, for which a dict equals the map, and an int the float, that a field makes of it.

    Example:
        >>> same((1, [2]), (1.0, (2,))), same(1, True), same({'a': 1}, {'a': 1.0})
        (True, False, True)
    """
    if candidate is value:
        return True
    kind = type(candidate)
    if kind in _PLAIN and type(value) in _PLAIN:
        return kind is type(value) and bool(candidate == value)
    if kind is int and type(value) is float:
        return bool(candidate == value)
    candidate, value = freeze(candidate), freeze(value)
    if type(candidate) is tuple and type(value) is tuple:
        return len(candidate) == len(value) and all(map(same, candidate, value))
    if type(candidate) is Map and isinstance(value, Map | dict):
        return candidate.keys() == value.keys() and all(
            same(item, value[key]) for key, item in candidate.items()
        )
    return eq(candidate, value)
