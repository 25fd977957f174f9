"""One protocol through which every verb sees a tree: what lies in a value, and how to replace it."""

from __future__ import annotations

import collections
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import jax.tree_util as jtu
from flax.core import FrozenDict

from symjax.core.containers import Map, freeze
from symjax.core.errors import NoSuchPath, at, unknown, with_article
from symjax.core.kinds import static_key
from symjax.core.leaves import ATOMS, is_leaf
from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import ROOT, Path, extend
from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Schema, is_symbolic, schema_of
from symjax.nodes.pytrees import FieldKey, is_mixed, item_key

__all__ = ["child", "is_container", "is_symbolic", "items", "jax_key", "map_items", "replace", "value_at"]

_DICTS = (dict, collections.OrderedDict, collections.defaultdict, FrozenDict, Map)


def is_container(value: Any) -> bool:
    """Whether the verbs enter this value: a symbolic node, a tuple, a list or a mapping."""
    kind = type(value)
    return getattr(kind, ATTRIBUTE, None) is not None or isinstance(value, (tuple, list, *_DICTS))


def items(value: Any) -> list[tuple[Any, Any]] | None:
    """The children of a value with their keys, in order; None if the verbs do not enter it.

    An argument that a node is not given yet counts, as `MISSING`.
    """
    kind = type(value)
    if kind is tuple or kind is list:
        return list(enumerate(value))
    if kind in ATOMS:
        return None
    schema: Schema | None = getattr(kind, ATTRIBUTE, None)
    if schema is not None:
        return schema.values(value)
    if isinstance(value, tuple):
        names = getattr(kind, "_fields", None)
        return list(zip(names or range(len(value)), value, strict=True))
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, _DICTS):
        return list(value.items())
    return None


def child(value: Any, key: Hashable, path: Path) -> Any:
    """The child of `value` at `key`.

    Args:
        value: Any value.
        key: The child's key.
        path: The path of the child, for the message.

    Raises:
        KeyError: There is none; the message lists the nearest valid keys.
    """
    children = items(value)
    if children is not None:
        if isinstance(key, int) and not isinstance(value, _DICTS) and -len(children) <= key < 0:
            key += len(children)
        for name, item in children:
            if name == key and type(name) is type(key):
                return item
    raise NoSuchPath(no_such_path(value, key, path))


def value_at(tree: Any, path: Path, base: Path = ROOT) -> Any:
    """The value at a path, as it stands there: references are not resolved.

    Args:
        tree: Any value.
        path: The path in `tree`.
        base: Where `tree` itself stands, for the message.

    Raises:
        KeyError: The path leads nowhere; the message says from where on.
    """
    for key in path:
        base = extend(base, key)
        tree = child(tree, key, base)
    return tree


def no_such_path(value: Any, key: Hashable, path: Path) -> str:
    """The message for a path that leads nowhere."""
    return f"no value at {str(path)!r}: {why_none(value, key, path)} {at(path)}"


def why_none(value: Any, key: Hashable, path: Path) -> str:
    """Why `value` has no child `key`, which would stand at `path`: what it is, and what it has."""
    where = f"{str(path.parent) or 'the root'} is {with_article(type(value).__name__)}"
    children = items(value)
    if children is None:
        hint = "" if type(value) in ATOMS or is_leaf(value) else "; sj.symbolize its class to see inside"
        return f"{where}, which has no parts{hint}"
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        appends = f"; the index {len(children)} appends" if type(key) is int and key > len(children) else ""
        return f"{where} of {len(children)} items{appends}"
    what = "key" if isinstance(value, _DICTS) else "field"
    return f"{where} with {unknown(what, key, [name for name, _ in children])}"


def map_items(value: Any, path: Path, function: Callable[[Any, Path], Any]) -> dict[Hashable, Any]:
    """What `function(child, path of the child)` makes of the children, by key, where it is another object."""
    changes = {}
    for key, item in items(value) or ():
        new = function(item, path / key)
        if new is not item:
            changes[key] = new
    return changes


def jax_key(value: Any, key: Hashable) -> Any:
    """The entry of a JAX key path for the child `key` of `value`."""
    if isinstance(value, _DICTS):
        return jtu.DictKey(key)
    if isinstance(value, list) or (isinstance(value, tuple) and not hasattr(value, "_fields")):
        return jtu.SequenceKey(key)
    return FieldKey(str(key))


def jax_path(path: Path, tree: Any) -> tuple[Any, ...]:
    """The JAX key path of a location in a tree; see `Path.to_jax`."""
    entries = []
    value, where, in_node = tree, ROOT, False
    for key in path:
        where = extend(where, key)
        in_node = in_node or is_symbolic(value) or type(value) is Map
        named = hasattr(value, "_fields")
        entries.append(item_key(key) if in_node and not named and is_mixed(value) else jax_key(value, key))
        value = child(value, key, where)
    return tuple(entries)


def replace(value: Any, changes: Mapping[Hashable, Any], path: Path = ROOT, *, checked: bool = True) -> Any:
    """A value with some of its children replaced: one level of a rebind.

    Args:
        value: A container.
        changes: New children by key. `MISSING` deletes an item, or puts a field back to its default;
            an `Insertion` inserts before an index; the index at the end of a list appends.
        path: Where the value stands, for messages.
        checked: Run the node's `__check__`.

    Returns:
        A new value of the same type; the other children are the same objects.

    Raises:
        KeyError: A key that is not there.
        TypeError: A new child of a wrong type.
        ValueError: A new child outside its constraints.
    """
    schema = schema_of(value)
    if schema is not None:
        return replace_fields(value, schema, changes, path, checked)
    if not isinstance(value, (list, tuple, *_DICTS)):
        key = next(iter(changes))
        raise NoSuchPath(no_such_path(value, key, path / key))
    if isinstance(value, _DICTS):
        return _replace_entries(value, changes, path)
    if hasattr(value, "_fields"):
        return _replace_named(value, changes, path)
    return _replace_items(value, changes, path)


def replace_fields(
    node: Any, schema: Schema, changes: Mapping[Hashable, Any], path: Path, checked: bool
) -> Any:
    """`replace` for a node, whose schema is known."""
    for key, new in changes.items():
        if key not in schema.fields:
            raise NoSuchPath(no_such_path(node, key, path / key))
        if type(new) is Insertion:
            raise _misplaced(path / key, "a field")
    changed = schema.construct(schema.readmit(node, changes, path), path)  # type: ignore[arg-type]
    schema.hand_on(node, changed)
    if checked and schema.checks:
        schema.check(changed, path)
    return changed


def _misplaced(path: Path, place: str) -> TypeError:
    return TypeError(f"an Insertion goes before an item of a list, and this is {place}: set it {at(path)}")


def _replace_entries(value: Any, changes: Mapping[Hashable, Any], path: Path) -> Any:
    entries = dict(value)
    same = {key: key for key in entries}
    for key, new in changes.items():
        if type(new) is Insertion:
            raise _misplaced(path / key, "an entry of a mapping")
        if static_key(same.get(key, key)) != static_key(key):  # 1 and True are two keys
            raise NoSuchPath(no_such_path(value, key, path / key))
        if new is MISSING:
            if key not in entries:
                raise NoSuchPath(no_such_path(value, key, path / key))
            del entries[key]
        else:
            entries[key] = freeze(new) if type(value) is Map else new
    if type(value) is Map:
        return Map.of(entries)
    if isinstance(value, collections.defaultdict):
        return collections.defaultdict(value.default_factory, entries)
    return type(value)(entries)


def _replace_named(value: Any, changes: Mapping[Hashable, Any], path: Path) -> Any:
    for key, new in changes.items():
        if key not in value._fields:
            raise NoSuchPath(no_such_path(value, key, path / key))
        if type(new) is Insertion:
            raise _misplaced(path / key, "a field")
    return value._replace(**{str(key): new for key, new in changes.items()})


def _replace_items(value: Any, changes: Mapping[Hashable, Any], path: Path) -> Any:
    size = len(value)
    at_index: dict[int, Any] = {}
    for key, new in changes.items():
        index = key + size if isinstance(key, int) and -size <= key < 0 else key
        if type(index) is not int or index < 0 or (index >= size and new is MISSING):
            raise NoSuchPath(no_such_path(value, key, path / key))
        at_index[index] = new
    plain = [new is not MISSING and not isinstance(new, Insertion) for new in at_index.values()]
    end = max(at_index, default=-1) + 1
    if all(plain) and end <= size:
        result = list(value)
        for index, new in at_index.items():
            result[index] = new
        return type(value)(result)
    for index in range(size, end):
        if index not in at_index:
            raise NoSuchPath(no_such_path(value, end - 1, path / (end - 1)))
    result = []
    for index in range(max(size, end)):
        old = value[index : index + 1]
        new = at_index[index] if index in at_index else old[0]
        if isinstance(new, Insertion):
            result.append(new.value)
            result.extend(old)
        elif new is not MISSING:
            result.append(new)
    return type(value)(result)


provided.jax_path = jax_path
