"""`Node`: what every symbolic node has, whatever else it is."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable
from typing import Any, Self

from symjax.core.containers import Map
from symjax.core.lookup import find, public_name
from symjax.core.marks import MISSING
from symjax.core.schema import ATTRIBUTE, LINEAGE, Schema, schema_of
from symjax.core.shown import shown


class Node:
    """Equality, text, HTML, pickling and `rebind` of symbolic nodes; a mixin."""

    __slots__ = ()

    def rebind(self, updates: Any = None, /, **fields: Any) -> Self:
        """A new tree with updates applied; see `symjax.rebind`."""
        from symjax.verbs.rebind import rebind

        return rebind(self, updates, **fields)

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
        from symjax.core.object import settle_missing

        schema: Schema = getattr(cls, ATTRIBUTE)
        held = schema.complete(schema.validator().admit(schema.bind(args, kwargs)))
        settle_missing(schema, held, partial=True)
        return schema.unpickle(held)  # type: ignore[no-any-return]

    def __eq__(self, other: object) -> bool:
        from symjax.verbs.equality import eq

        return eq(self, other)

    def __hash__(self) -> int:
        from symjax.verbs.equality import hash as tree_hash

        return tree_hash(self)

    def __repr__(self) -> str:
        from symjax.text.formatting import format as format_tree

        return format_tree(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """A node is pickled as its class and its arguments; nothing is checked again."""
        schema: Schema = getattr(type(self), ATTRIBUTE)
        arguments = [(name, value) for name, value in schema.values(self) if value is not MISSING]
        values = named(dict(shown(schema, arguments, rebuilds=True, same=None)))
        steps = schema.caches(self).get(LINEAGE, ())
        if schema.original is not None and public_name(schema.cls) is None:
            return _revive_adopted, (schema.original, schema.options, values, steps)
        return _revive, (schema.cls, values, steps)

    def __copy__(self) -> Self:
        return self  # a tree is immutable

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    @property
    def _repr_html_(self) -> Callable[[], str]:
        # No method: treescope would take that for foreign HTML, and show it inside its own.
        from symjax.text.notebooks import to_html

        return functools.partial(to_html, self)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        from symjax.text.notebooks import render_node

        return render_node(self, path, subtree_renderer)


@dataclasses.dataclass(frozen=True, slots=True)
class _Name:
    """Stands in a pickle for a function that has a public name: JAX's do not pickle as themselves."""

    module: str
    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Partial:
    """Stands for a `functools.partial`, whose function may have to be named."""

    function: Any
    args: tuple[Any, ...]
    keywords: dict[str, Any]


def named(value: Any) -> Any:
    """A value with names in the place of functions, in containers too."""
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    if type(value) is Map:
        return Map.of(named(dict(value)))
    if isinstance(value, tuple) and schema_of(value) is None:
        return getattr(type(value), "_make", tuple)([named(item) for item in value])
    if type(value) is functools.partial:
        return _Partial(named(value.func), named(value.args), named(value.keywords))
    if callable(value) and not isinstance(value, type) and not isinstance(value, Node):
        found = public_name(value)
        if found is not None:
            return _Name(*found)
    return value


def _found(value: Any) -> Any:
    """The inverse of `named`; imports modules, as unpickling does anyway."""
    if isinstance(value, _Name):
        importlib.import_module(value.module)
        return find(value.module, value.name)
    if isinstance(value, _Partial):
        return functools.partial(_found(value.function), *_found(value.args), **_found(value.keywords))
    if isinstance(value, dict):
        return {key: _found(item) for key, item in value.items()}
    if type(value) is Map:
        return Map.of(_found(dict(value)))
    if isinstance(value, tuple) and schema_of(value) is None:
        return getattr(type(value), "_make", tuple)([_found(item) for item in value])
    return value


def revive_map(items: dict[Any, Any]) -> Map:
    """A map as it comes out of a pickle."""
    return Map.of(_found(items))


def _revive(cls: type, values: dict[str, Any], steps: tuple[str, ...] = ()) -> Any:
    from symjax.verbs.refs import guard_holder

    values = _found(values)
    guard_holder(cls, values.values())
    schema: Schema = getattr(cls, ATTRIBUTE)
    node = schema.unpickle({**schema.defaults, **values})
    if steps:
        schema.caches(node)[LINEAGE] = steps
    return node


def _revive_adopted(
    original: Any, options: tuple[Any, ...], values: dict[str, Any], steps: tuple[str, ...] = ()
) -> Any:
    """Likewise for a class that was symbolized by a call, and has no place of its own."""
    from symjax.adoption.symbolize import adopt_with

    return _revive(adopt_with(original, options), values, steps)
