"""`Schema`: what the library knows about a symbolic class; its fields, and how its nodes are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Protocol

from symjax.core.containers import Map, thaw
from symjax.core.errors import at, locate
from symjax.core.fields import Field
from symjax.core.locks import adoption
from symjax.core.marks import MISSING, MissingError
from symjax.core.parameters import Parameters
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided

# What a class says of itself to this library, by name.
ATTRIBUTE = "__symjax_schema__"  # its schema
STANDS_FOR = "__symjax_stands_for__"  # of a placeholder's class: "choice" or "reference"
ORIGINAL = "__symjax_original__"  # the class or function that it is the symbolic version of
SAVED_NAME = "__symjax_name__"  # the name under which its nodes are saved
ALIASES = "__symjax_aliases__"  # the names under which older files have saved them
FIELDS = "__symjax_fields__"  # its fields, where annotations do not say them
SCHEMA_CLASS = "__symjax_schema_class__"  # the kind of its schema, where that is not `Schema`
QUOTES = "__symjax_quotes__"  # that references in its nodes are none of theirs: they are to stand elsewhere
STATIC = "__symjax_static__"  # the names of arguments that are structure although they are floats
BUILDS = "__symjax_builds__"  # the class whose instances `build` makes of its nodes
# What a node keeps beside its arguments, by name.
CACHE = "_sj_"  # how the names of what a node keeps beside its arguments start
FLAT = "_sj_flat"  # a node's cached (children, layout), see pytrees.py
HASH = "_sj_hash"  # a node's cached hash, see equality.py
LINEAGE = "_sj_lineage"  # a node's provenance, see lineage.py
DECIDED = "_sj_decided"  # the names of the arguments that a search has decided, or something in them

Flat = tuple[tuple[Any, ...], Any]
"""What `FLAT` holds: the children of a node, and its `Layout`, which a higher floor defines."""

_get_dict = object.__getattribute__


class Checks(Protocol):
    """The checks of the fields of one class, as the gate uses them; `types/validation.py` has them."""

    @property
    def lists(self) -> frozenset[str]:
        """The fields whose hints ask for a list."""

    def admit(self, arguments: Mapping[str, Any], path: Path = ROOT) -> Mapping[str, Any]:
        """The arguments as they may stand in a tree; the same mapping where nothing had to be done."""

    def admit_one(self, name: str, value: Any, path: Path) -> Any:
        """One argument likewise."""

    def admit_default(self, name: str) -> Any:
        """The default of a field likewise."""


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


class Schema(Parameters):
    """The fields of a symbolic class, and the few operations in which the kinds of nodes differ.

    This class serves `symjax.Object`, whose arguments are its attributes. Subclasses in
    `symjax/adoption/` serve adopted code.

    Args:
        cls: The symbolic class.
        fields: Its fields, in order.
        name: The name under which nodes are saved; by default module and qualified name.
        original: The class or function that was adopted, if any.
    """

    kind: ClassVar[str] = "object"
    open: ClassVar[bool] = False  # whether the constructor lets required arguments be missing
    converts: ClassVar[bool] = True  # whether an int becomes a float where the hint says float
    ties: ClassVar[bool] = False  # whether the constructor ties modules that it is given twice
    reaching: ClassVar[bool] = False  # whether any node so far holds a reference that leads out of it

    def __init__(
        self,
        cls: type,
        fields: tuple[Field, ...],
        name: str | None = None,
        original: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(cls, fields)
        self.name = name or f"{cls.__module__}.{cls.__qualname__}"
        self.original = original
        self.options = Options()
        self.every = self.names  # with those that a node has only where they are given, see inside.py
        self.wanted = False  # whether a user symbolized what was adopted, or it was met in a tree
        self.defaults: dict[str, Any] = {f.name: f.default for f in fields if f.default is not MISSING}
        self.factories = {f.name: f.factory for f in fields if f.factory is not None}
        self.marks: dict[str, bool] = {f.name: f.static for f in fields if f.static is not None}
        self.forced_leaves = frozenset(name for name, mark in self.marks.items() if not mark)
        self.hidden: frozenset[str] = frozenset()  # fields that text shows only when they are given
        self.nameless: frozenset[str] | None = None  # fields whose default has no name, see shown.py
        self.checks = hasattr(cls, "__check__")
        self.reacts = hasattr(cls, "on_rebind")
        self.copied: tuple[str, ...] = ()  # the fields whose defaults hold a dict: each node has its own
        self.settles = self.ties or holds_placeholder(self.defaults.values())
        self.reach = 0  # how many nodes up from one of this class its references lead, as far as seen
        self._validator: Checks | None = None
        self.first_use: Callable[[], None] = _nothing  # registers the class with JAX, see `register_later`

    # How a node keeps its arguments.

    def read(self, node: Any) -> dict[str, Any]:
        """The dict that holds the node's arguments, and possibly more. Not to be changed."""
        return _get_dict(node, "__dict__")  # type: ignore[no-any-return]

    def arguments(self, node: Any) -> dict[str, Any]:
        """A new dict of the node's arguments, without those that are not given."""
        values = self.read(node).copy()
        values.pop(FLAT, None)
        values.pop(HASH, None)
        values.pop(LINEAGE, None)
        values.pop(DECIDED, None)
        if values.keys() == self.fields.keys():  # twice as fast as to pick them (benchmarks/trees.py, "rule")
            return values
        return {name: values[name] for name in self.names if name in values}

    def revive(self, values: dict[str, Any], flat: Flat | None = None) -> Any:
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
        """The dict in which the node's `FLAT`, `LINEAGE` and `DECIDED` are kept."""
        return _get_dict(node, "__dict__")  # type: ignore[no-any-return]

    def hand_on(self, old: Any, new: Any) -> None:
        """Lets a node remember where its arguments are from, as another one of its class does."""
        source = self.caches(old)
        for name in (LINEAGE, DECIDED):
            if name in source:
                self.caches(new)[name] = source[name]

    def of_names(self, names: Iterable[str]) -> Schema:
        """The schema of the nodes with arguments of these names: this one, where a class declares them."""
        return self

    # What all kinds share.

    def values(self, node: Any) -> list[tuple[str, Any]]:
        """The node's arguments in order; `MISSING` where one is not given."""
        get = self.read(node).get
        return [(name, get(name, MISSING)) for name in self.names]

    def validator(self) -> Checks:
        """The validator of the fields, built before the class's first node, when JAX learns of the class."""
        if self._validator is None:
            with adoption:
                if self._validator is None:
                    self._validator = self._begin()
        return self._validator

    def _begin(self) -> Checks:
        """Settles the defaults and lets JAX know of the class; the validator."""
        validator: Checks = provided.validator(self)
        if self.converts:
            self._admit_defaults(validator)
        data = [name for name, default in self.defaults.items() if holds((default,), _is_dict)]
        self.copied = tuple(data)
        self.first_use()
        self.first_use = _nothing
        return validator

    # The one gate into a node.

    def admit(
        self,
        arguments: Mapping[str, Any],
        path: Path = ROOT,
        *,
        partial: bool = False,
        fresh: bool = False,
    ) -> dict[str, Any]:
        """The arguments with which a new node is made: checked, completed, tied, their references seen to.

        Args:
            arguments: By name. `MISSING` stands for one that is not given.
            path: Where the node stands, for messages.
            partial: Whether required arguments may be missing.
            fresh: Whether each value was made for this node alone, as when a file is read. Then none stands
                twice, and a search for ties would find none (benchmarks/trees.py, from-json: a third of it).

        Returns:
            All arguments, in a dict that the node owns afterwards.

        Raises:
            KeyError: A reference that leads nowhere.
            TypeError: An unknown or missing argument, or a value of a wrong type; ends in ``(path=…)``.
            ValueError: A value outside its constraints; ends in ``(path=…)``.
        """
        if self.factories:
            absent = [name for name in self.factories if arguments.get(name, MISSING) is MISSING]
            arguments = self._with_factories(arguments, absent)
        validator = self._validator or self.validator()  # the first one settles the defaults too
        try:
            admitted = validator.admit(arguments, path) if arguments else arguments
        except TypeError:
            fields = {name: value for name, value in arguments.items() if not name.startswith(CACHE)}
            if len(fields) == len(arguments):
                raise
            # The caches are in `vars(node)` too.
            return self.admit(fields, path, partial=partial, fresh=fresh)
        values = self.defaults.copy()
        values.update(admitted)
        # What passes as it is, and is complete, needs no second look: 66 µs, not 207 (benchmarks/trees.py,
        # construct-7).
        if admitted is not arguments or len(values) != len(self.names) or self.settles or Schema.reaching:
            self._put_defaults(values)
            holes = [] if partial else self.holes(values)
            if holes:
                raise TypeError(self.missing_message(holes))
            if self.ties and not fresh:  # in the order of fields, the first of two equal modules is the one
                values = self.tied({name: values[name] for name in self.names if name in values})
            provided.guard_references(self, values, values, path)
        return self._with_own_data(values) if self.copied else values

    def readmit(self, node: Any, changes: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """The arguments of `node` with some changed, through the same gate; nothing is tied by it.

        Args:
            node: A node of this class.
            changes: New arguments by name; `MISSING` puts one back to its default.
            path: Where the node stands, for messages.
        """
        if self.factories:
            absent = [name for name in self.factories if name in changes and changes[name] is MISSING]
            changes = self._with_factories(changes, absent)
        admitted = (self._validator or self.validator()).admit(changes, path)
        values = self.arguments(node)
        values.update(admitted)
        if admitted is changes and not Schema.reaching:
            return values  # what passes as it is needs no second look (benchmarks/trees.py, "rule")
        self._put_defaults(values)
        if Schema.reaching or holds_placeholder(admitted.values()):
            # Lists wait: their references follow insertions and deletions afterwards (`verbs/moves.py`).
            settled = [n for n, v in admitted.items() if is_reference(v) or is_symbolic(v)]
            provided.guard_references(self, values, settled, path)
        return self._with_own_data(values) if self.copied else values

    def restore(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a node that passed the gate elsewhere: completed, not checked again."""
        provided.guard_references(self, arguments, ())
        return {**self.defaults, **arguments}

    def _admit_defaults(self, validator: Checks) -> None:
        """Makes of the defaults what the same values become when they are given: `decay: float = 0` is 0.0.

        Not before the first node is made: a hint may name a class that is defined later.
        """
        for name, default in self.defaults.items():
            admitted = validator.admit_default(name)
            if admitted is not default:
                self.defaults[name] = admitted
                self.fields[name] = replace(self.fields[name], default=admitted)
                if self.cls.__dict__.get(name, MISSING) is default:
                    setattr(self.cls, name, admitted)

    def tied(self, values: dict[str, Any]) -> dict[str, Any]:
        """The arguments with references where a module stands for the second time."""
        return values

    def _with_factories(self, arguments: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
        return {**arguments, **{name: self.factories[name]() for name in names}} if names else arguments

    def _with_own_data(self, values: dict[str, Any]) -> dict[str, Any]:
        for name in self.copied:
            if values.get(name) is self.defaults[name]:
                values[name] = thaw(values[name])
        return values

    def _put_defaults(self, values: dict[str, Any]) -> None:
        """Puts defaults in the place of `MISSING`; what has none is taken out."""
        for name in [name for name, value in values.items() if value is MISSING]:
            if name in self.defaults:
                values[name] = self.defaults[name]
            else:
                del values[name]

    def check(self, node: Any, path: Path | None = None) -> None:
        """Runs a node's `__check__`, and notes the place on what it raises.

        A node whose values are not all given and decided is checked when they are; a choice at once, whatever
        its candidates hold.
        """
        values = self.read(node)
        waits = not is_placeholder(node)
        if not self.checks or self.holes(values) or (waits and holds_placeholder(values.values())):
            return
        try:
            node.__check__()
        except MissingError:
            return  # a node inside is not complete yet
        except Exception as error:
            if waits and is_undecided(node):
                return  # it is asked again when the choice is decided
            if path is not None:
                locate(error, path, f"while checking {self.cls.__name__}")
            raise

    # The words of errors about a node.

    def missing_message(self, holes: list[str]) -> str:
        """The message for a constructor call without required arguments."""
        name = self.cls.__name__
        them = "it" if len(holes) == 1 else "them"
        return (
            f"{name} misses {', '.join(holes)}; give {them}, or make a partial object with {name}.partial(…) "
            f"{at(holes[0])}"
        )

    def frozen_message(self, name: str) -> str:
        """The message for an attempt to change a node."""
        return f"{self.cls.__name__} is immutable; tree.rebind({name}=…) gives a new one {at(name)}"

    def absent_attribute(self, node: Any, name: str) -> AttributeError:
        """The error for an attribute that a node does not have: a hole, or a name that is no field."""
        if name in self.fields and name not in self.read(node):
            holes = ", ".join(str(path) for path in provided.missing(node))
            return MissingError(
                f"{self.cls.__name__}.{name} is not given yet; this tree misses: {holes} {at(name)}"
            )
        if name.startswith("__"):
            return AttributeError(f"{self.cls.__name__!r} object has no attribute {name!r}")
        hint = "; tree.rebind(field=…) gives a changed one" if name in _REPLACING else ""
        return AttributeError(self.unknown_field(name) + hint)


_REPLACING = ("replace", "_replace")  # what flax.struct and named tuples call it


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
    return getattr(type(value), STANDS_FOR, None) is not None


def is_choice(value: Any) -> bool:
    """Whether `value` is an open choice: a placeholder that refers to no other value."""
    return getattr(type(value), STANDS_FOR, None) == "choice"


def quotes(value: Any) -> bool:
    """Whether references in this value are to stand in another tree, and mean nothing in this one."""
    return getattr(type(value), QUOTES, False)


def is_reference(value: Any) -> bool:
    """Whether `value` stands for another value of the tree; see `symjax.ref`."""
    return getattr(type(value), STANDS_FOR, None) == "reference"


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


def holds_choice(values: Iterable[Any]) -> bool:
    """Whether an open choice is among these values, or in a container among them, lists and dicts too."""
    for value in values:
        if is_choice(value):
            return True
        if isinstance(value, tuple | list):
            if schema_of(value) is None and holds_choice(value):
                return True
        elif isinstance(value, dict | Map) and holds_choice(value.values()):
            return True
    return False


def is_undecided(value: Any) -> bool:
    """Whether an open choice stands anywhere in a value: in the nodes in it, too."""
    if is_choice(value):
        return True
    schema = schema_of(value)
    if schema is not None:
        return any(is_undecided(item) for _, item in schema.values(value))
    if isinstance(value, tuple | list):
        return any(map(is_undecided, value))
    return isinstance(value, dict | Map) and any(map(is_undecided, value.values()))


def _is_dict(value: Any) -> bool:
    return type(value) is dict


def holds_placeholder(values: Iterable[Any]) -> bool:
    """Whether a placeholder is among these values, or in a container among them."""
    return holds(values, is_placeholder)
