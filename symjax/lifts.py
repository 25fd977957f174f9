"""Flax's lifted transforms of module classes, memoized: each call of `nn.remat` makes a class of its own."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import flax.linen as nn

from symjax.containers import freeze
from symjax.registration import static_key
from symjax.schema import ATTRIBUTE

LIFTS = frozenset(
    {"remat", "checkpoint", "remat_scan", "scan", "vmap", "jit", "map_variables", "add_metadata_axis"}
)

_made: weakref.WeakKeyDictionary[type, dict[Any, type]] = weakref.WeakKeyDictionary()


@functools.cache
def memoized(lift: Callable[..., Any]) -> Callable[..., Any]:
    """A lifted transform that gives the same class for the same class and arguments.

    Two modules of classes made by two equal calls are then equal, and share a compiled program. Calls on
    anything but a module class, or with arguments that are not hashable, are Flax's own.

    Args:
        lift: A transform such as `flax.linen.remat`.
    """

    @functools.wraps(lift)
    def lifted(target: Any, *args: Any, **kwargs: Any) -> Any:
        if not (isinstance(target, type) and issubclass(target, nn.Module)):
            return lift(target, *args, **kwargs)
        try:
            key = (lift.__name__, static_key(freeze((args, kwargs))))
        except TypeError:
            return lift(target, *args, **kwargs)
        known = _made.setdefault(target, {})
        if key not in known:
            known[key] = lift(target, *args, **kwargs)
            if lift.__name__ == "jit":
                _make_static(known[key])
        return known[key]

    return lifted


def _make_static(cls: type) -> None:
    """Makes structure of all fields: Flax takes a module that it compiles as a key, not as an argument."""
    schema = getattr(cls, ATTRIBUTE, None)
    if schema is not None:
        schema.marks.update(dict.fromkeys(schema.names, True))
