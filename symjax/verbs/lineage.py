"""Provenance: how a tree came about, outside of equality and of the treedef."""

from __future__ import annotations

from typing import Any, TypeVar

from symjax.core.schema import FLAT, LINEAGE, schema_of

T = TypeVar("T")


def lineage(tree: Any) -> tuple[str, ...]:
    """The patches that made a tree out of another, oldest first.

    It is kept by `rebind`, `save` and `load`; a tree that went through `jit` has none.

    Example:
        >>> import symjax as sj
        >>> class Adam(sj.Object):
        ...     learning_rate: float = 1e-3
        >>> lineage(sj.patch(Adam(), 'change_lr?0.1'))
        ('change_lr?learning_rate=0.1',)
    """
    schema = schema_of(tree)
    return () if schema is None else schema.caches(tree).get(LINEAGE, ())


def with_lineage(tree: T, steps: tuple[str, ...]) -> T:
    """The same tree with another provenance; a tree that is no symbolic node is returned as it is."""
    schema = schema_of(tree)
    if schema is None or steps == lineage(tree):
        return tree
    copy = schema.revive(schema.arguments(tree), schema.caches(tree).get(FLAT))
    schema.caches(copy)[LINEAGE] = steps
    return copy  # type: ignore[no-any-return]
