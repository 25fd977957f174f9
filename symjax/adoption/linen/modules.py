"""Flax Linen modules as symbolic nodes that stay Linen modules."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

import flax.linen as nn

from symjax.adoption.flax_private import (
    InterceptedModule,
    UnboundModules,
    is_sealed,
    parent_of_new,
    seal,
)
from symjax.adoption.linen.bound import TWIN_OF, symbolic_class
from symjax.adoption.linen.constructors import explaining_init
from symjax.adoption.linen.errors import note_layer
from symjax.adoption.linen.rates import taking_rates
from symjax.adoption.signatures import keep_generic, refuse_unknown
from symjax.adoption.ties import bind_ties, record_ties, untie
from symjax.core.containers import Map, freeze
from symjax.core.errors import locate
from symjax.core.fields import Field, FieldMark
from symjax.core.inside import INSIDE
from symjax.core.locks import adoption
from symjax.core.marks import MISSING
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import (
    ATTRIBUTE,
    ORIGINAL,
    SAVED_NAME,
    STATIC,
    Options,
    Schema,
    holds_choice,
    is_undecided,
)
from symjax.names.lookup import place
from symjax.names.symbols import add_symbol
from symjax.nodes.node import Node
from symjax.nodes.pytrees import register
from symjax.types.adopters import Memo, adopted
from symjax.types.hint_reading import resolve
from symjax.verbs.refs import unresolved

_TWIN = "__symjax_bound__"  # of a symbolic class: that of its bound modules
_HOOKS = ("__check__", "on_rebind")  # called by this library, and no methods to Flax


class LinenSchema(UnboundModules):
    """Symbolic Linen modules: the arguments are the dataclass fields, beside Flax's own state."""

    kind: ClassVar[str] = "linen"
    converts: ClassVar[bool] = False  # its own code sees what it was given
    ties: ClassVar[bool] = True

    def __init__(
        self, cls: type, fields: tuple[Field, ...], name: str | None, original: Callable[..., Any] | None
    ) -> None:
        super().__init__(cls, fields, name, original)
        self.hidden = frozenset({"name"})
        self.registered = False
        self.adopted_defaults: dict[str, Any] = {}  # the foreign values that Flax's constructor puts in
        hooks = {base for base in cls.__mro__ if "__post_init__" in base.__dict__}
        hooks -= {SymbolicModule, nn.Module}
        self.has_post_init = bool(hooks)
        self.computes = bool(hooks - {nn.Sequential})  # Flax's own checks there what the hint says

    def construct(self, values: dict[str, Any], path: Path = ROOT) -> Any:
        """See `Schema.construct`; a module's own ``__post_init__`` runs again."""
        if not self.computes or self.holes(values) or holds_choice(values.values()):
            return self.unpickle(values)
        try:
            return self.cls(**untie(values), parent=None)
        except Exception as error:
            if is_undecided(values):
                return self.unpickle(values)
            locate(error, path, f"while making {self.cls.__name__}")
            raise

    def unpickle(self, values: dict[str, Any]) -> Any:
        """See `Schema.unpickle`."""
        self.register()
        return self.revive(values)

    def tied(self, values: dict[str, Any]) -> dict[str, Any]:
        """See `Schema.tied`."""
        return record_ties(values)

    def register(self) -> None:
        """Registers the class with JAX at its first unbound module.

        Lifted transforms make classes as they run, whose modules are always bound: those never are.
        """
        if not self.registered:
            with adoption:
                if not self.registered:
                    register(self.cls)
                    self.registered = True


class _SymbolicMeta(abc.ABCMeta):
    """Instances of Flax's class count as those of its symbolic version, and those of its subclasses too.

    So ``isinstance(nn.LSTMCell(3), nn.RNNCellBase)`` holds in the symbolic view as it does in Flax.
    """

    def __new__(meta, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        """A class made by a call, as lifted transforms do, is of the module that made it, not of `abc`."""
        scope = sys._getframe(1).f_globals
        if "__name__" not in scope:
            raise TypeError(
                f"the Linen class {name} belongs to no module, which Flax asks for: its code was run with "
                "globals that have no '__name__'; give them one, as in exec(code, {'__name__': 'my_models'})"
            )
        namespace.setdefault("__module__", scope["__name__"])
        return super().__new__(meta, name, bases, namespace, **kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        original = cls.__dict__.get(ORIGINAL)
        return type.__instancecheck__(cls if original is None else original, instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        original = cls.__dict__.get(ORIGINAL)
        return type.__subclasscheck__(cls if original is None else original, subclass)


class SymbolicModule(Node, InterceptedModule, metaclass=_SymbolicMeta):
    """What a symbolic Linen module has beside Flax's methods."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        for name, mark in list(cls.__dict__.items()):
            if isinstance(mark, FieldMark):
                setattr(cls, name, _dataclass_field(mark))
            elif name in _HOOKS:
                setattr(cls, name, nn.nowrap(mark))
        super().__init_subclass__(**kwargs)
        if TWIN_OF not in cls.__dict__ and issubclass(cls, nn.Module):
            _make_symbolic(cls)

    def __post_init__(self) -> None:
        """Seals an unbound module; lets a bound one be Flax's alone.

        A module that is bound to a scope is Flax's way to run, not a symbol: it becomes an instance of an
        unregistered twin class of the same name. So does an unbound one that holds bound modules, as a
        lifted transform makes them.
        """
        parent = parent_of_new(self)
        cls = type(self)
        home = cls.__dict__.get(TWIN_OF) or cls
        schema: LinenSchema = getattr(home, ATTRIBUTE)
        running = parent is not None or _holds_bound(schema.read(self).values())
        target = _bound_twin(home) if running else home
        if target is not cls:
            object.__setattr__(self, "__class__", target)
        if parent is not None:
            bind_ties(self, schema)
        super().__post_init__()  # type: ignore[misc]
        if not running:
            _seal(self)

    def __getattr__(self, name: str) -> Any:
        schema = type(self).__dict__.get(ATTRIBUTE)
        if schema is not None and name in schema.fields:
            raise schema.absent_attribute(self, name)
        return super().__getattr__(name)  # type: ignore[misc]

    def _sj_run(
        self,
        run: Callable[..., Any],
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        try:
            with taking_rates():
                if INSIDE in self.__dict__ and _is_patched(self):
                    return provided.run_inside(self, run, method, args, kwargs)
                return run(method, args, kwargs)
        except Exception as error:
            if self.scope is not None:
                note_layer(error, self, method.__name__, args)  # type: ignore[arg-type]
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        schema = type(self).__dict__.get(ATTRIBUTE)
        if schema is not None and is_sealed(self) and not name.startswith("__"):
            raise AttributeError(schema.frozen_message(name))
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        schema = type(self).__dict__.get(ATTRIBUTE)
        if schema is not None and is_sealed(self):
            raise AttributeError(schema.frozen_message(name))
        super().__delattr__(name)

    if not typing.TYPE_CHECKING:  # Flax's own signature holds

        def clone(self, **options: Any) -> Self:
            """See `flax.linen.Module.clone`; ties stay references until the clone is bound.

            With other arguments a shared module stays where it is not replaced, as in Flax.
            """
            schema: Schema = getattr(symbolic_class(self), ATTRIBUTE)  # type: ignore[arg-type]
            changed = options.keys() & schema.fields.keys() - {"name"}
            inside = options.pop(INSIDE, None) if schema.patchable else None  # type: ignore[attr-defined]
            with contextlib.nullcontext() if changed else unresolved(self):
                clone = super().clone(**options)
            if inside is None:
                inside = vars(self).get(INSIDE, ())
            if inside and schema.patchable:
                vars(clone)[INSIDE] = inside
            return clone


def _is_patched(module: Any) -> bool:
    """Whether a module that has an attribute `inside` runs with patches: it may be one of its class's own."""
    patched = isinstance(vars(module)[INSIDE], tuple) and module.scope is not None
    return patched and getattr(symbolic_class(module), ATTRIBUTE).patchable


def symbolize_linen(
    cls: type, options: Options, presets: Mapping[str, Any] = types.MappingProxyType({})
) -> type:
    """The symbolic version of a Linen module class; see `symjax.symbolize`.

    Args:
        cls: The class; of a symbolic one, a subclass with these options.
        options: Those of `symbolize`.
        presets: Other defaults of its fields, which are given by keyword then.
    """
    refuse_unknown(options.static, [f.name for f in _constructor_fields(cls)], cls.__name__)
    hooks = {hook: nn.nowrap(inspect.unwrap(getattr(cls, hook))) for hook in _HOOKS if hasattr(cls, hook)}
    again = Module in cls.__mro__  # `issubclass` counts Flax's own
    namespace = {
        **hooks,
        **place(cls, options.name),
        "__doc__": cls.__doc__,
        STATIC: frozenset(options.static) | getattr(cls, STATIC, frozenset()),
        SAVED_NAME: options.name,
        **(_preset_fields(cls, presets) if presets else {}),
        **({} if again else {ORIGINAL: cls}),
    }
    bases = (cls,) if again else (Module, cls)
    symbolic: type = types.new_class(cls.__name__, bases, exec_body=lambda body: body.update(namespace))
    if again:
        getattr(symbolic, ATTRIBUTE).original = cls
    keep_generic(symbolic, cls)
    add_symbol(symbolic, options.aliases)
    return symbolic


def _preset_fields(cls: type, presets: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a subclass with other defaults, as a class body has them."""
    fields = getattr(cls, ATTRIBUTE).fields
    body: dict[str, Any] = {
        name: _dataclass_field(FieldMark(value, None, fields[name].static, fields[name].doc, True, True))
        for name, value in presets.items()
    }
    hints = {name: resolve(fields[name].hint, fields[name].owner) for name in presets}
    return {**body, "__annotations__": hints}


def _make_symbolic(cls: type) -> None:
    """Gives a Linen class its schema and symbolic equality, which Flax regenerates in each subclass."""
    fields = tuple(_linen_field(cls, f) for f in _constructor_fields(cls))
    name = cls.__dict__.get(SAVED_NAME)
    original = cls.__dict__.get(ORIGINAL)
    schema = LinenSchema(cls, fields, name, original)
    foreign = {f.name: f.default for f in _constructor_fields(cls)}
    schema.adopted_defaults = {n: foreign[n] for n, new in schema.defaults.items() if new is not foreign[n]}
    setattr(cls, ATTRIBUTE, schema)
    cls.__init__ = explaining_init(cls.__init__, schema, schema.has_post_init)  # type: ignore[misc]
    cls.__eq__ = Node.__eq__  # type: ignore[method-assign, assignment]
    cls.__hash__ = Node.__hash__  # type: ignore[method-assign, assignment]
    if original is None or original.__repr__ is nn.Module.__repr__:
        cls.__repr__ = Node.__repr__  # type: ignore[method-assign, assignment]
    if original is None and not cls.__module__.startswith("flax."):  # no lifted class
        add_symbol(cls)


def _constructor_fields(cls: type) -> list[Any]:
    """Flax's fields in the constructor's order, ``name`` last, without ``parent``."""
    fields = [f for f in dataclasses.fields(cls) if f.init and f.name not in ("parent", "name")]
    return [*fields, *(f for f in dataclasses.fields(cls) if f.name == "name")]


def _dataclass_field(mark: FieldMark) -> Any:
    """What `symjax.field` says, in the words of the dataclasses that Flax's modules are."""
    options: dict[str, Any] = {"kw_only": True} if mark.kw_only else {}
    if mark.default is not MISSING:
        options["default"] = mark.default
    if mark.factory is not None:
        options["default_factory"] = mark.factory
    metadata = {"doc": mark.doc} if mark.static is None else {"doc": mark.doc, "static": mark.static}
    return dataclasses.field(repr=mark.repr, metadata=metadata, **options)


def _linen_field(cls: type, f: dataclasses.Field[Any]) -> Field:
    kind = inspect.Parameter
    return Field(
        name=f.name,
        hint=str | None if f.name == "name" else f.type,
        owner=next((b for b in cls.__mro__ if f.name in inspect.get_annotations(b)), cls),
        default=MISSING if f.default is dataclasses.MISSING else adopted(freeze(f.default), Memo()),
        factory=None if f.default_factory is dataclasses.MISSING else f.default_factory,
        static=True if f.name in getattr(cls, STATIC, ()) else f.metadata.get("static"),
        doc=f.metadata.get("doc", ""),
        kind=kind.KEYWORD_ONLY if f.kw_only or f.name == "name" else kind.POSITIONAL_OR_KEYWORD,
        repr=f.repr,
    )


def _holds_bound(values: Iterable[Any]) -> bool:
    """Whether a module that is bound to a scope is among these values, or in a container among them."""
    for value in values:
        if isinstance(value, nn.Module):
            if value.scope is not None:
                return True
        elif isinstance(value, tuple | list):
            if _holds_bound(value):
                return True
        elif isinstance(value, dict | Map) and _holds_bound(value.values()):
            return True
    return False


def _seal(module: Any) -> None:
    """Checks the fields of an unbound module and refuses assignments from now on."""
    schema: LinenSchema = getattr(type(module), ATTRIBUTE)
    attributes = schema.read(module)
    defaults = schema.defaults
    for name, foreign in schema.adopted_defaults.items():
        if attributes[name] is foreign:
            attributes[name] = defaults[name]
    arguments = {n: attributes[n] for n in schema.names if attributes[n] is not defaults.get(n, MISSING)}
    if INSIDE in attributes and schema.patchable:
        arguments[INSIDE] = attributes.pop(INSIDE)
    if arguments:
        attributes.update(schema.admit(arguments))
    schema.register()
    seal(module)
    if schema.checks:
        schema.check(module)


def _bound_twin(cls: type) -> type:
    """The class of the bound modules of `cls`: Flax's behaviour, the same name, unknown to JAX."""
    twin = cls.__dict__.get(_TWIN)
    if twin is None:
        with adoption:
            twin = cls.__dict__.get(_TWIN) or _make_bound_twin(cls)
    return twin


def _make_bound_twin(cls: type) -> type:
    namespace = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        TWIN_OF: cls,
        ATTRIBUTE: None,
        "__repr__": _flax_repr if vars(cls).get("__repr__") is Node.__repr__ else cls.__repr__,
    }
    twin = type(cls)(cls.__name__, (cls,), namespace)
    setattr(cls, _TWIN, twin)
    return twin


_flax_repr = nn.Module.__repr__


class Module(SymbolicModule, nn.Module):
    """Flax's `Module`, whose subclasses are symbolic; every symbolized module class is one."""


setattr(Module, ORIGINAL, nn.Module)  # for `isinstance`: a plain Flax module is a module
