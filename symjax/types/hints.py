"""What type hints say, as a small immutable structure that all else asks; `hint_reading.py` makes it."""

from __future__ import annotations

import collections.abc as cabc
from dataclasses import dataclass
from typing import Any

import annotated_types
import jax
import numpy as np
from flax.core import FrozenDict

from symjax.core.containers import Map

SCALARS: frozenset[type] = frozenset({bool, int, float, complex})
LISTS = (list, cabc.MutableSequence)
SEQUENCES = frozenset({*LISTS, cabc.Sequence, cabc.Collection, cabc.Iterable})
SETS = frozenset({set, frozenset, cabc.Set, cabc.MutableSet})
MAPPINGS = frozenset({dict, cabc.Mapping, cabc.MutableMapping, Map, FrozenDict})
_SIGNS = {
    annotated_types.Gt: ">",
    annotated_types.Ge: "≥",
    annotated_types.Lt: "<",
    annotated_types.Le: "≤",
}


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
class LiteralOf(Hint):
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
        return self.kind in LISTS

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


def mentions_union(hint: Hint) -> bool:
    """Whether a value of this hint, or a part of it, may be of one type or of another."""
    return isinstance(hint, Either) or any(map(mentions_union, hint.parts))


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
