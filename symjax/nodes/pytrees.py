"""Symbolic nodes as JAX pytrees. The hard room: README.md beside this file states its invariants."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Hashable, Iterable
from typing import Any, final

import jax.tree_util as jtu
import numpy as np

from symjax.core.containers import Map
from symjax.core.errors import brief, note_depth
from symjax.core.kinds import PLAIN_KEYS, static_key
from symjax.core.leaves import is_leaf, is_other_pytree
from symjax.core.locks import ForkLock
from symjax.core.marks import MISSING
from symjax.core.schema import ATTRIBUTE, FLAT, Flat, Schema, schema_of

_NATIVE_KEYS = PLAIN_KEYS | {int, bool}  # their own static keys beside their types


@final
class Layout:
    """The aux data of a node: which fields are leaves, and all of its structure.

    Layouts are interned by their static key, so that equal structures have the same layout: JAX
    compares and hashes it by identity, in C, and a NaN or a `1` beside a `True` cannot confuse it.

    Attributes:
        template: The node's values by key, with None in the place of each child.
        keys: The keys of the children, in order; a child is a leaf or holds one.
        jax_keys: The same as JAX key path entries.
        revive: Makes the node from its values and its cache entry.
    """

    __slots__ = ("__weakref__", "jax_keys", "keys", "revive", "template")

    def __init__(
        self,
        template: dict[Any, Any],
        keys: tuple[Any, ...],
        jax_keys: tuple[Any, ...],
        revive: Callable[[dict[Any, Any], Any], Any],
    ) -> None:
        self.template = template
        self.keys = keys
        self.jax_keys = jax_keys
        self.revive = revive

    def __repr__(self) -> str:
        parts = [f"{k}={'*' if k in self.keys else brief(v, 30)}" for k, v in self.template.items()]
        return f"<{', '.join(parts)}>"

    def unflatten(self, children: Iterable[Any]) -> Any:
        """The node with these children. Runs no user code and checks nothing: JAX may pass anything."""
        values = self.template.copy()
        children = tuple(children)
        for key, child in zip(self.keys, children, strict=True):
            values[key] = child.value if type(child) is Mixed else child
        return self.revive(values, (children, self))


@final
class Mixed:
    """A tuple that holds leaves and structure, as JAX sees it inside a symbolic node."""

    __slots__ = ("flat", "value")

    def __init__(self, value: tuple[Any, ...], flat: tuple[tuple[Any, ...], Layout]) -> None:
        self.value = value
        self.flat = flat


_layouts: weakref.WeakValueDictionary[Hashable, Layout] = weakref.WeakValueDictionary()
_lock = ForkLock()
atexit.register(_layouts.clear)  # or the last layouts would die after what their dictionary needs


def flatten(node: Any) -> tuple[tuple[Any, ...], Layout]:
    """The children and the layout of a symbolic node, computed at the first call."""
    try:
        return node.__dict__[FLAT]  # type: ignore[no-any-return]
    except KeyError:
        return _flatten_node(node)


def _flatten_node(node: Any) -> tuple[tuple[Any, ...], Layout]:
    schema: Schema = getattr(type(node), ATTRIBUTE)
    try:
        flat = _flatten_items((type(node),), schema.values(node), schema.marks, FieldKey, schema.revive)
    except RecursionError as error:
        note_depth(error)
        raise
    node.__dict__[FLAT] = flat
    return flat


def flatten_map(node: Map) -> tuple[tuple[Any, ...], Layout]:
    """`flatten` of a map."""
    try:
        return node._flat  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        flat = _flatten_items((Map,), list(node.items()), {}, jtu.DictKey, _revive_map)
        object.__setattr__(node, "_flat", flat)
        return flat


def _flatten_mixed(node: Mixed) -> tuple[tuple[Any, ...], Layout]:
    return node.flat


def _revive_map(values: dict[Any, Any], flat: Flat) -> Map:
    new = Map.of(values)
    object.__setattr__(new, "_flat", flat)
    return new


def _tuple_reviver(kind: type) -> Callable[[dict[Any, Any], Any], Any]:
    make = getattr(kind, "_make", kind)

    def revive_tuple(values: dict[Any, Any], flat: Flat) -> Mixed:
        return Mixed(make(values.values()), flat)

    return revive_tuple


_tuple_revivers: dict[type, Callable[[dict[Any, Any], Any], Any]] = {}


def _flatten_items(
    head: tuple[Any, ...],
    items: list[tuple[Any, Any]],
    marks: dict[str, bool],
    jax_key: Callable[[Any], Any],
    revive: Callable[[dict[Any, Any], Any], Any],
) -> tuple[tuple[Any, ...], Layout]:
    """Sorts the items of a node into children and structure, and interns the layout."""
    children: list[Any] = []
    keys: list[Any] = []
    parts: list[Hashable] = list(head)
    if head[0] is Map:  # the keys of other kinds follow from their types
        parts += [key if type(key) is str else static_key(key) for key, _ in items]
    for key, value in items:
        child, part = _sort(value, marks.get(key) if marks else None)
        parts.append(part)
        if part is CHILD or type(child) is Mixed:
            keys.append(key)
            children.append(child)
    layout_key = tuple(parts)
    layout = _layouts.get(layout_key)
    if layout is None:
        template = dict(items)
        if head[0] is not Map and head[0] is not Mixed:  # a node does not hold its holes
            template = {key: value for key, value in items if value is not MISSING}
        template.update(dict.fromkeys(keys))
        new = Layout(template, tuple(keys), tuple([jax_key(key) for key in keys]), revive)
        with _lock:
            layout = _layouts.setdefault(layout_key, new)
    return tuple(children), layout


def item_key(index: Hashable) -> Any:
    """The JAX key of an item of a tuple some of whose items JAX does not see.

    A `SequenceKey` would say that the items before it are there: Orbax makes a list of such keys.
    """
    return jtu.DictKey(index)


class FieldKey(jtu.GetAttrKey):  # type: ignore[misc]
    """A field in a JAX key path; has the ``key`` that JAX's message for unequal trees asks for."""

    key = property(lambda self: self.name)


class _Child:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<child>"


CHILD = _Child()


def _sort(value: Any, mark: bool | None) -> tuple[Any, Hashable]:
    """``(child, CHILD)`` for what JAX traces, ``(Mixed, its layout)``, or ``(None, static key)``."""
    if mark is True:
        return None, static_key(value)
    kind = type(value)
    if kind in PLAIN_KEYS:  # most structure, so asked first: 131 µs, not 187 (benchmarks/trees.py, flatten)
        return None, value
    if kind is int or kind is bool:
        return (value, CHILD) if mark is False else (None, (kind, value))
    if kind is float:
        return value, CHILD
    if kind is tuple:
        return _sort_tuple(value, mark)
    if getattr(kind, ATTRIBUTE, None) is not None:
        children, layout = flatten(value)
        return (value, CHILD) if children else (None, layout)
    if kind is Map:
        children, layout = flatten_map(value)
        return (value, CHILD) if children else (None, layout)
    if isinstance(value, tuple):
        return _sort_tuple(value, mark)
    if is_leaf(value):
        return value, CHILD
    if mark is False and isinstance(value, np.generic):
        return value, CHILD
    if is_other_pytree(value):
        return value, CHILD
    return None, static_key(value)


def is_mixed(value: Any) -> bool:
    """Whether a value is a tuple that holds leaves and structure, which JAX sees as `Mixed` inside a node."""
    return isinstance(value, tuple) and schema_of(value) is None and type(_sort(value, None)[0]) is Mixed


def _sort_tuple(value: tuple[Any, ...], mark: bool | None) -> tuple[Any, Hashable]:
    # Tuples of plain structure in one pass: 130 µs, not 163 (benchmarks/trees.py, flatten).
    if mark is not False and _NATIVE_KEYS.issuperset(map(type, value)):
        return None, (type(value), tuple(map(type, value)), value)
    sorted_items = [_sort(item, mark) for item in value]
    if all(part is CHILD for _, part in sorted_items) and value:
        return value, CHILD  # JAX enters a plain tuple by itself
    if all(part is not CHILD and type(child) is not Mixed for child, part in sorted_items):
        return None, (type(value), tuple([part for _, part in sorted_items]))
    kind = type(value)
    names = getattr(kind, "_fields", None)
    reviver = _tuple_revivers.get(kind)
    if reviver is None:
        reviver = _tuple_revivers.setdefault(kind, _tuple_reviver(kind))
    keys = range(len(value))
    marks = dict.fromkeys(keys, mark) if mark is not None else {}
    flat = _flatten_items(
        (Mixed, kind),
        list(zip(keys, value, strict=True)),
        marks,  # type: ignore[arg-type]
        item_key if names is None else lambda i: FieldKey(names[i]),
        reviver,
    )
    return Mixed(value, flat), flat[1]


def _with_keys(
    flatten_node: Callable[[Any], tuple[tuple[Any, ...], Layout]],
) -> Callable[[Any], tuple[tuple[tuple[Any, Any], ...], Layout]]:
    def flatten_with_keys(node: Any) -> tuple[tuple[tuple[Any, Any], ...], Layout]:
        children, layout = flatten_node(node)
        return tuple(zip(layout.jax_keys, children, strict=True)), layout

    return flatten_with_keys


_flatten_with_keys = _with_keys(flatten)


def register(cls: type) -> None:
    """Registers a symbolic class with JAX, once."""
    jtu.register_pytree_with_keys(cls, _flatten_with_keys, Layout.unflatten, flatten)


jtu.register_pytree_with_keys(Map, _with_keys(flatten_map), Layout.unflatten, flatten_map)
jtu.register_pytree_with_keys(Mixed, _with_keys(_flatten_mixed), Layout.unflatten, _flatten_mixed)

__all__ = [
    "Layout",
    "Mixed",
    "flatten",
    "register",
]
