"""Functions as symbolic nodes: functors, and factories that stand for their result."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, ClassVar

import optax

from symjax.adoption.signatures import call_arguments, fields_of
from symjax.core.errors import at
from symjax.core.marks import MISSING, MissingError
from symjax.core.schema import (
    ALIASES,
    ATTRIBUTE,
    BUILDS,
    FIELDS,
    FLAT,
    ORIGINAL,
    SAVED_NAME,
    SCHEMA_CLASS,
    Flat,
    Options,
    Schema,
    holds_placeholder,
    is_choice,
    is_symbolic,
)
from symjax.core.tracebacks import hide_frames, hiding_frames
from symjax.names.lookup import place
from symjax.nodes.object import Object
from symjax.nodes.placeholders import undecided
from symjax.types.hint_reading import resolve
from symjax.verbs.refs import resolved_fields
from symjax.verbs.walk import walk


class FunctionSchema(Schema):
    """Functors and factories: arguments may be missing until the call."""

    kind: ClassVar[str] = "function"
    open: ClassVar[bool] = True


class Functor(Object):
    """A function with some of its arguments; calling it gives the rest."""

    __symjax_function__: ClassVar[Any] = None

    @hiding_frames
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the function: `args` fill the missing arguments in order, `kwargs` override by name.

        Raises:
            MissingError: Arguments are missing still.
        """
        schema: Schema = getattr(type(self), ATTRIBUTE)
        values = {**schema.read(self), **_fill_holes(self, schema, args), **kwargs}
        others = schema.field_of_kind(inspect.Parameter.VAR_KEYWORD)
        extra = {key: values.pop(key) for key in kwargs if key not in schema.fields}
        if extra and others is None:
            raise TypeError(schema.unknown_field(next(iter(extra))))
        if extra and others is not None:
            values[others] = {**values.get(others, {}), **extra}
        return call(type(self), values)


class Loss(Functor):
    """A function of arrays: a node while a required argument is missing, called at once when none is.

    A call fills, by position, all arguments that still have their default.
    """

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - see the class
        schema: Schema = getattr(cls, ATTRIBUTE)
        if schema.holes(schema.bind(args, kwargs)):
            return super().__new__(cls)
        return cls.__symjax_function__(*args, **kwargs)


class Maker(Object):
    """A factory with its arguments: stands for what it makes."""

    __symjax_function__: ClassVar[Any] = None

    def make(self) -> Any:
        """What the factory makes of the arguments.

        Raises:
            MissingError: Arguments of the factory are missing.
        """
        return call(type(self), getattr(type(self), ATTRIBUTE).read(self))


class Factory(Maker):
    """A factory of functions; the node is called like the function that it stands for."""

    @hiding_frames
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls what the factory makes.

        Raises:
            MissingError: Arguments of the factory are missing.
        """
        return self.make()(*args, **kwargs)


class _Transformation:
    """The two functions of an optimizer node, which make the optimizer when they are called."""

    __slots__ = ("cls", "values")

    def __init__(self, cls: type, values: dict[str, Any]) -> None:
        self.cls = cls
        self.values = values

    def init(self, params: Any) -> Any:
        """See `optax.GradientTransformation`."""
        return call(self.cls, self.values).init(params)

    def update(self, updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        """See `optax.GradientTransformationExtraArgs`."""
        transformation = call(self.cls, self.values)
        if extra and not isinstance(transformation, optax.GradientTransformationExtraArgs):
            extra = {}
        return transformation.update(updates, state, params, **extra)


class OptimizerSchema(FunctionSchema):
    """Optimizer nodes, which are the NamedTuples that Optax looks for."""

    kind: ClassVar[str] = "optimizer"

    def revive(self, values: dict[str, Any], flat: Flat | None = None) -> Any:
        """See `Schema.revive`."""
        lazy = _Transformation(self.cls, values)
        node: Any = tuple.__new__(self.cls, (lazy.init, lazy.update))
        if flat is not None:
            values[FLAT] = flat
        object.__setattr__(node, "__dict__", values)
        return node


class Optimizer(Maker):
    """A factory of a gradient transformation; the node itself is one.

    It is not callable, as no transformation is: Optax tells schedules and measures apart by that.
    """

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - see the class
        schema: Schema = getattr(cls, ATTRIBUTE)
        functions = args or tuple(kwargs.get(name) for name in ("init", "update"))
        owners: list[Any] = [getattr(function, "__self__", None) for function in functions]
        if len(args) + len(kwargs) == 2 and all(isinstance(owner, _Transformation) for owner in owners):
            return schema.revive(dict(owners[0].values))  # a NamedTuple put together again, as Flax does
        try:
            return schema.revive(schema.admit(schema.bind(args, kwargs), partial=True))
        except Exception as error:
            hide_frames(error)
            raise

    def _replace(self, **functions: Any) -> Any:
        """As of a NamedTuple: with other functions it is a plain transformation, and no node."""
        plain = optax.GradientTransformationExtraArgs(self.init, self.update)  # type: ignore[attr-defined]
        return plain._replace(**functions) if functions else self

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        """All is done in ``__new__``: a tuple's items are given at its creation."""


def symbolize_function(
    function: Callable[..., Any],
    options: Options,
    schema: type[Schema] = FunctionSchema,
    builds: type | None = None,
) -> type:
    """The functor or factory class of a function; see `symjax.symbolize`.

    Args:
        function: The function.
        options: Those of `symbolize`; its `factory` may be the class of the nodes.
        schema: The class of the schema.
        builds: For what type the nodes stand, if they stand for another than their own.
    """
    static, name, aliases, factory, _ = options
    kind = factory if isinstance(factory, type) else node_kind(function, factory)
    bases: tuple[type, ...] = (kind,)
    if kind is Optimizer:
        # Optax asks by type whether to hand on extra arguments, and annotations say too little of it.
        bases, schema = (Optimizer, optax.GradientTransformationExtraArgs), OptimizerSchema
    namespace = {
        **place(underlying(function), name),
        "__doc__": function.__doc__,
        "__symjax_function__": staticmethod(function),
        FIELDS: fields_of(function, static),
        SCHEMA_CLASS: schema,
        BUILDS: builds,
        SAVED_NAME: name,
        ORIGINAL: function,
        ALIASES: aliases,
        "__wrapped__": staticmethod(function),
    }
    own_name = (name or underlying(function).__name__).rpartition(".")[2]
    return types.new_class(own_name, bases, exec_body=lambda ns: ns.update(namespace))


def node_kind(function: Callable[..., Any], factory: bool | None = None) -> type[Object]:
    """What a function's nodes are, as its return annotation tells: `Optimizer`, `Factory` or `Functor`.

    Args:
        function: The function.
        factory: Whether it is a factory, where that is known.
    """
    returned_type = _returned_type(function)
    if factory is not False and _is_transformation(returned_type):
        return Optimizer
    if factory is None:
        factory = _is_callable_hint(returned_type)
    return Factory if factory else Functor


def is_function_class(cls: type) -> bool:
    """Whether a class is one of functors or factories."""
    return isinstance(getattr(cls, ATTRIBUTE, None), FunctionSchema)


def built_type(function: Callable[..., Any], base: type) -> type | None:
    """The class of what a function builds, as its return annotation tells, if that is a `base`."""
    annotated = _returned_type(function)
    if not isinstance(annotated, type):
        return None
    built: type = vars(annotated).get(BUILDS) or annotated
    return built if issubclass(built, base) else None


def makes_callable(value: Any) -> bool:
    """Whether `value` is a function whose return annotation says that it makes a function or optimizer."""
    return inspect.isfunction(underlying(value)) and node_kind(value) is not Functor


def underlying(function: Any) -> Any:
    """The function that is wrapped, or of which some arguments are given already (`optax.nadam`)."""
    while isinstance(function, functools.partial) or hasattr(function, "__wrapped__"):
        function = function.func if isinstance(function, functools.partial) else function.__wrapped__
    return function


def call(cls: type, values: dict[str, Any]) -> Any:
    """Calls the function of a functor or factory class with arguments by name."""
    schema: Schema = getattr(cls, ATTRIBUTE)
    holes = schema.holes(values)
    if holes:
        raise MissingError(f"{cls.__name__} misses {', '.join(holes)} {at(holes[0])}")
    arguments = resolved_fields(schema, {name: values[name] for name in schema.names if name in values})
    if holds_placeholder(arguments.values()):
        _refuse_choices(cls, arguments)
    args, kwargs = call_arguments(schema, arguments)
    return cls.__symjax_function__(*args, **kwargs)  # type: ignore[attr-defined]


def _refuse_choices(cls: type, values: dict[str, Any]) -> None:
    """Refuses an open choice among arguments; one inside a node is that node's to refuse."""
    for path, value, parent in walk(values):
        if is_choice(value) and not is_symbolic(parent):
            raise TypeError(f"{cls.__name__}.{path} is an open choice: {undecided(value)} {at(path)}")


def _fill_holes(node: Any, schema: Schema, args: tuple[Any, ...]) -> dict[str, Any]:
    """Call-time positional arguments by the names of the missing ones; of a loss, the optional ones too."""
    values = schema.read(node)
    absent = schema.defaults if isinstance(node, Loss) else {}
    holes = [n for n in schema.positional if values.get(n, MISSING) is absent.get(n, MISSING)]
    filled = dict(zip(holes, args, strict=False))
    if len(args) > len(holes):
        rest = schema.field_of_kind(inspect.Parameter.VAR_POSITIONAL)
        if rest is None:
            raise TypeError(
                f"{schema.cls.__name__} has {len(holes)} arguments missing ({', '.join(holes)}), got "
                f"{len(args)} by position; override the others by name"
            )
        filled[rest] = (*values.get(rest, ()), *args[len(holes) :])
    return filled


def _returned_type(function: Callable[..., Any]) -> Any:
    """The resolved return annotation, or None."""
    try:
        annotation = inspect.signature(function).return_annotation
    except (ValueError, TypeError):
        return None
    if annotation is inspect.Signature.empty:
        return None
    resolved = resolve(annotation, underlying(function))
    return annotation if resolved is Any else resolved  # what it is made of need not be known


def _is_transformation(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, optax.GradientTransformation)


def _is_callable_hint(hint: Any) -> bool:
    """Whether a return annotation says that what is returned is called in turn."""
    origin = typing.get_origin(hint) or hint
    if origin is collections.abc.Callable:
        return True
    return isinstance(origin, type) and origin is not type and "__call__" in vars(origin)
