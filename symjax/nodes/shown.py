"""What a node shows: which of its arguments text, source, files and pickles hold, and which not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from symjax.core.marks import MISSING
from symjax.core.schema import Schema
from symjax.names.lookup import is_nameless


def shown(
    schema: Schema,
    values: Iterable[tuple[str, Any]],
    *,
    rebuilds: bool,
    same: Callable[[Any, Any], bool] | None,
    decided: Collection[str] = (),
) -> list[tuple[str, Any]]:
    """The arguments of a node that are worth a reader's while, or that rebuild it, in order.

    An argument that is not given shows, as `MISSING`, where it is required.

    Args:
        schema: The schema of the node's class.
        values: The node's arguments by name.
        rebuilds: Whether an equal node is made of what is shown: a source, a file, a pickle. Then a default
            without a name (a closure) is left out, which the class makes again; what is meant to be read
            leaves out the fields that are marked ``repr=False`` instead.
        same: When a value is as good as its default, and left out; None leaves out no default, but those
            that a class always hides (a Linen module's `name`).
        decided: The arguments that a search has decided, which show whatever they are.
    """
    arguments = []
    for name, value in values:
        field = schema.fields[name]
        if value is MISSING:
            hides = not field.required
        else:
            default = field.default
            hides = default is not MISSING and (
                (value is default and (name in schema.hidden or (rebuilds and name in _nameless(schema))))
                or (same is not None and name not in decided and same(value, default))
            )
        if not hides and (rebuilds or field.repr):
            arguments.append((name, value))
    return arguments


def _nameless(schema: Schema) -> frozenset[str]:
    """The fields whose default has no name; looked up once, because a lookup searches a dozen modules."""
    if schema.nameless is None:
        schema.nameless = frozenset(name for name, value in schema.defaults.items() if is_nameless(value))
    return schema.nameless
