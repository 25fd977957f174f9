"""`Map`, the immutable mapping, and `freeze`, which makes structure out of mutable containers."""

from __future__ import annotations

import collections
import copy
import functools
import types
from collections.abc import Callable, Hashable, ItemsView, Iterator, Mapping
from typing import Any, NoReturn, final

from flax.core import FrozenDict

from symjax.core.leaves import ATOMS, is_leaf, is_other_pytree
from symjax.core.provided import provided


@final
class Map(Mapping[Hashable, Any]):
    """An immutable mapping that keeps the order of its keys.

    Dicts inside a symbolic object that hold structure become maps. A map is a pytree of its own: it may mix
    leaves and structure, and its keys stay in the order in which they were given. It has `copy`, `pop` and
    `unfreeze` because a Linen module's methods find a `flax.core.FrozenDict` in its place.

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

    def __delattr__(self, name: str) -> None:
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

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Hashable, Any]:
        """A plain dict of copies, which is what `dataclasses.asdict` wants of a mapping."""
        return {key: copy.deepcopy(item, memo) for key, item in self.items()}


def _immutable(key: Hashable) -> str:
    return f"a Map is immutable; rebind the tree that holds it, at the path of {key!r}"


_MAPPINGS = frozenset(
    {dict, types.MappingProxyType, collections.OrderedDict, collections.defaultdict, FrozenDict, Map}
)


def freeze(value: Any, *, data: bool = True) -> Any:
    """Containers as they stand in a node: tuples, frozensets, and mappings as data or maps, recursively.

    A mapping that holds leaves only, at any depth (parameters, an optimizer's moments), is data: a dict of
    its own, or the FrozenDict that it is, which JAX, Flax, Optax and Orbax take as theirs. Any other mapping
    becomes a `Map`. A container in which nothing changed is returned itself; the rest as it is.

    Args:
        value: Any value.
        data: Whether mappings of leaves are data; False where floats are structure.
    """
    kind = type(value)
    if kind is list:
        return tuple([freeze(item, data=data) for item in value])
    if kind is tuple:
        return mapped(functools.partial(freeze, data=data), value)
    if kind in _MAPPINGS:
        return _frozen_mapping(value, kind, data)
    if kind is set:
        return frozenset(value)
    if isinstance(value, tuple) and hasattr(kind, "_make"):
        return mapped(functools.partial(freeze, data=data), value)
    return value


def _frozen_mapping(value: Mapping[Any, Any], kind: type, data: bool) -> Any:
    entries = {key: freeze(item, data=data) for key, item in value.items()}
    if data and _are_data(entries):
        return value if kind is FrozenDict and value else entries
    unchanged = kind is Map and all(entries[key] is item for key, item in value.items())
    return value if unchanged else Map.of(entries)


def _are_data(entries: dict[Any, Any]) -> bool:
    """Whether frozen entries are data. JAX sorts the keys: they must be all texts or all ints."""
    kinds = set(map(type, entries))
    return (kinds <= {str} or kinds <= {int}) and all(map(_is_data, entries.values()))


def _is_data(value: Any) -> bool:
    """Whether a frozen value is a leaf, or a container or pytree of nothing but leaves."""
    kind = type(value)
    if kind in ATOMS:
        return kind is float or kind is complex
    if kind is dict or kind is FrozenDict:
        return True  # or it would have become a map
    if isinstance(value, tuple | list):
        return all(map(_is_data, value))
    if is_leaf(value):
        return True
    return kind is not Map and not hasattr(kind, "__symjax_schema__") and is_other_pytree(value)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """A frozen container with what `function` makes of its items; itself if that is nothing new.

    Anything else is returned as it is.
    """
    kind = type(value)
    if kind is Map or kind is dict:
        entries = {key: function(item) for key, item in value.items()}
        if all(entries[key] is item for key, item in value.items()):
            return value
        return Map.of(entries) if kind is Map else entries
    if isinstance(value, tuple) and not hasattr(kind, "__symjax_schema__"):
        items = [function(item) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return getattr(kind, "_make", tuple)(items)
    return value


def thaw(value: Any) -> Any:
    """Maps become plain dicts again, for code that is not ours and tests for ``dict``; data is copied."""
    if type(value) is Map or type(value) is dict:
        return {key: thaw(item) for key, item in value.items()}
    return mapped(thaw, value)
