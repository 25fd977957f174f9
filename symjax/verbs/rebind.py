"""`rebind`: a new tree out of an old one, by location or by rule."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from symjax.core.errors import at, brief, locate, note_depth
from symjax.core.leaves import ATOMS
from symjax.core.marks import MISSING, Insertion
from symjax.core.paths import ROOT, Path
from symjax.core.provided import provided
from symjax.core.schema import LINEAGE, schema_of
from symjax.core.tracebacks import hide_frames
from symjax.verbs.diff import diff
from symjax.verbs.lineage import with_rebind
from symjax.verbs.moves import followed, may_move
from symjax.verbs.query import arity_form
from symjax.verbs.reactions import Change, reaction
from symjax.verbs.tree import child, items, replace, replace_fields

T = TypeVar("T")
Updates = Mapping[Any, Any]  # of texts or paths, or of both: type checkers hold keys to be invariant
Rule = Callable[..., Any]
Log = list[Change]


class _New:
    """An update at the end of a branch of the tree of updates."""

    __slots__ = ("path", "value")

    def __init__(self, path: Path, value: Any) -> None:
        self.path = path
        self.value = value


def rebind(tree: T, updates: Updates | Rule | None = None, /, **fields: Any) -> T:
    """A new tree with some values replaced. The old one is never changed.

    Untouched subtrees are shared, and only changed nodes are validated again. An error leaves
    nothing half done. In a list an index at the end appends, `symjax.MISSING` deletes (on a field: back
    to its default), and `symjax.Insertion` inserts.

    Args:
        tree: A symbolic object or a plain container.
        updates: New values by path, all of them meant in the old tree; or a rule ``(k, v)`` or
            ``(k, v, p)`` of path, value and parent, which returns the value itself or another in its
            place. A rule sees the old tree only, and nothing inside what it replaced.
        **fields: New values of the root's own fields.

    Returns:
        The new tree. Each changed node's ``on_rebind(changes)`` was asked once for follow-up updates,
        innermost first; they leave alone what was asked for (see `reactions.Changes`).

    Raises:
        KeyError: A path that does not exist; the message names the nearest valid names.
        TypeError: A new value of a wrong type; ends in ``(path=…)``. Or a rule that returns nothing.
        ValueError: A new value outside its constraints, or updates that overlap.

    Example:
        >>> rebind({'a': [1, 2]}, {'a[0]': 5})
        {'a': [5, 2]}
        >>> rebind({'a': [1, 2]}, lambda k, v: v * 10 if isinstance(v, int) else v)
        {'a': [10, 20]}
    """
    try:
        log: Log = []
        new = _rebound(tree, updates, fields, log)
        return _remembered(tree, new, log) if log else new
    except RecursionError as error:
        note_depth(error)
        raise
    except Exception as error:
        hide_frames(error)
        raise


def rebind_logged(tree: T, updates: Updates | Rule, log: Log, replaced: list[Any] | None = None) -> T:
    """`rebind`, for what itself says in the lineage how the new tree came about.

    Args:
        tree: A symbolic object or a plain container.
        updates: As for `rebind`.
        log: Every change is added: its path, the new value, and whether it was asked for.
        replaced: Every value is added for which a rule returned another, in the order of the log.
    """
    return _rebound(tree, updates, {}, log, replaced)


def _remembered(old: T, new: T, log: Log) -> T:
    """The new tree, whose lineage, if it has one, says what this rebind has set."""
    schema = schema_of(new)
    if schema is None or new is old:
        return new
    steps = schema.caches(new).get(LINEAGE)
    if not steps or any(not path for path, _, _ in log):  # a whole new tree came with its own
        return new
    places = tuple(diff(old, new)) if may_move(log) else tuple([path for path, _, _ in log])
    schema.caches(new)[LINEAGE] = with_rebind(steps, places)
    return new


def _rebound(
    tree: T,
    updates: Updates | Rule | None,
    fields: dict[str, Any],
    log: Log,
    replaced: list[Any] | None = None,
) -> T:
    if callable(updates) and not isinstance(updates, Mapping):
        replaced = [] if replaced is None else replaced
        tree = _keep_references(tree, _rebind_by_rule(tree, updates, log, replaced), log)
        return _rebound(tree, None, fields, log) if fields else tree
    if updates is not None and not isinstance(updates, Mapping):
        raise TypeError(f"updates are {{path: value}} or a rule (k, v) or (k, v, p), got {brief(updates)}")
    if not updates and not fields:
        return tree
    both = [name for name in fields if name in (updates or {})]
    if both:
        raise ValueError(f"updates overlap: {both[0]!r} is given twice {at(both[0])}")
    branches = _branches({**(updates or {}), **fields})
    if isinstance(branches, _New):
        log.append((branches.path, branches.value, True))
        return _settled(branches.value)  # type: ignore[no-any-return]
    own: Log = []
    new: T = _keep_references(tree, _apply(tree, branches, ROOT, own), own)
    log += own
    return new


def _keep_references(old: T, new: Any, log: Log) -> T:
    updates = followed(old, new, log) if may_move(log) else {}
    kept: T = _apply(new, _branches(updates), ROOT, [], hooks=False) if updates else new
    return kept


def _settled(root: Any) -> Any:
    """What may stand in the place of a whole tree."""
    if root is MISSING or isinstance(root, Insertion):
        raise ValueError(f"the root of a tree can be replaced, not deleted or inserted before {at(ROOT)}")
    return root


def _branches(updates: Updates) -> Any:
    """Updates by path as nested dicts by key, with `_New` at the ends."""
    root: dict[Hashable, Any] = {}
    for text, value in updates.items():
        path = Path.parse(text)
        if not path:
            if len(updates) > 1:
                raise ValueError(f"the root is replaced, and something in it too {at(path)}")
            return _New(path, value)
        *inner, last = path.keys
        here: Any = root
        for key in inner:
            here = here.setdefault(key, {})
            if isinstance(here, _New):
                raise ValueError(f"updates overlap: {here.path} holds {path} {at(path)}")
        if last in here:
            raise ValueError(f"updates overlap at or below {path} {at(path)}")
        here[last] = _New(path, value)
    return root


def _apply(value: Any, branches: dict[Hashable, Any], path: Path, log: Log, *, hooks: bool = True) -> Any:
    """`value` with the updates applied; every change is added to `log`."""
    start = len(log)
    changes: dict[Hashable, Any] = {}
    for key, branch in _by_plain_index(value, branches, path).items():
        where = path / key
        if isinstance(branch, _New):
            changes[key] = branch.value
            log.append((path / key, branch.value, hooks))
        else:
            old = child(value, key, where)
            new = _apply(old, branch, where, log, hooks=hooks)
            if new is not old:
                changes[key] = new
    return _changed(value, changes, path, log[start:], log) if hooks else replace(value, changes, path)


def _by_plain_index(value: Any, branches: dict[Hashable, Any], path: Path) -> dict[Hashable, Any]:
    """Branches by keys of `value`, in which an index from the end is that of the item."""
    if not isinstance(value, list | tuple) or not any(type(key) is int and key < 0 for key in branches):
        return branches
    plain: dict[Hashable, Any] = {}
    for key, branch in branches.items():
        index = key + len(value) if type(key) is int and -len(value) <= key < 0 else key
        plain[index] = _joined(plain[index], branch, path / key) if index in plain else branch
    return plain


def _joined(branch: Any, other: Any, path: Path) -> dict[Hashable, Any]:
    """The updates below one item that was reached by two indices."""
    if isinstance(branch, _New) or isinstance(other, _New):
        raise ValueError(f"updates overlap: two of them reach the same item {at(path)}")
    joined = dict(branch)
    for key, inner in other.items():
        joined[key] = _joined(joined[key], inner, path / key) if key in joined else inner
    return joined


def _changed(value: Any, changes: dict[Hashable, Any], path: Path, below: Log, log: Log) -> Any:
    """`value` with its children replaced, after it was asked for follow-up updates.

    Args:
        value: The old node.
        changes: Its new children by key.
        path: Where it stands.
        below: The changes in it and below it, which its `on_rebind` is told.
        log: All changes so far; follow-up updates are added.
    """
    if not changes:
        return value
    schema = schema_of(value)
    if schema is None:
        return replace(value, changes, path)
    if not schema.reacts:
        return replace_fields(value, schema, changes, path, True)
    node = replace(value, changes, path, checked=False)
    more = reaction(node, below, path)
    if more:  # follow-up updates ask no node for more
        branches = _branches(more)
        if isinstance(branches, _New):
            log.append((path, branches.value, False))
            return branches.value
        node = _apply(node, branches, path, log, hooks=False)
    if schema.checks:
        schema.check(node, path)
    return node


def _note(error: Exception, path: Path, value: Any) -> None:
    locate(error, path, f"when a rule was given {brief(value)}")


def _rebind_by_rule(tree: Any, rule: Rule, log: Log, replaced: list[Any]) -> Any:
    """Applies a rule in pre-order; changed nodes are rebuilt on the way back, once each.

    Args:
        tree: The tree.
        rule: What is asked of each value.
        log: Every change is added.
        replaced: The old value of each that the rule changed is added.
    """
    takes_parent = arity_form(rule, ("kv", "kvp"), "a rule") == "kvp"
    new_path = object.__new__

    def below(parent: Any) -> Rule:
        """The rule for the children of a value, which it may ask for."""
        return (lambda k, v: rule(k, v, parent)) if takes_parent else rule

    def visit(value: Any, path: Path, ask: Rule) -> Any:
        try:
            new = ask(path, value)
        except Exception as error:
            _note(error, path, value)
            raise
        if new is not value:
            log.append((path, new, True))
            replaced.append(value)
            return new
        children = items(value)
        if not children:
            return value
        start = len(log)
        changes: dict[Hashable, Any] = {}
        ask = below(value)
        for key, item in children:
            where = new_path(Path)  # `extend`, without its call: 181 µs, not 191 (benchmarks/trees.py, rule)
            where._key, where._parent, where._text = key, path, None
            if type(item) in ATOMS:  # of atoms no call: 180 µs, not 199 (benchmarks/trees.py, rule)
                try:
                    new_item = ask(where, item)
                except Exception as error:
                    _note(error, where, item)
                    raise
                if new_item is item:
                    continue
                log.append((where, new_item, True))
                replaced.append(item)
                changes[key] = new_item
            else:
                new_item = visit(item, where, ask)
                if new_item is not item:
                    changes[key] = new_item
        return _changed(value, changes, path, log[start:], log) if changes else value

    rebound = visit(tree, ROOT, below(None))
    if rebound is None and tree is not None:
        raise TypeError(
            f"the rule returned None for the root: a rule returns each value that it keeps {at(ROOT)}"
        )
    return _settled(rebound)


provided.rebind = rebind
