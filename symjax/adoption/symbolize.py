"""`symbolize`: adopts classes and functions that were written without this library."""

from __future__ import annotations

import enum
import functools
import sys
import typing
from collections.abc import Callable, Iterable
from types import ModuleType, NoneType
from typing import Any, TypeVar, overload

import flax.linen

from symjax.adoption.classes import is_mutable, symbolize_class
from symjax.adoption.functions import built_type, is_function_class, symbolize_function
from symjax.adoption.linen.functions import symbolize_linen_function
from symjax.adoption.linen.modules import Module, symbolize_linen
from symjax.adoption.open_records import is_open, symbolize_open
from symjax.adoption.presets import preset_key, symbolize_object, symbolize_preset
from symjax.adoption.signatures import refuse_unknown
from symjax.core.errors import brief
from symjax.core.locks import adoption
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Options, Schema
from symjax.names.lookup import public_name
from symjax.names.symbols import add_symbol, is_opaque, remember, symbolized
from symjax.nodes.node import Node
from symjax.nodes.object import Object

T = TypeVar("T")


@overload
def symbolize(
    x: T,
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
    mutable: bool = False,
) -> T: ...
@overload
def symbolize(
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
    mutable: bool = False,
) -> Callable[[T], T]: ...
def symbolize(
    x: Any = None,
    *,
    static: Iterable[str] = (),
    name: str | None = None,
    aliases: Iterable[str] = (),
    factory: bool | None = None,
    mutable: bool = False,
) -> Any:
    """The symbolic version of a class or function; as a decorator or by a call, also on foreign code.

    - A Flax Linen module class gives a module class of the same name, constructor and parameters.
    - A Flax NNX module class gives a class of nodes of its constructor's arguments, of which
      `symjax.build` makes the module; called with ``rngs`` it builds at once.
    - Any other class gives a subclass that remembers its constructor's arguments. They are the object, to
      this library: what methods change afterwards is not seen. So its objects refuse assignment after
      ``__init__``.
    - A function gives a class of functors: arguments are bound by name, ``node()`` calls it, and
      missing ones may come at call time.
    - A function that builds a Flax module, as its return annotation says (``-> nn.Module``), gives a class
      of nodes that stand for the module.
    - A factory, a function whose result is what counts (an initializer, a schedule, an optimizer), gives
      a class of nodes that stand for the result: ``node(*a)`` is ``factory(**arguments)(*a)``.
    - A `functools.partial` of a class gives a class with other defaults, a subclass of the symbolic one.

    Called again with the same arguments it returns the same class. A class that is defined anew, as by a
    notebook cell that is run again, takes the name of its older self; older nodes stay what they were, and
    are equal to none of the new class.

    Args:
        x: The class or function. A symbolic one is returned as it is, unless `static`, `name` or `mutable`
            ask for something else: then a new class is; `aliases` become known.
        static: Names of arguments that are structure although they are floats: those that Python
            control flow depends on.
        name: The name under which nodes are saved; by default module and qualified name.
        aliases: Names under which older files have saved it.
        factory: Whether a function is a factory; by default its return annotation tells. What makes an
            optimizer must be annotated, as in ``-> optax.GradientTransformation``. With False, one that
            builds a module is a functor.
        mutable: Let methods of a plain class assign to attributes, of code that caches on itself. What
            they assign stays with the one object: no copy, rebound or unflattened node has it.

    Raises:
        TypeError: `x` cannot be symbolic, or not in the way that is asked for; the message says why.
        ValueError: Another symbol has the name already, or `static` names an unknown argument.

    Example:
        >>> @symbolize
        ... class Schedule:
        ...     def __init__(self, rate, steps=10):
        ...         self.table = [rate / (i + 1) for i in range(steps)]
        >>> Schedule(0.1, steps=2).rebind(rate=0.5).table
        [0.5, 0.25]
    """
    options = _options(static, name, aliases, factory, mutable)
    if x is None:
        return lambda target: _wanted(target, options)
    return _wanted(x, options)


def _wanted(x: Any, options: Options) -> Any:
    """`adopt_with`, as its user asks for it."""
    if isinstance(x, type) and is_opaque(x):
        raise TypeError(f"{x.__name__} is both sj.opaque and to be symbolized; decide for one of them")
    symbolic = adopt_with(x, options)
    getattr(symbolic, ATTRIBUTE).wanted = True
    return symbolic


def _options(
    static: Iterable[str], name: str | None, aliases: Iterable[str], factory: bool | None, mutable: bool
) -> Options:
    for argument, names in (("static", static), ("aliases", aliases)):
        if isinstance(names, str):
            raise TypeError(f"{argument} takes a list of names: {argument}=[{names!r}]")
    return Options(tuple(sorted({*static})), name, tuple(aliases), factory, mutable)


def adopt_with(x: Any, options: tuple[Any, ...]) -> Any:
    """The symbolic version of `x`; the same one for the same options, whichever thread asks.

    Args:
        x: The class or function.
        options: Those of `symbolize`; see `Options`.
    """
    options = Options(*options)
    if _is_symbolic_class(x):
        return _again(x, options)
    if isinstance(x, functools.partial) and isinstance(x.func, type) and not is_function_class(x.func):
        return _adopt_once(adopt_with(x.func, Options()), options, x)
    return _adopt_once(x, options)


provided.adopt = adopt_with


def _again(cls: type, options: Options) -> Any:
    """A class that is symbolic already: itself, or another one where `options` ask for more than it is."""
    schema: Schema = getattr(cls, ATTRIBUTE)
    refuse_unknown(options.static, schema.names, cls.__name__)
    static = {name for name in options.static if schema.marks.get(name) is not True}
    if not static and options.name in (None, schema.name) and options.mutable <= is_mutable(cls):
        if options.aliases:
            add_symbol(cls, options.aliases)
        return cls
    if isinstance(schema.original, functools.partial | NoneType) or _is_symbolic_class(schema.original):
        if options.name in (None, schema.name) and public_name(cls) is not None:  # no decorator's argument
            raise ValueError(
                f"the symbol {schema.name!r} is {cls.__module__}.{cls.__qualname__} already, without these "
                "options; decorate the class itself, or give the new one a name, by sj.symbolize(…, name=…)"
            )
        return _adopt_once(cls, options)
    before = schema.options
    merged = before._replace(
        static=tuple(sorted({*before.static, *options.static})),
        name=options.name or before.name,
        mutable=options.mutable or before.mutable,
    )
    return adopt_with(schema.original, merged)


def _is_symbolic_class(x: object) -> bool:
    return isinstance(x, type) and vars(x).get(ATTRIBUTE) is not None


def _adopt_once(x: Any, options: Options, preset: functools.partial[Any] | None = None) -> Any:
    key: Any = options._replace(aliases=())
    if preset is not None:
        key = key, preset_key(x, preset)
    symbolic = symbolized(x, key)
    if symbolic is None:
        with adoption:
            symbolic = symbolized(x, key)
            if symbolic is None:
                symbolic = _adopt(x, options) if preset is None else symbolize_preset(x, options, preset)
                getattr(symbolic, ATTRIBUTE).options = options
                remember(x, key, symbolic)
    if options.aliases:
        add_symbol(symbolic, options.aliases)
    return symbolic


def _adopt(x: Any, options: Options) -> Any:
    if isinstance(x, type) and (
        issubclass(x, enum.Enum) or x in (Object, Node, typing.Protocol, typing.Generic)
    ):
        raise TypeError(f"cannot symbolize {x.__name__}: its members are no sets of arguments")
    nnx = sys.modules.get("flax.nnx")  # imported wherever there is one of its classes
    if options.mutable and not _is_plain(x, nnx):
        raise TypeError(
            f"mutable=True cannot be asked for {brief(x)}: only plain classes have methods that may change "
            "an object; this is immutable by its nature"
        )
    if not isinstance(x, type):
        adopted = _adopt_function(x, options, nnx)
    elif issubclass(x, flax.linen.Module):
        adopted = Module if x is flax.linen.Module else symbolize_linen(x, options)
    elif nnx is not None and issubclass(x, nnx.Pytree):
        from symjax.adoption.nnx.nodes import symbolize_nnx  # NNX is slow to import

        adopted = symbolize_nnx(x, options)
    elif is_open(x):
        adopted = symbolize_open(x, options)
    elif issubclass(x, Object):
        adopted = symbolize_object(x, options)
    else:
        adopted = symbolize_class(x, options)
    return adopted


def _is_plain(x: object, nnx: ModuleType | None) -> bool:
    others = (Object, flax.linen.Module, *(() if nnx is None else (nnx.Pytree,)))
    return isinstance(x, type) and not issubclass(x, others)


def _adopt_function(x: Any, options: Options, nnx: ModuleType | None) -> Any:
    if not (callable(x) and (isinstance(x, functools.partial) or hasattr(x, "__name__"))):
        raise TypeError(
            f"cannot symbolize {brief(x)} of type {type(x).__name__}: give a class or a function "
            "(a value is symbolic by itself, or an argument of something symbolic)"
        )
    if options.factory is None and built_type(x, flax.linen.Module) is not None:
        return symbolize_linen_function(x, options)
    if options.factory is None and nnx is not None and built_type(x, nnx.Pytree) is not None:
        from symjax.adoption.nnx.nodes import symbolize_nnx_function  # NNX is slow to import

        return symbolize_nnx_function(x, options)
    return symbolize_function(x, options)
