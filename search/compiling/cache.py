"""What is remembered between calls: compiled programs, and what was learnt about functions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, final

V = TypeVar("V")


@final
class Cache(Generic[V]):
    """A mapping that forgets what was used least recently, but nothing that the latest two plans use.

    Two, for the next plan mostly uses what the one before did, in the same order.

    Safe in threads.

    Args:
        capacity: How many entries it keeps, if those plans do not use more.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()  # with the plan that used it last
        self._plan = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> V | None:
        """The value of a key, or None."""
        with self._lock:
            return self._used(key, self._entries[key][0]) if key in self._entries else None

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not there."""
        with self._lock:
            return self._used(key, self._entries[key][0] if key in self._entries else make())

    def put(self, key: Hashable, value: V) -> None:
        """Remembers a value."""
        with self._lock:
            self._used(key, value)

    def begin_plan(self) -> None:
        """From now on what the plan before the latest one used may be forgotten."""
        with self._lock:
            self._plan += 1

    def _used(self, key: Hashable, value: V) -> V:
        self._entries[key] = value, self._plan
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity and next(iter(self._entries.values()))[1] < self._plan - 1:
            self._entries.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._entries.clear()


# Not state, but memory: every value in these was computed from its key alone.
_caches: list[Cache[Any]] = []


def remembered(capacity: int) -> Cache[V]:
    """A cache that `clear_programs` clears."""
    cache: Cache[V] = Cache(capacity)
    _caches.append(cache)
    return cache


def begin_plan() -> None:
    """Says that a plan begins: until the next but one, nothing is forgotten that it uses."""
    for cache in _caches:
        cache.begin_plan()


def clear_programs() -> None:
    """Forgets all compiled programs and their functions, and so frees their memory.

    Example:
        >>> from symjax import search
        >>> search.clear_programs()
    """
    for cache in _caches:
        cache.clear()
