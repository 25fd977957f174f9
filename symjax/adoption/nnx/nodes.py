"""Flax NNX modules as symbolic nodes: their constructors' arguments, from which `build` makes the module."""

from __future__ import annotations

import inspect
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

from flax import nnx

from symjax.adoption.functions import built_type, underlying
from symjax.adoption.nnx.building import (
    RNGS,
    Building,
    Module,
    NnxSchema,
    as_flax_would,
    construct,
    is_constructing,
)
from symjax.adoption.nnx.errors import note_methods
from symjax.adoption.signatures import PRESETS, fields_of
from symjax.core.containers import Map, thaw
from symjax.core.inside import INSIDE
from symjax.core.marks import MissingError
from symjax.core.paths import ROOT, Path
from symjax.core.schema import (
    ALIASES,
    ATTRIBUTE,
    BUILDS,
    FIELDS,
    ORIGINAL,
    SAVED_NAME,
    SCHEMA_CLASS,
    Options,
    Schema,
    schema_of,
)
from symjax.names.lookup import place
from symjax.nodes.object import Object

_FUNCTION = "__symjax_function__"  # of the classes of functions: the function
_NOT_BUILT = "is not built yet: sj.build(node, rngs=…) makes the NNX module of it"


def _original(cls: type) -> Any:
    """The module class whose place a class takes; that of a function's nodes takes none's."""
    return None if _FUNCTION in cls.__dict__ else cls.__dict__.get(BUILDS)


class _BuilderMeta(type):
    """Lets the symbolic class of an NNX module stand where the module class stood."""

    def __new__(meta, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        """A subclass of a symbolic class is a subclass of the NNX class, and Flax's own."""
        originals = tuple(_original(base) or base for base in bases)
        if originals == bases:
            return super().__new__(meta, name, bases, namespace, **kwargs)
        if not any(isinstance(base, type(Module)) for base in originals):
            originals = (*originals, Module)
        return types.new_class(name, originals, kwargs, lambda body: body.update(namespace))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A node; or the module, when `rngs` or an argument that is built already says so."""
        schema: NnxSchema | None = cls.__dict__.get(ATTRIBUTE)
        at_once = kwargs.get(RNGS) is not None or _holds_built((*args, *kwargs.values()))
        if schema is None or schema.constructor is None or not at_once:
            kwargs.pop(RNGS, None)
            node = super().__call__(*args, **kwargs)
            return as_flax_would(node) if is_constructing() else node
        building = Building(_rngs_among(args, kwargs))
        kwargs = {**thaw(getattr(cls, PRESETS, {})), **kwargs}
        if _original(cls) is None and not schema.takes_rngs:
            kwargs.pop(RNGS, None)  # of a function of nodes: the nodes take it
        by_name = {name: building.make(value, Path((name,))) for name, value in kwargs.items()}
        places = _places(schema, args)
        inside = by_name.pop(INSIDE, ()) if schema.patchable else ()
        by_position = list(map(building.make, args, places))
        fields = building.built()
        module = construct(schema.constructor, *by_position, **by_name)
        if not isinstance(module, nnx.Pytree):
            module = building.make(module)
        return building.patched(module, None, inside, fields) if inside else module

    def __instancecheck__(cls, instance: object) -> bool:
        original = _original(cls)
        return super().__instancecheck__(instance) or (
            original is not None and isinstance(instance, original)
        )

    def __subclasscheck__(cls, subclass: type) -> bool:
        return super().__subclasscheck__(subclass) or (
            _original(cls) is not None and issubclass(_original(subclass) or subclass, _original(cls))
        )

    def __getattr__(cls, name: str) -> Any:
        """Class methods and constants of the module class."""
        original = None if name.startswith("__") else _original(cls)
        if original is None:
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return getattr(original, name)


class Builder(Object, metaclass=_BuilderMeta):
    """The arguments of an NNX module, which `build` makes of them."""

    __symjax_builds__: ClassVar[Any] = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: there are no parameters yet.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"this {type(self).__name__} {_NOT_BUILT}")

    if not typing.TYPE_CHECKING:  # or no misspelt attribute would be found

        def __getattr__(self, name: str) -> Any:
            error = getattr(type(self), ATTRIBUTE).absent_attribute(self, name)
            if not name.startswith("__") and not isinstance(error, MissingError):
                error.add_note(f"The node {_NOT_BUILT}")
            raise error


def symbolize_nnx(cls: type, options: Options) -> type:
    """The symbolic version of an NNX module class; see `symjax.symbolize`."""
    static, name, aliases = options.static, options.name, options.aliases
    for base in cls.__mro__:
        if issubclass(base, nnx.Pytree) and base.__module__.partition(".")[0] not in ("flax", "symjax"):
            note_methods(base)  # in place: modules are of the class that was given, whoever makes them
    init = inspect.getattr_static(cls, "__init__")  # the class's own signature is its metaclass's
    namespace: dict[str, Any] = {
        **place(cls, name),
        "__doc__": cls.__doc__,
        FIELDS: fields_of(init, static, skip=1),
        SAVED_NAME: name,
        ORIGINAL: cls,
        SCHEMA_CLASS: NnxSchema,
        BUILDS: cls,
        ALIASES: aliases,
    }
    if getattr(cls, "__parameters__", ()):  # generic: its nodes are, too
        namespace["__class_getitem__"] = classmethod(types.GenericAlias)
    builder: type = _BuilderMeta(cls.__name__, (Builder,), namespace)
    return builder


def symbolize_nnx_function(function: Callable[..., Any], options: Options) -> type:
    """The class of a function that builds NNX modules, of whose nodes `build` makes them."""
    namespace: dict[str, Any] = {
        **place(underlying(function), options.name),
        "__doc__": function.__doc__,
        FIELDS: fields_of(function, options.static),
        _FUNCTION: staticmethod(function),
        SAVED_NAME: options.name,
        ORIGINAL: function,
        SCHEMA_CLASS: NnxSchema,
        BUILDS: built_type(function, nnx.Pytree),
        ALIASES: options.aliases,
        "__wrapped__": staticmethod(function),
    }
    builder: type = _BuilderMeta(underlying(function).__name__, (Builder,), namespace)
    return builder


def _places(schema: Schema, args: tuple[Any, ...]) -> Iterator[Path]:
    """Where arguments that are given by position stand; an `nnx.Rngs` has no place in a node."""
    rest = schema.field_of_kind(inspect.Parameter.VAR_POSITIONAL)
    collected = (Path((rest, index)) for index in itertools.count())
    places = itertools.chain((Path((name,)) for name in schema.positional), collected)
    for arg in args:
        yield ROOT if isinstance(arg, nnx.Rngs) else next(places)


def _rngs_among(args: tuple[Any, ...], kwargs: dict[str, Any]) -> nnx.Rngs | None:
    return next((v for v in (kwargs.get(RNGS), *args) if isinstance(v, nnx.Rngs)), None)


def _holds_built(values: Iterable[Any]) -> bool:
    """Whether a built module or an `nnx.Rngs` is among these values, or in a container among them."""
    for value in values:
        if isinstance(value, nnx.Module | nnx.Rngs):
            return True
        if isinstance(value, list | tuple) and schema_of(value) is None and _holds_built(value):
            return True
        if isinstance(value, dict | Map) and _holds_built(value.values()):
            return True
    return False
