"""Plain classes as symbolic nodes: a subclass that remembers the arguments of its constructor."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from symjax.adoption.flax_private import registered_already
from symjax.adoption.initialization import READY, is_pending, is_running, run_once
from symjax.adoption.records import (
    RecordField,
    has_derived_fields,
    hides_its_fields,
    record_fields,
    refuse_imposed,
    schema_fields,
    without_imposed,
)
from symjax.adoption.records import computes as runs_code
from symjax.adoption.signatures import PRESETS, call_arguments, fields_of, keep_generic, preset
from symjax.core.errors import at, locate
from symjax.core.fields import Field
from symjax.core.locks import adoption
from symjax.core.marks import MissingError
from symjax.core.paths import ROOT, Path
from symjax.core.schema import (
    ATTRIBUTE,
    CACHE,
    FIELDS,
    FLAT,
    ORIGINAL,
    SAVED_NAME,
    SCHEMA_CLASS,
    STATIC,
    Flat,
    Options,
    Schema,
    holds_choice,
    holds_placeholder,
    is_choice,
    is_undecided,
)
from symjax.core.tracebacks import hide_frames
from symjax.names.lookup import place
from symjax.names.symbols import add_symbol
from symjax.nodes.declarations import computes
from symjax.nodes.node import Node
from symjax.nodes.placeholders import undecided
from symjax.nodes.state_dicts import register_later
from symjax.verbs.walk import walk

_ARGS = "_sj_args"
_MUTABLE = "__symjax_mutable__"
_HEAP_TYPE = 1 << 9  # CPython's flag of classes that were made by a statement, not in C
RECORD = "__symjax_record__"  # in a class: its fields as a record, where it does not declare them
CONSTRUCTOR = "__symjax_constructor__"  # in a class: what stands for the ``__init__`` of the original
_get = object.__getattribute__


class ClassSchema(Schema):
    """Symbolic versions of plain classes: the arguments lie beside what ``__init__`` makes of them.

    Attributes:
        record: The fields, where the class is a record; None for any other class.
        derives: Whether ``__init__`` does more than keep its arguments; None before it was seen to run. Where
            it does not, a node that comes out of a transformation gets its attributes without it: what
            it checks was checked at the construction, and could not be in tracers.
        computing: The original, where it is a record whose constructor may override what it is given.
    """

    kind: ClassVar[str] = "class"
    converts: ClassVar[bool] = False  # its own code sees what it was given

    def __init__(
        self,
        cls: type,
        fields: tuple[Field, ...],
        name: str | None = None,
        original: type | None = None,
        record: tuple[RecordField, ...] | None = None,
    ) -> None:
        super().__init__(cls, fields, name, original)
        self.record = record
        self.derives: bool | None = True if record is None or has_derived_fields(original or cls) else None
        self.computing = original if record and original is not None and runs_code(original) else None

    def read(self, node: Any) -> dict[str, Any]:
        """See `Schema.read`."""
        return _get(node, "__dict__")[_ARGS]  # type: ignore[no-any-return]

    def revive(self, values: dict[str, Any], flat: Flat | None = None) -> Any:
        """See `Schema.revive`; ``__init__`` runs at the first use of an attribute that it makes."""
        return self.fill(object.__new__(self.cls), values, flat)

    def fill(self, node: Any, values: dict[str, Any], flat: Flat | None) -> Any:
        """An empty node with its arguments, see `Schema.revive`."""
        attributes = _get(node, "__dict__")
        attributes[_ARGS] = values
        if flat is not None:
            attributes[FLAT] = flat
        return node

    def construct(self, values: dict[str, Any], path: Path = ROOT) -> Any:
        """See `Schema.construct`; ``__init__`` runs now, and its errors name the place."""
        cls: Any = self.cls
        self.validator()
        if self.holes(values) or self.waits(values):
            return self.revive(values)
        node = cls.__new__(cls)
        _get(node, "__dict__")[_ARGS] = values
        try:
            initialize(node, self)
        except Exception as error:
            if is_undecided(values):
                return self.revive(values)
            locate(error, path, f"while making {cls.__name__}")
            raise
        return node

    def unpickle(self, values: dict[str, Any]) -> Any:
        """See `Schema.unpickle`."""
        return self.construct(values)

    def followed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Arguments for a new node, with defaults for what the constructor computes of the others."""
        if self.computing is None:
            return values
        return without_imposed(self.computing, self.record or (), self, values)

    def readmit(self, node: Any, changes: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """See `Schema.readmit`; what the constructor would override is refused."""
        values = super().readmit(node, changes, path)
        if self.computing is not None:
            refuse_imposed(self.computing, self.record or (), self, node, changes, path)
        return values

    def waits(self, values: Mapping[str, Any]) -> bool:
        """Whether ``__init__`` has to wait until what stands among these arguments is decided.

        An open choice deeper in them is no reason by itself: the code may never look there, and where it
        does and fails, it runs again when the choice is decided.
        """
        test = holds_placeholder if self.record is not None else holds_choice
        return test(values.values())


class SymbolicInstance(Node):
    """What a symbolic instance of a plain class has beside its own methods."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _make_symbolic(cls)

    def __getattr__(self, name: str) -> Any:
        attributes = _get(self, "__dict__")
        schema: ClassSchema = getattr(type(self), ATTRIBUTE)
        if _ARGS not in attributes or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if is_pending(attributes):
            if not _resumed(self, schema):
                return _while_waiting(self, schema, name)
            return getattr(self, name)
        inherited = getattr(super(), "__getattr__", None)
        if inherited is not None:
            try:
                return inherited(name)
            except AttributeError:
                if name not in schema.fields:
                    raise
        if name in attributes[_ARGS]:
            return attributes[_ARGS][name]
        if computes(type(self), name):
            object.__getattribute__(self, name)  # raises what the property has raised
        raise AttributeError(schema.unknown_field(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if _is_sealed(self):
            raise AttributeError(_sealed_message(self, name))
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if _is_sealed(self):
            raise AttributeError(_sealed_message(self, name))
        super().__delattr__(name)

    def __copy__(self) -> Any:
        schema: Schema = getattr(type(self), ATTRIBUTE)
        return schema.construct(schema.arguments(self))  # what `__init__` made may be mutable

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()


def symbolize_class(
    cls: type, options: Options, presets: Mapping[str, Any] = types.MappingProxyType({})
) -> type:
    """The symbolic version of a plain class; see `symjax.symbolize`.

    Args:
        cls: The class; of a symbolic one, a subclass with these options.
        options: Those of `symbolize`.
        presets: Other defaults of its arguments, which are given by keyword then.
    """
    _refuse_foreign_layout(cls)
    namespace: dict[str, Any] = {
        **place(cls, options.name),
        "__doc__": cls.__doc__,
        SAVED_NAME: options.name,
        ORIGINAL: cls,
        STATIC: frozenset(options.static) | getattr(cls, STATIC, frozenset()),
        PRESETS: {**getattr(cls, PRESETS, {}), **presets},
        _MUTABLE: options.mutable or is_mutable(cls),
        **registered_already(cls),
    }
    bases = (cls,) if issubclass(cls, SymbolicInstance) else (SymbolicInstance, cls)
    try:
        symbolic = type(cls)(cls.__name__, bases, namespace)
    except ValueError:  # of this library: a name in `static` that is none
        raise
    except Exception as error:
        raise TypeError(
            f"cannot symbolize {cls.__name__}: no subclass can be made of it ({error})"
        ) from error
    keep_generic(symbolic, cls)
    add_symbol(symbolic, options.aliases)
    return symbolic


def is_mutable(cls: type) -> bool:
    """Whether the methods of a symbolic class may assign to attributes."""
    return bool(getattr(cls, _MUTABLE, False))


def _refuse_foreign_layout(cls: type) -> None:
    bases = (b for b in cls.__mro__ if b is not object and b.__module__ == "builtins")
    builtin = next((b for b in bases if not b.__flags__ & _HEAP_TYPE), None)
    if builtin is not None:
        raise TypeError(
            f"cannot symbolize {cls.__name__}: it is a {builtin.__name__}, whose value is no set of "
            "arguments; keep such a value as an argument of something symbolic"
        )


def _make_symbolic(cls: type) -> None:
    own = cls.__dict__
    original = own.get(ORIGINAL)
    source = original if original is not None else cls
    init = own.get(CONSTRUCTOR) or vars(source).get("__init__") or getattr(source, "__init__")  # noqa: B009
    static: frozenset[str] = getattr(cls, STATIC, frozenset())
    if original is None:  # a subclass inherits the marks of the arguments that it has still
        static = static & inspect.signature(init).parameters.keys()
        setattr(cls, STATIC, static)
    record = own[RECORD] if RECORD in own else record_fields(source)
    fields = own.get(FIELDS) or _constructor_fields(source, init, static, record)
    make: type[ClassSchema] = own.get(SCHEMA_CLASS, ClassSchema)
    schema = make(cls, preset(fields, getattr(cls, PRESETS, {})), own.get(SAVED_NAME), original, record)
    setattr(cls, ATTRIBUTE, schema)
    cls.__init__ = _recording_init(cls, init)  # type: ignore[misc]
    cls.__signature__ = schema.signature()  # type: ignore[attr-defined]
    generated = record is not None or dataclasses.is_dataclass(source)
    if not generated and source.__eq__ not in (object.__eq__, Node.__eq__):
        cls.__eq__ = source.__eq__  # type: ignore[method-assign]
        cls.__hash__ = source.__hash__  # type: ignore[method-assign]
    if not generated and source.__repr__ not in (object.__repr__, Node.__repr__):
        cls.__repr__ = source.__repr__  # type: ignore[method-assign]
    if record is not None and hides_its_fields(source, record):
        _guard(cls)
    register_later(schema)
    if original is None:
        add_symbol(cls)


def _constructor_fields(
    source: type, init: Callable[..., Any], static: Collection[str], record: tuple[RecordField, ...] | None
) -> tuple[Field, ...]:
    """The parameters of a class's own ``__init__``, or of its ``__new__`` where it has no other."""
    if record is not None:
        return schema_fields(init, static, record) if record else ()
    if init is not object.__init__:
        return fields_of(init, static, skip=1)
    new: Any = source.__new__
    if new is not object.__new__:
        return fields_of(new, static, skip=1)
    return ()


def _recording_init(cls: type, init: Callable[..., Any]) -> Any:
    """The constructor: records the arguments of the outermost class, then runs `init` as it was."""

    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:
        if type(self) is not cls:  # called by a subclass's __init__
            init(self, *args, **kwargs)
            return
        schema: ClassSchema = getattr(cls, ATTRIBUTE)
        try:
            _get(self, "__dict__")[_ARGS] = schema.followed(schema.admit(schema.bind(args, kwargs)))
            _begin(self, schema)
            if schema.checks:
                schema.check(self)
        except Exception as error:
            hide_frames(error)
            raise

    __init__.__wrapped__ = init  # type: ignore[attr-defined]
    __init__.__doc__ = init.__doc__
    __init__.__symjax_init__ = init  # type: ignore[attr-defined]
    return __init__


def initialize(node: Any, schema: ClassSchema) -> None:
    """Runs the adopted class's own ``__init__`` with the recorded arguments, once, whoever asks."""
    run_once(_get(node, "__dict__"), lambda: _run_init(node, schema))


def _begin(node: Any, schema: ClassSchema) -> None:
    """Runs ``__init__`` at the construction, unless it has to wait for choices to be decided."""
    values = schema.read(node)
    if schema.waits(values):
        return
    try:
        initialize(node, schema)
    except Exception:
        if not is_undecided(values):
            raise
        _forget(node)


def _forget(node: Any) -> None:
    """Takes back what an ``__init__`` has done that could not go on."""
    attributes = _get(node, "__dict__")
    for name in [name for name in attributes if not name.startswith(CACHE)]:
        del attributes[name]


def _run_init(node: Any, schema: ClassSchema) -> None:
    arguments = _get(node, "__dict__")[_ARGS]
    holes = schema.holes(arguments)
    if holes:
        raise MissingError(
            f"{schema.cls.__name__} cannot be used yet: it misses {', '.join(holes)} {at(holes[0])}"
        )
    args, kwargs = call_arguments(schema, arguments)
    vars(schema.cls)["__init__"].__symjax_init__(node, *args, **kwargs)
    if not schema.derives:
        schema.derives = not _keeps(node, schema, kwargs)
    if not getattr(schema.cls, "__symjax_guarded__", False) and _shadows(node, schema.cls):
        with adoption:
            _guard(schema.cls)


def _resumed(node: Any, schema: ClassSchema) -> bool:
    """Whether a node that waited is one to be used now: all of its arguments are given and decided."""
    values = schema.read(node)
    if schema.holes(values):
        return False
    if schema.derives is not False and holds_choice(values.values()):
        return False
    try:
        _resume(node, schema)
    except Exception:
        if not is_undecided(values):
            raise
        _forget(node)
        return False
    return True


def _while_waiting(node: Any, schema: ClassSchema, name: str) -> Any:
    """An attribute of a node whose ``__init__`` has not run: an argument; there is nothing else yet."""
    values = schema.read(node)
    if name in values:
        return values[name]
    if schema.holes(values):
        initialize(node, schema)  # raises, with the holes
    path, choice = next((path, value) for path, value, _ in walk(values) if is_choice(value))
    raise AttributeError(
        f"{schema.cls.__name__}.{name} is made of the arguments when all of them are decided, and {path} is "
        f"an open choice: {undecided(choice)} {at(path)}"
    )


def _resume(node: Any, schema: ClassSchema) -> None:
    """Gives a node that was not made by its constructor the attributes that ``__init__`` would have made."""
    attributes = _get(node, "__dict__")
    if schema.derives is not False or schema.holes(attributes[_ARGS]):
        initialize(node, schema)
        return
    _, kwargs = call_arguments(schema, attributes[_ARGS])
    for field in schema.record or ():
        object.__setattr__(node, field.attribute, kwargs[field.argument])
    attributes[READY] = True


def _keeps(node: Any, schema: ClassSchema, arguments: dict[str, Any]) -> bool:
    """Whether a record's ``__init__`` has done no more than to keep its arguments."""
    attributes = {f.attribute: arguments[f.argument] for f in schema.record or ()}
    own = [name for name in _get(node, "__dict__") if not name.startswith("_sj_")]
    if not attributes.keys() >= set(own):
        return False
    return all(_get(node, name) is value for name, value in attributes.items())


def _is_sealed(node: Any) -> bool:
    """Whether assignments to a node are refused: after, and before, its ``__init__``."""
    attributes = _get(node, "__dict__")
    if is_mutable(type(node)) or _ARGS not in attributes:
        return False
    return not is_running(attributes)


def _sealed_message(node: Any, name: str) -> str:
    schema: Schema = getattr(type(node), ATTRIBUTE)
    if name in schema.fields:
        return schema.frozen_message(name)
    cls = type(node).__name__
    return (
        f"{cls} is immutable: what is assigned to it does not travel with its arguments; where methods cache "
        f"on self, sj.symbolize({cls}, mutable=True) lets them {at(name)}"
    )


def _shadows(node: Any, cls: type) -> bool:
    """Whether ``__init__`` has overwritten class attributes, whose lookup would not find it missing."""
    return any(
        hasattr(cls, name)
        for name in _get(node, "__dict__")
        if not name.startswith("_sj_") and not name.startswith("__")
    )


def _guard(cls: type) -> None:
    """Makes every lookup see that ``__init__`` has not run yet, for a class that shadows attributes."""
    if getattr(cls, "__symjax_guarded__", False):
        return

    def __getattribute__(self: Any, name: str) -> Any:
        attributes = _get(self, "__dict__")
        started = _ARGS not in attributes or not is_pending(attributes)
        if not started and not name.startswith(("__", "_sj_")):
            schema: ClassSchema = getattr(type(self), ATTRIBUTE)
            if not _resumed(self, schema) and name in schema.fields:
                return self.__getattr__(name)
        return inherited(self, name)

    inherited: Any = cls.__getattribute__
    cls.__getattribute__ = __getattribute__  # type: ignore[method-assign, assignment]
    cls.__symjax_guarded__ = True  # type: ignore[attr-defined]
