"""What is remembered between calls: compiled programs, and what was found out about functions."""

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
        self._held: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> V | None:
        """The value of a key, or None."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not there."""
        with self._lock:
            if key not in self._held:
                self._held[key] = make()
            self._held.move_to_end(key)
            while len(self._held) > self._capacity:
                self._held.popitem(last=False)
            return self._held[key]

    def __len__(self) -> int:
        return len(self._held)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._held.clear()


# Not state, but memory: every value in these was computed from its key alone.
_caches: list[Cache[Any]] = []


def remembered(capacity: int) -> Cache[Any]:
    """A cache that `clear_programs` clears."""
    cache: Cache[Any] = Cache(capacity)
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
