"""`Node`: what every symbolic node has, whatever else it is."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any, Self

import jax
import numpy as np

from symjax.core.provided import provided
from symjax.core.schema import ATTRIBUTE, Schema
from symjax.core.tracebacks import hide_frames
from symjax.nodes.pickling import reduce_node


class Node:
    """Equality, text, HTML, pickling and `rebind` of symbolic nodes; a mixin."""

    __slots__ = ()

    def rebind(self, updates: Any = None, /, **fields: Any) -> Self:
        """A new tree with updates applied; see `symjax.rebind`."""
        try:
            return provided.rebind(self, updates, **fields)  # type: ignore[no-any-return]
        except Exception as error:
            hide_frames(error)
            raise

    @classmethod
    def partial(cls, /, *args: Any, **kwargs: Any) -> Self:
        """A node with arguments missing; they are given later by `rebind`.

        Example:
            >>> import symjax as sj
            >>> class Adam(sj.Object):
            ...     learning_rate: float
            >>> Adam.partial()
            Adam(learning_rate=MISSING)
        """
        schema: Schema = getattr(cls, ATTRIBUTE)
        try:
            values = schema.admit(schema.bind(args, kwargs), partial=True)
            return schema.unpickle(values)  # type: ignore[no-any-return]
        except Exception as error:
            hide_frames(error)
            raise

    def __eq__(self, other: object) -> bool:
        return provided.eq(self, other)

    def __hash__(self) -> int:
        return provided.hash(self)

    def __repr__(self) -> str:
        return provided.text(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduce_node(self)

    def __copy__(self) -> Self:
        return self  # a tree is immutable

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = jax.tree.map(_own, self)  # arrays may be donated, or shared
        schema: Schema = getattr(type(self), ATTRIBUTE)
        schema.hand_on(self, copied)
        return copied  # type: ignore[no-any-return]

    @property
    def _repr_html_(self) -> Callable[[], str]:
        # No method: treescope would take that for foreign HTML, and show it inside its own.
        return functools.partial(provided.html, self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        return provided.render(self, path, subtree_renderer)


def _own(leaf: Any) -> Any:
    """A copy of a leaf that shares no memory with it; NumPy's is read-only, as in every node."""
    if isinstance(leaf, jax.core.Tracer):
        return leaf
    leaf = copy.deepcopy(leaf)
    if isinstance(leaf, np.ndarray):
        leaf.setflags(write=False)
    return leaf
