"""Provenance: how a tree came about, outside of equality and of the treedef."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from symjax.core.paths import Path
from symjax.core.schema import DECIDED, FLAT, LINEAGE, schema_of
from symjax.verbs.tree import items, value_at

T = TypeVar("T")

REBIND = "<rebind>"
"""What `why` calls the changes that no patch made; `lineage` leaves them out."""


class LineageStep(NamedTuple):
    """One step on the way to a tree.

    Attributes:
        rule: The patch, as its URI; what has none is described in angle brackets.
        places: The paths of what it changed, in the tree that it made.
    """

    rule: str
    places: tuple[Path, ...] = ()


def lineage(tree: Any) -> tuple[str, ...]:
    """The patches that made a tree out of another, oldest first.

    It is kept by `rebind`, `save`, `load` and pickles; a tree that went through `jit` has none.

    Example:
        >>> import symjax as sj
        >>> class Adam(sj.Object):
        ...     learning_rate: float = 1e-3
        >>> lineage(sj.patch(Adam(), 'change_lr?0.1'))
        ('change_lr?learning_rate=0.1',)
    """
    return tuple([step.rule for step in steps_of(tree) if step.rule != REBIND])


def why(tree: Any, path: str | Path) -> LineageStep | None:
    """The step of the lineage that last set a value.

    That is the last one after which another value stood at this path, in it or around it: a step that moves
    the items of a list counts for all items that it moved.

    Args:
        tree: A tree that was patched.
        path: Where the value stands in it.

    Returns:
        The step: its `rule`, and all `places` that it changed. None if the value is as it was before the
        first patch. Where a `rebind` was the last, the rule is ``'<rebind>'``.

    Raises:
        KeyError: There is no such path in the tree.

    Example:
        >>> import symjax as sj
        >>> class Adam(sj.Object):
        ...     learning_rate: float = 1e-3
        ...     decay: float = 0.0
        >>> adam = sj.patch(Adam(), ['change_lr?0.1', 'decay=0.01', 'change_lr?0.2'])
        >>> why(adam, 'decay').rule, why(adam, 'learning_rate').rule
        ('decay=0.01', 'change_lr?learning_rate=0.2')
    """
    path = Path.parse(path)
    value_at(tree, path)
    for step in reversed(steps_of(tree)):
        if any(place.startswith(path) or path.startswith(place) for place in step.places):
            return step
    return None


def steps_of(tree: Any) -> tuple[LineageStep, ...]:
    """The steps that made a tree, with what each changed, oldest first; those of rebinds are among them."""
    schema = schema_of(tree)
    return () if schema is None else schema.caches(tree).get(LINEAGE, ())


def with_lineage(tree: T, steps: tuple[LineageStep, ...]) -> T:
    """The same tree with another provenance; a tree that is no symbolic node is returned as it is."""
    schema = schema_of(tree)
    if schema is None or steps == steps_of(tree):
        return tree
    copy = schema.revive(schema.arguments(tree), schema.caches(tree).get(FLAT))
    schema.hand_on(tree, copy)
    schema.caches(copy)[LINEAGE] = steps
    return copy  # type: ignore[no-any-return]


def remember_decided(tree: Any, places: Iterable[Path]) -> None:
    """Lets a tree remember what a search has decided in it: text shows that, also where it is a default.

    Args:
        tree: A tree that was just made, and whose nodes over these places nobody else has.
        places: Where the decided values stand. Where there is none any more, none is remembered.
    """
    for place in places:
        value = tree
        for key in place:
            schema = schema_of(value)
            if schema is not None:
                caches = schema.caches(value)
                caches[DECIDED] = caches.get(DECIDED, frozenset()) | {key}
            value = dict(items(value) or ()).get(key)


def with_rebind(steps: tuple[LineageStep, ...], places: tuple[Path, ...]) -> tuple[LineageStep, ...]:
    """The steps and what a rebind has set since; rebinds that follow each other are one step."""
    if steps[-1].rule != REBIND:
        return (*steps, LineageStep(REBIND, places))
    return (*steps[:-1], LineageStep(REBIND, tuple(dict.fromkeys((*steps[-1].places, *places)))))


def steps_from(rules: Sequence[str], places: Sequence[Iterable[str]]) -> tuple[LineageStep, ...]:
    """Steps as files have them, the rules and what each changed; those that say no places get none."""
    known = [tuple([Path.parse(place) for place in of]) for of in places]
    return tuple([LineageStep(rule, known[i] if i < len(known) else ()) for i, rule in enumerate(rules)])
