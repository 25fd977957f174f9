"""Tied modules: Flax shares the parameters of one instance that is used twice; a tree says so.

A module's identity is no part of a tree: JAX loses it, and patches share subtrees freely. So a constructor
that is given the same module twice records a `Ref` at the second place, and only references tie.
"""

from __future__ import annotations

from typing import Any, TypeVar

from symjax.core.containers import Map
from symjax.core.paths import ROOT, Path
from symjax.core.schema import Schema, holds, schema_of
from symjax.verbs.refs import Ref, guard_references, is_node, leads_out, resolved_fields
from symjax.verbs.tree import map_items, replace

T = TypeVar("T")


def record_ties(values: dict[str, Any]) -> dict[str, Any]:
    """A constructor's arguments, with references where a module is given a second time."""
    if not _may_share(values):
        return values
    first: dict[int, Path] = {}

    def visit(value: Any, path: Path, depth: int) -> Any:
        if _is_module(value):
            if id(value) in first:
                return Ref(str(first[id(value)]), depth)
            first[id(value)] = path
        depth += is_node(value)
        changes = map_items(value, path, lambda item, where: visit(item, where, depth))
        return replace(value, changes, path) if changes else value

    return {name: visit(value, Path((name,)), 1) for name, value in values.items()}


def untie(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments in which a module that stands twice by accident is two modules."""
    return untied(values) if _may_share(values) else values


def untied(tree: T) -> T:
    """A tree in which a module that stands twice by accident is two modules."""
    seen: set[int] = set()

    def visit(value: Any, path: Path) -> Any:
        if _is_module(value):
            schema = schema_of(value)
            if id(value) in seen and schema is not None:
                value = schema.revive(schema.arguments(value))
            seen.add(id(value))
        changes = map_items(value, path, visit)
        return replace(value, changes, path) if changes else value

    result: T = visit(tree, ROOT)
    return result


def bind_ties(module: Any, schema: Schema) -> None:
    """Settles what the fields of a module that is about to be bound stand for.

    It gets one instance wherever a reference says so, and only there; and in the place of a function that
    builds a module, that module.
    """
    attributes = module.__dict__
    if "_sj_bound" in attributes:
        return
    values = {name: attributes[name] for name in schema.names if name in attributes}
    if not _may_share(values) and not holds(values.values(), _stands_for_another):
        return
    attributes["_sj_bound"] = True
    settled = resolved_fields(schema, untie(values))
    attributes.update({name: _with_modules(value) for name, value in settled.items()})
    guard_references(schema, values, ())


def _with_modules(value: Any, path: Path = ROOT) -> Any:
    """A value with modules in the place of the functions that build them, also in containers."""
    if _is_function(value):
        return value.make()
    if schema_of(value) is not None:
        return value
    changes = map_items(value, path, _with_modules)
    return replace(value, changes, path) if changes else value


def _stands_for_another(value: Any) -> bool:
    return isinstance(value, Ref) or _is_function(value) or leads_out(value)


def _is_function(value: Any) -> bool:
    schema = schema_of(value)
    return schema is not None and schema.kind == "linen_function"


def _is_module(value: Any) -> bool:
    schema = schema_of(value)
    return schema is not None and schema.kind in ("linen", "linen_function", "nnx")


def _may_share(values: dict[str, Any]) -> bool:
    """Whether two modules can be among these values at all."""
    count = 0
    for value in values.values():
        if isinstance(value, tuple | Map):
            return True
        count += _is_module(value)
    return count > 1
