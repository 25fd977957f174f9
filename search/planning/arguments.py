"""The arguments of an evaluated function, taken apart into leaves and structure."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import jax
import jax.tree_util as jtu
import numpy as np

from symjax.core.errors import at, brief
from symjax.core.kinds import static_key
from symjax.core.leaves import is_array, is_leaf
from symjax.core.paths import Path

_BARE = (list, tuple, dict)
_TRACEABLE = (int, float, complex, np.ndarray, np.generic, jax.Array)


def struct(shape: tuple[int, ...], dtype: Any, weak_type: bool = False) -> jax.ShapeDtypeStruct:
    """A shape without a value."""
    return jax.ShapeDtypeStruct(shape, dtype, weak_type=weak_type)  # type: ignore[no-untyped-call]


class Aval(NamedTuple):
    """What a compiled program knows of an array: shape, dtype, and whether it is weakly typed."""

    shape: tuple[int, ...]
    dtype: Any  # NumPy's, or one of JAX's own: a key's
    weak_type: bool

    def batched(self, *axes: int) -> jax.ShapeDtypeStruct:
        """The array with leading axes, to be lowered with."""
        return struct((*axes, *self.shape), self.dtype, self.weak_type)


def aval_of(value: Any) -> Aval:
    """What a compiled program knows of a float, an array or a key."""
    aval = jax.typeof(value)
    return Aval(aval.shape, aval.dtype, aval.weak_type)


@final
class Structure:
    """A key of what a compiled program depends on.

    The hash of a treedef says nothing of its aux data, where symbolic nodes have all of their structure:
    1,000 structures of one class would meet in one slot of a dictionary. This one does, and is computed once.

    Args:
        treedef: The structure of ``(experiment, broadcast)``.
        parts: For each leaf its aval, or a key of its value if that is a constant of the program.
    """

    __slots__ = ("_hash", "parts", "treedef")

    def __init__(self, treedef: jtu.PyTreeDef, parts: tuple[Hashable, ...]) -> None:
        self.treedef = treedef
        self.parts = parts
        self._hash = hash((_hash_of(treedef), parts))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure):
            return NotImplemented
        return self is other or (
            self._hash == other._hash and self.treedef == other.treedef and self.parts == other.parts
        )

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True)
class Arguments:
    """An experiment and the arguments broadcast to all configurations, as JAX sees them.

    Attributes:
        treedef: The structure of ``(experiment, broadcast)``.
        names: The path of each leaf: ``optimizer.learning_rate``, ``broadcast[0]``.
        leaves: The leaves.
        avals: What is known of each leaf that is traced; None for one that is structure.
    """

    treedef: jtu.PyTreeDef
    names: tuple[str, ...]
    leaves: tuple[Any, ...]
    avals: tuple[Aval | None, ...]

    def experiment(self) -> Any:
        """The experiment again."""
        return jtu.tree_unflatten(self.treedef, self.leaves)[0]

    def positions(self) -> dict[str, int]:
        """The indices of the traced leaves by their names."""
        return {self.names[index]: index for index in self.traced()}

    def position(self, name: str) -> int | None:
        """The index of the traced leaf with this name, if there is one."""
        index = self.names.index(name) if name in self.names else None
        return index if index is not None and self.avals[index] is not None else None

    def traced(self, frozen: Collection[int] = ()) -> list[int]:
        """The indices of the leaves that are traced, without the `frozen` ones."""
        return [i for i, aval in enumerate(self.avals) if aval is not None and i not in frozen]

    def structure(self, frozen: Collection[int] = ()) -> Structure:
        """What a compiled program depends on: all but the values of the traced leaves."""
        return Structure(
            self.treedef,
            tuple(
                aval if aval is not None and index not in frozen else _constant_key(leaf, self.names[index])
                for index, (leaf, aval) in enumerate(zip(self.leaves, self.avals, strict=True))
            ),
        )

    def replace(self, leaves: Mapping[int, Any]) -> Arguments:
        """The same with some leaves replaced by others of the same kind."""
        new = tuple(leaves.get(index, leaf) for index, leaf in enumerate(self.leaves))
        return dataclasses.replace(self, leaves=new)


def flatten(experiment: Any, broadcast: tuple[Any, ...] = ()) -> Arguments:
    """Takes the arguments of a function apart.

    Floats and arrays are traced. In a bare list, tuple or dict, where JAX would trace ints as well and
    refuse texts, the rest is structure, as it is within a symbolic object.

    Raises:
        ValueError: A leaf without a value.
    """
    entries, treedef = jtu.tree_flatten_with_path((experiment, broadcast))
    names: list[str] = []
    avals: list[Aval | None] = []
    for (keys, leaf), node in zip(entries, _within_nodes((experiment, broadcast)), strict=True):
        path = Path.from_jax(keys[1:])
        name = str(path) if keys[0].idx == 0 else f"broadcast{path}"
        names.append(name)
        traced = is_leaf(leaf) or (node and isinstance(leaf, _TRACEABLE))
        avals.append(_aval(leaf, name) if traced else None)
    return Arguments(treedef, tuple(names), tuple(leaf for _, leaf in entries), tuple(avals))


def _hash_of(treedef: jtu.PyTreeDef) -> int:
    """A hash of a treedef that depends on its aux data too, as far as these can be hashed."""
    node = treedef.node_data()
    if node is None:  # a leaf, or None
        return int(treedef.num_leaves)
    kind, aux = node
    try:
        own = hash(tuple(aux) if type(aux) is list else aux)  # a dict's keys are a list
    except TypeError:
        own = 0
    return hash((kind, own, *map(_hash_of, treedef.children())))


def _within_nodes(tree: Any) -> list[bool]:
    """For each leaf, whether it lies within a pytree that is no bare container."""
    within: list[bool] = []
    for part in jtu.tree_leaves(tree, is_leaf=lambda value: type(value) not in _BARE):
        within += [not jtu.all_leaves([part])] * len(jtu.tree_leaves(part))
    return within


def _aval(leaf: Any, name: str) -> Aval:
    if isinstance(leaf, jax.ShapeDtypeStruct):
        raise ValueError(f"this leaf is a shape without a value, which nothing can run on {at(name)}")
    if isinstance(leaf, jax.core.Tracer):
        raise ValueError(f"this leaf is traced: an evaluation cannot run inside a jit {at(name)}")
    return aval_of(leaf)


def _constant_key(leaf: Any, name: str) -> Hashable:
    """What identifies a leaf that is a constant of a program: an array by its content."""
    try:
        if is_array(leaf):
            content = np.asarray(leaf)
            return content.dtype, content.shape, hashlib.sha256(content.tobytes()).digest()
        return static_key(leaf)
    except TypeError as error:
        raise TypeError(
            f"{brief(leaf)} can neither be traced nor be part of a compiled program's key {at(name)}"
        ) from error
