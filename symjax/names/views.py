"""Foreign modules whose classes and functions come out symbolized, each at its first use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from symjax.core.locks import adoption

VIEWS: dict[str, Callable[[], ModuleType]] = {}
"""The library's views by name, with what imports each; `symjax/__init__.py` fills it in."""

ROOMS: dict[str, Callable[[], ModuleType]] = {}
"""Its rooms that are imported at their first use, likewise, and parts of them; files name their classes."""


class Namespace:
    """The symbolic view of a module.

    Args:
        name: The name of the module that shows the view, such as ``symjax.linen``.
        original: The module that is viewed.
        adopt: Makes a value symbolic, or returns it as it is.
        inner: What else the view shows, by name: above all modules that have a view of their own.
    """

    def __init__(
        self,
        name: str,
        original: ModuleType,
        adopt: Callable[[str, Any], Any],
        inner: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.original = original
        self._adopt = adopt
        self._inner = dict(inner or {})
        self._symbols: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._symbols:
            with adoption:
                if name not in self._symbols:
                    self._symbols[name] = self._make(name)
        return self._symbols[name]

    def known(self, name: str) -> Any:
        """What the view shows under a name that the viewed module holds itself; None for others.

        Unlike an attribute access, it never runs a module's own ``__getattr__``, which may import.
        """
        if not name.startswith("_") and (name in self._inner or name in vars(self.original)):
            return getattr(self, name)
        return None

    def _make(self, name: str) -> Any:
        if name in self._inner:
            return self._inner[name]
        try:
            value = getattr(self.original, name)
        except AttributeError:
            raise AttributeError(
                f"module {self.name!r} has no attribute {name!r}; it shows the names of "
                f"{self.original.__name__}"
            ) from None
        return value if inspect.ismodule(value) else self._adopt(f"{self.name}.{name}", value)

    def __dir__(self) -> list[str]:
        return sorted({*dir(self.original), *self._inner})

    def __repr__(self) -> str:
        return f"<symbolic view of {self.original.__name__}>"


def first_name(name: str, value: Any, views: Mapping[str, ModuleType]) -> str:
    """The name of a value in the first of `views` that shows it under its own name, or `name`.

    Optax has most of its functions at two places, and initializers have two names: one object is one symbol.
    """
    own = getattr(value, "__name__", None)
    for view, module in views.items():
        if isinstance(own, str) and vars(module).get(own) is value:
            return f"{view}.{own}"
    return name
