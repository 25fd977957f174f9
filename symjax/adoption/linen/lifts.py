"""Flax's lifted transforms of module classes, memoized: each call of `nn.remat` makes a class of its own."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

import flax.linen as nn

from symjax.adoption.flax_private import interceptors, is_watched
from symjax.adoption.linen.rates import intercept_rates
from symjax.core.containers import freeze
from symjax.core.kinds import static_key
from symjax.core.locks import adoption
from symjax.core.schema import ATTRIBUTE

LIFTS = frozenset(
    {"remat", "checkpoint", "remat_scan", "scan", "vmap", "jit", "map_variables", "add_metadata_axis"}
)

_lifted: weakref.WeakKeyDictionary[type, dict[Any, type]] = weakref.WeakKeyDictionary()


@functools.cache
def memoized(lift: Callable[..., Any]) -> Callable[..., Any]:
    """A lifted transform that gives the same class for the same class and arguments.

    Two modules of classes made by two equal calls are then equal, and share a compiled program. Calls on
    anything but a module class, or with arguments that are not hashable, are Flax's own; so is `nn.jit` while
    something looks into the running modules, which a program that is compiled already would hide.

    Args:
        lift: A transform such as `flax.linen.remat`.
    """

    @functools.wraps(lift)
    def lifted(target: Any, *args: Any, **kwargs: Any) -> Any:
        if not (isinstance(target, type) and issubclass(target, nn.Module)):
            return lift(target, *args, **kwargs)
        make = _jit if lift.__name__ == "jit" else lift
        if make is _jit and (is_watched() or set(interceptors()) - {intercept_rates}):
            return make(target, *args, **kwargs)
        try:
            key = (lift.__name__, static_key(freeze((args, kwargs), data=False)))
        except TypeError:
            return make(target, *args, **kwargs)
        with adoption:
            known = _lifted.setdefault(target, {})
            if key not in known:
                known[key] = make(target, *args, **kwargs)
        return known[key]

    return lifted


def _jit(target: type, *args: Any, **kwargs: Any) -> type:
    """`nn.jit` with all fields as structure: Flax takes a module that it compiles as a key, no argument."""
    cls: type = nn.jit(target, *args, **kwargs)
    schema = getattr(cls, ATTRIBUTE, None)
    if schema is not None:
        schema.marks.update(dict.fromkeys(schema.names, True))
    return cls
