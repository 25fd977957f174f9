"""`Schema`: what the library knows about a symbolic class; its fields, and how its nodes are made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from symjax.core.containers import Map, freeze
from symjax.core.errors import unknown
from symjax.core.locks import adoption
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path

ATTRIBUTE = "__symjax_schema__"
PLACEHOLDER = "__symjax_placeholder__"
FLAT = "_sj_flat"  # a node's cached (children, layout), see registration.py
HASH = "_sj_hash"  # a node's cached hash, see equality.py
LINEAGE = "_sj_lineage"  # a node's provenance, see lineage.py

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_get_dict = object.__getattribute__


@dataclass(frozen=True, slots=True)
class Field:
    """One argument of a symbolic class.

    Attributes:
        name: The name of the argument.
        hint: The type hint as it was written; a string is resolved at the first validation.
        owner: The class or function in whose namespace a string hint is resolved.
        default: The default, frozen; `MISSING` when the argument is required.
        factory: Makes the default anew for each object, or None.
        static: True forces structure, False forces a leaf, None leaves it to the value.
        doc: What the field is for.
        kind: How it is passed, as in `inspect.Parameter.kind`.
        init: Whether the constructor takes it.
        repr: Whether text shows it.
    """

    name: str
    hint: Any = Any
    owner: Any = None
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    static: bool | None = None
    doc: str = ""
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    init: bool = True
    repr: bool = True

    @property
    def required(self) -> bool:
        """Whether a complete object needs this argument to be given."""
        return self.default is MISSING and self.factory is None and self.kind in _GIVEN


_GIVEN = (*_POSITIONAL, inspect.Parameter.KEYWORD_ONLY)


class Options(NamedTuple):
    """What `symjax.symbolize` was told, in the order in which source code says it.

    Attributes:
        static: Names of arguments that are structure although they are floats.
        name: The name under which nodes are saved, where it is no module and qualified name.
        aliases: Names under which older files have saved it.
        factory: Whether a function is a factory, where that was said; or the class of its nodes.
        mutable: Whether methods of a plain class may assign to attributes.
    """

    static: tuple[str, ...] = ()
    name: str | None = None
    aliases: tuple[str, ...] = ()
    factory: bool | type | None = None
    mutable: bool = False


class Schema:
    """The fields of a symbolic class, and the few operations in which the kinds of nodes differ.

    This class serves `symjax.Object`, whose arguments are its attributes. Subclasses in
    `symbolic_linen.py`, `symbolic_class.py` and `symbolic_function.py` serve adopted code.

    Args:
        cls: The symbolic class.
        fields: Its fields, in order.
        name: The name under which nodes are saved; by default module and qualified name.
        original: The class or function that was adopted, if any.
    """

    kind: ClassVar[str] = "object"
    open: ClassVar[bool] = False  # whether the constructor lets required arguments be missing
    converts: ClassVar[bool] = True  # whether an int becomes a float where the hint says float

    def __init__(
        self,
        cls: type,
        fields: tuple[Field, ...],
        name: str | None = None,
        original: Any = None,
    ) -> None:
        self.cls = cls
        self.name = name or f"{cls.__module__}.{cls.__qualname__}"
        self.original = original
        self.options = Options()
        self.fields: dict[str, Field] = {field.name: field for field in fields}
        self.names: tuple[str, ...] = tuple(self.fields)
        self.defaults: dict[str, Any] = {f.name: f.default for f in fields if f.default is not MISSING}
        self.factories = {f.name: f.factory for f in fields if f.factory is not None}
        self.marks: dict[str, bool] = {f.name: f.static for f in fields if f.static is not None}
        self.forced_leaves = frozenset(name for name, mark in self.marks.items() if not mark)
        self.positional = tuple(f.name for f in fields if f.kind in _POSITIONAL and f.init)
        self.required = tuple(f.name for f in fields if f.required)
        self.simple = all(f.kind in _GIVEN[1:] for f in fields)
        self.hidden: frozenset[str] = frozenset()  # fields that text shows only when they are given
        self.checks = hasattr(cls, "__check__")
        self.reacts = hasattr(cls, "on_rebind")
        self._validator: Any = None
        self.first_use: Callable[[], None] = _nothing  # registers the class with JAX, see `register_later`

    # How a node keeps its arguments.

    def read(self, node: Any) -> dict[str, Any]:
        """The dict that holds the node's arguments, and possibly more. Not to be changed."""
        return _get_dict(node, "__dict__")  # type: ignore[no-any-return]

    def arguments(self, node: Any) -> dict[str, Any]:
        """A new dict of the node's arguments, without those that are not given."""
        held = self.read(node).copy()
        held.pop(FLAT, None)
        held.pop(LINEAGE, None)
        held.pop(HASH, None)
        return held

    def revive(self, values: dict[str, Any], flat: Any = None) -> Any:
        """A node with these arguments (all of them, checked already). Runs no user code.

        Args:
            values: Owned by the node afterwards.
            flat: The node's cache entry `FLAT`, where it is known.
        """
        if flat is not None:
            values[FLAT] = flat
        node: Any = object.__new__(self.cls)
        object.__setattr__(node, "__dict__", values)
        return node

    def construct(self, values: dict[str, Any], path: Path = ROOT) -> Any:
        """A node with these arguments, as a user's constructor call would make it."""
        return self.revive(values)

    def unpickle(self, values: dict[str, Any]) -> Any:
        """A node with these arguments, as it comes out of a pickle."""
        self.validator()
        return self.revive(values)

    def caches(self, node: Any) -> dict[str, Any]:
        """The dict in which the node's `FLAT` and `LINEAGE` are kept."""
        return _get_dict(node, "__dict__")  # type: ignore[no-any-return]

    # What all kinds share.

    def values(self, node: Any) -> list[tuple[str, Any]]:
        """The node's arguments in order; `MISSING` where one is not given."""
        held = self.read(node)
        return [(name, held.get(name, MISSING)) for name in self.names]

    def validator(self) -> Any:
        """The validator of the fields, built before the class's first node, when JAX learns of the class."""
        if self._validator is None:
            with adoption:
                if self._validator is None:
                    from symjax.types.validation import Validator

                    validator = Validator(self)
                    self.first_use()
                    self.first_use = _nothing
                    self._validator = validator
        return self._validator

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name, as a call with `args` and `kwargs` gives them.

        Raises:
            TypeError: Too many positional arguments, or one given twice.
        """
        if self.simple:
            return self._bind_simple(args, kwargs)
        return self._bind_variadic(args, kwargs)

    def _bind_simple(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if len(args) > len(self.positional):
            raise TypeError(
                f"{self.cls.__name__} takes {len(self.positional)} positional arguments "
                f"({', '.join(self.positional)}), got {len(args)}"
            )
        given = dict(zip(self.positional, args, strict=False))
        for name, value in kwargs.items():
            if name in given:
                raise TypeError(f"{self.cls.__name__} got two values for {name!r}")
            given[name] = value
        return given

    def _bind_variadic(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Binding with positional-only and variadic parameters, whose fields hold what they collect."""
        positional_only = {
            f.name for f in self.fields.values() if f.kind is inspect.Parameter.POSITIONAL_ONLY
        }
        rest = self.field_of_kind(inspect.Parameter.VAR_POSITIONAL)
        others = self.field_of_kind(inspect.Parameter.VAR_KEYWORD)
        given: dict[str, Any] = dict(zip(self.positional, args, strict=False))
        if len(args) > len(self.positional):
            if rest is None:
                return self._bind_simple(args, kwargs)  # raises, with the names
            given[rest] = tuple(args[len(self.positional) :])
        collected: dict[str, Any] = {}
        for name, value in kwargs.items():
            named = name in self.fields and name not in (rest, others)
            if named and name not in positional_only:
                if name in given:
                    raise TypeError(f"{self.cls.__name__} got two values for {name!r}")
                given[name] = value
            elif others is not None:
                collected[name] = value
            else:
                raise TypeError(self.unknown_field(name))
        if others is not None:
            given[others] = collected
        return given

    def field_of_kind(self, kind: Any) -> str | None:
        """The name of the field that collects arguments of this kind."""
        return next((f.name for f in self.fields.values() if f.kind is kind), None)

    def unknown_field(self, name: object) -> str:
        """The message for a name that is no field."""
        return f"{self.cls.__name__} has {unknown('field', name, self.names, 'its fields')}"

    def complete(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values` over the defaults."""
        held = self.defaults.copy()
        if self.factories:
            for name, factory in self.factories.items():
                if name not in values:
                    held[name] = made = freeze(factory())
                    if holds_placeholder((made,)):
                        from symjax.verbs.refs import guard_holder

                        guard_holder(self.cls, (made,))
        held.update(values)
        return held

    def holes(self, values: Mapping[str, Any]) -> list[str]:
        """The required arguments that are not given."""
        return [name for name in self.required if values.get(name, MISSING) is MISSING]

    def signature(self) -> inspect.Signature:
        """The constructor's signature, for editors and `inspect`."""
        empty = inspect.Parameter.empty
        variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        parameters = []
        for f in self.fields.values():
            default = empty if f.required or f.kind in variadic else f.default
            if f.factory is not None:
                default = f.factory
            parameters.append(inspect.Parameter(f.name, f.kind, default=default, annotation=f.hint))
        parameters.sort(key=lambda p: p.kind)
        try:
            return inspect.Signature(parameters)
        except ValueError:  # a required field after one with a default, given by keyword
            return inspect.Signature(
                [
                    p.replace(kind=inspect.Parameter.KEYWORD_ONLY) if p.kind in _POSITIONAL else p
                    for p in parameters
                ]
            )


def _nothing() -> None:
    """There is nothing to be done before the first node."""


def schema_of(value: Any) -> Schema | None:
    """The schema of a symbolic node's class, or None for anything else."""
    return getattr(type(value), ATTRIBUTE, None)


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a symbolic node: an `Object`, or made by a symbolized class or function.

    Example:
        >>> from symjax import linen as nn
        >>> is_symbolic(nn.Dense(3)), is_symbolic([nn.Dense(3)])
        (True, False)
    """
    return getattr(type(value), ATTRIBUTE, None) is not None


def is_placeholder(value: Any) -> bool:
    """Whether `value` stands for one that is not decided yet: a choice, a reference."""
    return getattr(type(value), PLACEHOLDER, False)


def holds(values: Iterable[Any], test: Callable[[Any], bool]) -> bool:
    """Whether one of these values, or one in a container among them, passes a test; nodes are not entered."""
    for value in values:
        if test(value):
            return True
        if isinstance(value, tuple) and schema_of(value) is None and holds(value, test):
            return True
        if type(value) is Map and holds(value.values(), test):
            return True
    return False


def holds_placeholder(values: Iterable[Any]) -> bool:
    """Whether a placeholder is among these values, or in a container among them."""
    return holds(values, is_placeholder)
