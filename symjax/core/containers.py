"""`Map`, the immutable mapping, and `freeze`, which makes structure out of mutable containers."""

from __future__ import annotations

import collections
import types
from collections.abc import Hashable, ItemsView, Iterator, Mapping
from typing import Any, NoReturn, final

from flax import serialization
from flax.core import FrozenDict

from symjax.core.provided import provided


@final
class Map(Mapping[Hashable, Any]):
    """An immutable mapping that keeps the order of its keys.

    Dicts inside a symbolic object become maps. A map is a pytree of its own: it may mix leaves and
    structure, and its keys stay in the order in which they were given. It has `copy`, `pop` and `unfreeze`
    because a Linen module's methods find a `flax.core.FrozenDict` in its place.

    Args:
        items: The mapping to freeze; its values are frozen too.

    Example:
        >>> Map({'b': [1, 2], 'a': 0.5})
        {'b': (1, 2), 'a': 0.5}
    """

    __slots__ = ("__weakref__", "_flat", "_items")

    def __init__(self, items: Mapping[Any, Any] | None = None) -> None:
        frozen = {key: freeze(value) for key, value in (items or {}).items()}
        object.__setattr__(self, "_items", frozen)

    @classmethod
    def of(cls, items: dict[Hashable, Any]) -> Map:
        """Wraps values that are frozen already, unseen; `items` must not be used afterwards."""
        new = object.__new__(cls)
        object.__setattr__(new, "_items", items)
        return new

    def __getitem__(self, key: Hashable) -> Any:
        return self._items[key]  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._items)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._items)  # type: ignore[attr-defined]

    def items(self) -> ItemsView[Hashable, Any]:
        """The entries. No key is hashed on the way: that of maps in maps would take exponential time."""
        entries: dict[Hashable, Any] = self._items  # type: ignore[attr-defined]
        return entries.items()

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a Map is immutable; rebind the tree that holds it")

    def __setitem__(self, key: Hashable, value: Any) -> NoReturn:
        raise TypeError(_immutable(key))

    def __delitem__(self, key: Hashable) -> NoReturn:
        raise TypeError(_immutable(key))

    def __or__(self, other: Mapping[Hashable, Any]) -> Map:
        return Map({**self, **other})

    def copy(self, add_or_replace: Mapping[Hashable, Any] = types.MappingProxyType({})) -> Map:
        """A map with further entries.

        Args:
            add_or_replace: The entries; they win over those of the same key.

        Example:
            >>> Map({'a': 1, 'b': 2}).copy({'b': 3})
            {'a': 1, 'b': 3}
        """
        return self | add_or_replace

    def pop(self, key: Hashable) -> tuple[Map, Any]:
        """A map without an entry, and the value that it had.

        Raises:
            KeyError: There is no such entry.

        Example:
            >>> Map({'a': 1, 'b': 2}).pop('a')
            ({'b': 2}, 1)
        """
        rest = dict(self)
        value = rest.pop(key)
        return Map.of(rest), value

    def unfreeze(self) -> dict[Hashable, Any]:
        """A dict of the entries, in which maps are dicts too.

        Example:
            >>> Map({'a': {'b': 1}}).unfreeze() == {'a': {'b': 1}}
            True
        """
        thawed: dict[Hashable, Any] = thaw(self)
        return thawed

    def __repr__(self) -> str:
        return repr(dict(self))

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        return provided.render(self, path, subtree_renderer)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dict):
            other = Map(other)
        return provided.eq(self, other)

    def __hash__(self) -> int:
        return provided.hash(self)

    def __copy__(self) -> Map:
        return self

    def __deepcopy__(self, memo: Any) -> Map:
        return self


def _immutable(key: Hashable) -> str:
    return f"a Map is immutable; rebind the tree that holds it, at the path of {key!r}"


_MAPPINGS = frozenset(
    {dict, FrozenDict, types.MappingProxyType, collections.OrderedDict, collections.defaultdict}
)


def freeze(value: Any) -> Any:
    """Lists become tuples, dicts maps, sets frozensets, recursively; the rest is returned as it is.

    A tuple in which nothing changed is returned itself.
    """
    kind = type(value)
    if kind is list:
        return tuple([freeze(item) for item in value])
    if kind is tuple:
        frozen = [freeze(item) for item in value]
        if all(new is old for new, old in zip(frozen, value, strict=True)):
            return value
        return tuple(frozen)
    if kind in _MAPPINGS:
        return Map(value)
    if kind is set:
        return frozenset(value)
    if isinstance(value, tuple) and hasattr(kind, "_make"):
        frozen = [freeze(item) for item in value]
        if all(new is old for new, old in zip(frozen, value, strict=True)):
            return value
        return kind._make(frozen)
    return value


def thaw(value: Any) -> Any:
    """Maps become plain dicts again, for code that is not ours and tests for ``dict``."""
    kind = type(value)
    if kind is Map:
        return {key: thaw(item) for key, item in value.items()}
    if kind is tuple:
        thawed = [thaw(item) for item in value]
        if all(new is old for new, old in zip(thawed, value, strict=True)):
            return value
        return tuple(thawed)
    return value


# Flax looks for submodules in a module's fields through its state dicts; without this it would not see
# the modules inside a map.
serialization.register_serialization_state(  # type: ignore[no-untyped-call]
    Map,
    lambda map_: {str(key): serialization.to_state_dict(value) for key, value in map_.items()},
    lambda map_, state: Map.of(
        {key: serialization.from_state_dict(value, state[str(key)]) for key, value in map_.items()}
    ),
)
