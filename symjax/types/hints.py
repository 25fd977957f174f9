"""Type hints, resolved field by field and read once into a small immutable structure, which all else asks."""

from __future__ import annotations

import ast
import collections.abc as cabc
import sys
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
import jax
import numpy as np
from flax.core import FrozenDict

from symjax.core.containers import Map

SCALARS: frozenset[type] = frozenset({bool, int, float, complex})
_LISTS = (list, cabc.MutableSequence)
_SEQUENCES = frozenset({*_LISTS, cabc.Sequence, cabc.Collection, cabc.Iterable})
_SETS = frozenset({set, frozenset, cabc.Set, cabc.MutableSet})
_MAPPINGS = frozenset({dict, cabc.Mapping, cabc.MutableMapping, Map, FrozenDict})
_SIGNS = {
    annotated_types.Gt: ">",
    annotated_types.Ge: "≥",
    annotated_types.Lt: "<",
    annotated_types.Le: "≤",
}
_MARKS = (typing.ClassVar, typing.Final, typing.Required, typing.NotRequired)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a field may hold. `str` gives it as a reader would write it."""

    @property
    def parts(self) -> tuple[Hint, ...]:
        """The hints of the values that lie in a value of this hint, or that it may be instead."""
        return ()


@dataclass(frozen=True, slots=True)
class Anything(Hint):
    """No restriction: `Any`, or what says nothing to us, with its text."""

    text: str = "Any"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Nothing(Hint):
    """None alone."""

    def __str__(self) -> str:
        return "None"


@dataclass(frozen=True, slots=True)
class Scalar(Hint):
    """A bool, an int, a float or a complex number; an array may stand for it."""

    kind: type

    def __str__(self) -> str:
        return self.kind.__name__


@dataclass(frozen=True, slots=True)
class Text(Hint):
    """A `str` or `bytes`."""

    kind: type

    def __str__(self) -> str:
        return self.kind.__name__


@dataclass(frozen=True, slots=True)
class OneOf(Hint):
    """One of some values: `Literal`."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return f"Literal[{', '.join(map(repr, self.values))}]"


@dataclass(frozen=True, slots=True)
class Either(Hint):
    """A union."""

    arms: tuple[Hint, ...]

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return self.arms

    def __str__(self) -> str:
        return " | ".join(map(str, self.arms))


@dataclass(frozen=True, slots=True)
class Constrained(Hint):
    """A hint with notes, of which those that are no texts may constrain the values: `Annotated`."""

    of: Hint
    notes: tuple[Any, ...]

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return (self.of,)

    @property
    def constraints(self) -> tuple[Any, ...]:
        """The notes that are no texts."""
        return tuple([note for note in self.notes if not isinstance(note, str)])

    def __str__(self) -> str:
        relations = [_relation(note) for note in self.notes]
        if all(relations):
            return f"{self.of} ({', '.join(relations)})"
        return f"Annotated[{', '.join([str(self.of), *map(repr, self.notes)])}]"


def _relation(note: Any) -> str:
    """A bound on numbers as in ``> 0``; ``''`` for any other note."""
    for kind, sign in _SIGNS.items():
        if type(note) is kind:
            return f"{sign} {getattr(note, kind.__name__.lower())}"
    return ""


@dataclass(frozen=True, slots=True)
class Items(Hint):
    """Any number of items: a list, a variadic tuple, `Sequence`, `Iterable`."""

    kind: type
    item: Hint = Anything()
    bare: bool = False  # whether it was written without an item

    @property
    def is_list(self) -> bool:
        """Whether a list is asked for, so that a tuple of the tree is none to the code behind it."""
        return self.kind in _LISTS

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return (self.item,)

    def __str__(self) -> str:
        if self.bare:
            return self.kind.__name__
        return f"{self.kind.__name__}[{self.item}{', ...' if self.kind is tuple else ''}]"


@dataclass(frozen=True, slots=True)
class FixedTuple(Hint):
    """A tuple of as many items as it has hints."""

    items: tuple[Hint, ...]

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return self.items

    def __str__(self) -> str:
        return f"tuple[{', '.join(map(str, self.items)) or '()'}]"


@dataclass(frozen=True, slots=True)
class Members(Hint):
    """A set."""

    kind: type
    item: Hint = Anything()
    bare: bool = False  # whether it was written without an item

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return (self.item,)

    def __str__(self) -> str:
        return self.kind.__name__ if self.bare else f"{self.kind.__name__}[{self.item}]"


@dataclass(frozen=True, slots=True)
class Entries(Hint):
    """A mapping."""

    kind: type
    key: Hint = Anything()
    item: Hint = Anything()
    bare: bool = False  # whether it was written without key and item

    @property
    def parts(self) -> tuple[Hint, ...]:  # noqa: D102 - see the base class
        return self.key, self.item

    def __str__(self) -> str:
        return self.kind.__name__ if self.bare else f"{self.kind.__name__}[{self.key}, {self.item}]"


@dataclass(frozen=True, slots=True)
class Function(Hint):
    """Something to call; of what, only the text says."""

    text: str = "Callable"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ClassOf(Hint):
    """A class, which may have to be a subclass of another: `type`, `type[nn.Module]`.

    Attributes:
        of: What its instances are; None if that was left open.
    """

    of: Hint | None = None

    def __str__(self) -> str:
        return "type" if self.of is None else f"type[{self.of}]"


@dataclass(frozen=True, slots=True)
class Instance(Hint):
    """An instance of a class, NumPy's and JAX's arrays and dtypes among them.

    Attributes:
        cls: The class.
        args: What a generic class was given; for the text alone.
    """

    cls: type
    args: tuple[Hint, ...] = ()

    @property
    def is_array(self) -> bool:
        """Whether an array is asked for; one of a dtype and a shape, in jaxtyping's words, is too."""
        return self.cls in (np.ndarray, jax.Array) or hasattr(self.cls, "array_type")

    def __str__(self) -> str:
        name = "jax.Array" if self.cls is jax.Array else self.cls.__name__
        return name + (f"[{', '.join(map(str, self.args))}]" if self.args else "")


def resolve(hint: Any, owner: Any) -> Any:
    """A hint with its forward references resolved in the namespace of the class or function `owner`.

    A hint that names what cannot be found counts as `Any`.
    """
    try:
        return evaluate(hint, owner)
    except Exception:  # noqa: BLE001 - evaluating a hint can raise anything; an unreadable hint is no hint
        return Any


def evaluate(hint: Any, owner: Any) -> Any:
    """`resolve` that raises, whatever it may be, where a hint cannot be read.

    No fault of the owner's is an alias of another module with a name of that module in it, as in optax's
    ``ArrayTree = Union[jax.Array, Iterable['ArrayTree']]``: such a hint counts as `Any`.
    """
    module = sys.modules.get(getattr(owner, "__module__", "") or "")
    scope = dict(vars(module)) if module else {}
    scope.update(getattr(owner, "__globals__", {}))
    local = dict(vars(owner)) if isinstance(owner, type) else {}
    local[getattr(owner, "__name__", "_")] = owner
    for variable in getattr(owner, "__type_params__", ()):
        local[variable.__name__] = variable
    annotated = type("_Annotated", (), {"__annotations__": {"x": hint}})
    try:
        return typing.get_type_hints(annotated, scope, local, include_extras=True)["x"]
    except NameError as error:
        if _mentions(hint, error.name) or not any(error.name in vars(m) for m in list(sys.modules.values())):
            raise
        return Any


def _mentions(hint: Any, name: str | None) -> bool:
    """Whether a name stands in the text of a hint itself, not in what that text names."""
    if not isinstance(hint, str):
        return False
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(ast.parse(hint)))


def parse(hint: Any) -> Hint:
    """A resolved type hint, read into its structure.

    Args:
        hint: Any object that may stand as an annotation; one that is no hint restricts nothing.

    Example:
        >>> parse(Annotated[int | None, 'a note'])
        Constrained(of=Either(arms=(Scalar(kind=<class 'int'>), Nothing())), notes=('a note',))
        >>> print(parse(dict[str, int | None]))
        dict[str, int | None]
    """
    return _parse(hint, ())


def show(hint: Any) -> str:
    """A hint as a reader would write it.

    Example:
        >>> show(typing.Optional[typing.List[int]])
        'list[int] | None'
    """
    return str(parse(hint))


def means_list(hint: Hint) -> bool:
    """Whether a hint asks for a list, so that a tuple of the tree is none to the code behind it."""
    if isinstance(hint, Items):
        return hint.is_list
    return isinstance(hint, Constrained | Either) and any(map(means_list, hint.parts))


def mentions_float(hint: Hint) -> bool:
    """Whether an int may have to become a float somewhere in a value of this hint."""
    if isinstance(hint, Scalar):
        return hint.kind in (float, complex)
    return any(map(mentions_float, hint.parts))


def mentions_array(hint: Hint) -> bool:
    """Whether a value of this hint may be an array by itself, not only stand for numbers."""
    if isinstance(hint, Instance):
        return hint.is_array
    return isinstance(hint, Constrained | Either) and any(map(mentions_array, hint.parts))


def names_numpy_scalars(hint: Hint) -> bool:
    """Whether a hint asks for a scalar of NumPy's (`np.float32`), and for no Python number instead."""
    leaves = list(_leaves(hint))
    numpy = any(isinstance(leaf, Instance) and issubclass(leaf.cls, np.generic) for leaf in leaves)
    return numpy and not any(isinstance(leaf, Scalar) for leaf in leaves)


def _leaves(hint: Hint) -> cabc.Iterator[Hint]:
    if not hint.parts:
        yield hint
    for part in hint.parts:
        yield from _leaves(part)


def _parse(hint: Any, aliases: tuple[Any, ...]) -> Hint:
    """`parse` of a hint inside the definitions of some aliases, which may mention themselves."""
    if hint is Any:
        return Anything()
    if isinstance(hint, str):
        return Anything(hint)
    if isinstance(hint, typing.ForwardRef):
        return Anything(hint.__forward_arg__)
    if hint is None or hint is types.NoneType:
        return Nothing()
    meaning = _meaning(hint)
    if meaning is not hint:
        known = any(meaning is alias for alias in aliases)
        return Anything(str(hint)) if known else _parse(meaning, (*aliases, meaning))
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Constrained(_parse(args[0], aliases), args[1:])
    if origin is Literal:
        return OneOf(args)
    if origin in (typing.Union, types.UnionType):
        return Either(tuple([_parse(arg, aliases) for arg in args]))
    if cabc.Callable in (hint, origin) or hint is typing.Callable:
        return Function(_plain_text(hint))
    if origin is tuple and hint is not typing.Tuple:  # noqa: UP006 - without items, it means any tuple
        return _parse_tuple(args, aliases)
    kind = origin or hint
    if isinstance(kind, type):
        return _parse_class(kind, args, aliases)
    return Anything(_plain_text(hint))


def _meaning(hint: Any) -> Any:
    """A hint in the place of what only names or marks it: a type variable, a new type, an alias, `Final`."""
    if isinstance(hint, typing.TypeVar):
        return Any if hint.__bound__ is None else hint.__bound__
    if isinstance(hint, typing.NewType):
        return hint.__supertype__
    if hasattr(hint, "__value__"):  # a PEP 695 alias
        return hint.__value__
    if get_origin(hint) in _MARKS:
        return get_args(hint)[0]
    return hint


def _parse_tuple(args: tuple[Any, ...], aliases: tuple[Any, ...]) -> Hint:
    if any(get_origin(arg) is typing.Unpack or getattr(arg, "__unpacked__", False) for arg in args):
        return Items(tuple, bare=True)
    if len(args) == 2 and args[1] is Ellipsis:
        return Items(tuple, _parse(args[0], aliases))
    return FixedTuple(tuple([_parse(arg, aliases) for arg in args]))


def _parse_class(cls: type, args: tuple[Any, ...], aliases: tuple[Any, ...]) -> Hint:
    if cls in SCALARS:
        return Scalar(cls)
    if cls in (str, bytes):
        return Text(cls)
    inner = tuple([Anything("...") if arg is Ellipsis else _parse(arg, aliases) for arg in args])
    if cls is type:
        return ClassOf(*inner[:1])
    if cls is tuple or cls in _LISTS or (cls in _SEQUENCES and args):
        return Items(cls, inner[0]) if inner else Items(cls, bare=True)
    if cls in _SETS:
        return Members(cls, inner[0]) if inner else Members(cls, bare=True)
    if cls in _MAPPINGS:
        return Entries(cls, inner[0], inner[1]) if inner else Entries(cls, bare=True)
    return Instance(cls, inner)


def _plain_text(hint: Any) -> str:
    return str(hint).replace("typing.", "").replace("collections.abc.", "")
