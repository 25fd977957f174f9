"""`walk` and `traverse`: every value of a tree, with its path and its parent."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any

from symjax.core.paths import ROOT, Path, extend
from symjax.verbs.tree import items

Visit = Callable[[Path, Any, Any], Any]


def walk(tree: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yields each value of a tree in pre-order, the root first.

    Args:
        tree: A symbolic object or a plain container.

    Yields:
        ``(path, value, parent)``; the root's parent is None.

    Example:
        >>> [str(path) for path, value, parent in walk({'a': [1, 2]})]
        ['', 'a', 'a[0]', 'a[1]']
    """
    stack: list[tuple[Path, Any, Any]] = [(ROOT, tree, None)]
    while stack:
        entry = stack.pop()
        yield entry
        path, value, _ = entry
        children = items(value)
        if children:
            stack.extend([(extend(path, key), item, value) for key, item in reversed(children)])


class Step(enum.Enum):
    """What `traverse` does next."""

    ENTER = "enter"
    """Go on into the value."""
    SKIP = "skip"
    """Go on beside the value."""
    STOP = "stop"
    """End the traversal."""


def traverse(tree: Any, pre: Visit | None = None, post: Visit | None = None) -> bool:
    """Visits each value before and after its children.

    Args:
        tree: A symbolic object or a plain container.
        pre: Called with ``(path, value, parent)`` on the way down; returns a `Step`, or None to enter.
        post: Called likewise on the way up; `Step.STOP` ends the traversal.

    Returns:
        Whether the whole tree was traversed; False after a stop.

    Example:
        >>> seen = []
        >>> traverse({'a': [1], 'b': 2}, post=lambda k, v, p: seen.append(str(k)))
        True
        >>> seen
        ['a[0]', 'a', 'b', '']
    """
    stack: list[tuple[Path, Any, Any, bool]] = [(ROOT, tree, None, False)]
    while stack:
        path, value, parent, done = stack.pop()
        visit = post if done else pre
        step = visit(path, value, parent) if visit is not None else None
        if step is Step.STOP:
            return False
        if done or step is Step.SKIP:
            if step is Step.SKIP and not done and post is not None:
                stack.append((path, value, parent, True))
            continue
        stack.append((path, value, parent, True))
        for key, item in reversed(items(value) or ()):
            stack.append((extend(path, key), item, value, False))
    return True
