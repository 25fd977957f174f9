"""What is remembered between calls: compiled programs, and what was learnt about functions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, final

V = TypeVar("V")


@final
class Cache(Generic[V]):
    """A mapping that forgets what was used least recently. Safe in threads."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> V | None:
        """The value of a key, or None."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not there."""
        with self._lock:
            if key not in self._entries:
                self._entries[key] = make()
            return self._used(key)

    def put(self, key: Hashable, value: V) -> None:
        """Remembers a value."""
        with self._lock:
            self._entries[key] = value
            self._used(key)

    def _used(self, key: Hashable) -> V:
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return self._entries[key]

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


def clear_programs() -> None:
    """Forgets all compiled programs and their functions, and so frees their memory.

    Example:
        >>> from symjax import search
        >>> search.clear_programs()
    """
    for cache in _caches:
        cache.clear()
