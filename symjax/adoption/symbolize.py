"""`symbolize`: adopts classes and functions that were written without this library."""

from __future__ import annotations

import enum
import functools
import sys
import typing
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

import flax.linen

from symjax.adoption.classes import symbolize_class
from symjax.adoption.functions import symbolize_function
from symjax.adoption.linen_modules import Module, symbolize_linen
from symjax.core.errors import brief
from symjax.core.node import Node
from symjax.core.object import Object
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Options
from symjax.core.symbols import add_symbol, remember, symbolized

T = TypeVar("T")


@overload
def symbolize(
    x: T,
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
) -> T: ...
@overload
def symbolize(
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
) -> Callable[[T], T]: ...
def symbolize(
    x: Any = None,
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
) -> Any:
    """The symbolic version of a class or function; as a decorator or by a call, also on foreign code.

    - A Flax Linen module class gives a module class of the same name, constructor and parameters.
    - A Flax NNX module class gives a class of nodes of its constructor's arguments, of which
      `symjax.build` makes the module; called with ``rngs`` it builds at once.
    - Any other class gives a subclass that remembers its constructor's arguments. They are the object, to
      this library: what methods change afterwards is not seen.
    - A function gives a class of functors: arguments are bound by name, ``node()`` calls it, and
      missing ones may come at call time.
    - A factory, a function whose result is what counts (an initializer, a schedule, an optimizer), gives
      a class of nodes that stand for the result: ``node(*a)`` is ``factory(**arguments)(*a)``.

    Args:
        x: The class or function. A symbolic one is returned as it is; `aliases` become known.
        static: Names of arguments that are structure although they are floats: those that Python
            control flow depends on.
        name: The name under which nodes are saved; by default module and qualified name.
        aliases: Names under which older files have saved it.
        factory: Whether a function is a factory; by default its return annotation tells. What makes an
            optimizer must be annotated, as in ``-> optax.GradientTransformation``.

    Raises:
        TypeError: `x` cannot be symbolic; the message says why.
        ValueError: Another symbol has the name already, or `static` names an unknown argument.

    Example:
        >>> @symbolize
        ... class Schedule:
        ...     def __init__(self, rate, steps=10):
        ...         self.table = [rate / (i + 1) for i in range(steps)]
        >>> Schedule(0.1, steps=2).rebind(rate=0.5).table
        [0.5, 0.25]
    """
    if x is None:
        return lambda target: symbolize(target, static=static, name=name, aliases=aliases, factory=factory)
    if getattr(x, ATTRIBUTE, None) is not None and ATTRIBUTE in vars(x):
        if aliases:
            add_symbol(x, aliases)
        return x
    options = Options(tuple(static), name, tuple(aliases), factory)
    return adopt_with(x, options)


def adopt_with(x: Any, options: Options) -> Any:
    """The symbolic version of `x`; the same one for the same options."""
    symbolic = symbolized(x, options)
    if symbolic is None:
        symbolic = _adopt(x, options)
        getattr(symbolic, ATTRIBUTE).options = options
        remember(x, options, symbolic)
    return symbolic


provided.adopt = adopt_with


def _adopt(x: Any, options: Options) -> Any:
    if isinstance(x, type) and (
        issubclass(x, enum.Enum) or x in (Object, Node, typing.Protocol, typing.Generic)
    ):
        raise TypeError(f"cannot symbolize {x.__name__}: its members are no sets of arguments")
    if x is flax.linen.Module:
        return Module
    if isinstance(x, type) and issubclass(x, flax.linen.Module):
        return symbolize_linen(x, options)
    nnx = sys.modules.get("flax.nnx")  # imported wherever there is one of its classes
    if nnx is not None and isinstance(x, type) and issubclass(x, nnx.Module):
        from symjax.adoption.nnx_nodes import symbolize_nnx  # slow: it imports NNX, which few need

        return symbolize_nnx(x, options)
    if isinstance(x, type):
        return symbolize_class(x, options)
    if callable(x) and (isinstance(x, functools.partial) or hasattr(x, "__name__")):
        return symbolize_function(x, options)
    raise TypeError(
        f"cannot symbolize {brief(x)} of type {type(x).__name__}: give a class or a function "
        "(a value is symbolic by itself, or an argument of something symbolic)"
    )
