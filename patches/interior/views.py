"""Running Linen layers, shown as the nodes that rules know, and made to run again."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import flax.linen as nn

from symjax.adoption.linen.bound import symbolic_class
from symjax.adoption.linen.rates import TracedRate
from symjax.adoption.plain_modules import symbolic_version
from symjax.core.inside import INSIDE
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE, schema_of

_LIFTS: Final = "flax.linen.transforms"  # where lifted transforms make classes


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class View:
    """A running layer as a node.

    Attributes:
        node: The layer's arguments, as an unbound symbolic module.
        children: The modules in fields of the layer, by their place in the node, each a node there too.
        originals: These modules by the identity of their nodes.
    """

    node: Any
    children: dict[Path, nn.Module]
    originals: dict[int, nn.Module]

    def bound(self, layer: Any, changed: dict[Path, Any]) -> Any:
        """A layer that rules have made of the node, with modules that run in the place of their nodes.

        Args:
            layer: The layer.
            changed: New nodes of children, by their place; each runs on the scope of the old one.
        """
        modules = dict(self.originals)
        for place in sorted(changed, key=len, reverse=True):  # a child's own children first
            old, new = self.children[place], changed[place]
            if old.scope is not None and isinstance(new, nn.Module):
                running = _replaced(new, modules)
                modules[id(new)] = running.clone(parent=old.scope.rewound(), name=old.name)
        return _replaced(layer, modules) if modules else layer


def view(module: nn.Module) -> View | None:
    """A running layer as a node; None for one of a class that is no part of trees."""
    shown = View(None, {}, {})
    node = _node(module, ROOT, shown)
    return None if node is None else dataclasses.replace(shown, node=node)


def class_of(module: nn.Module) -> Any:
    """The symbolic class of a running layer; None where nothing can be one, as no code could name it."""
    try:
        return symbolic_version(symbolic_class(module))
    except TypeError:
        return None


def _node(module: nn.Module, place: Path, shown: View) -> Any:
    cls = class_of(module)
    if cls is None:
        return None
    schema = getattr(cls, ATTRIBUTE)
    attributes = vars(module)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(module):
        if field.name != "parent" and field.init and field.name in attributes:
            values[field.name] = _value(attributes[field.name], place / field.name, shown)
    for name, foreign in schema.adopted_defaults.items():
        if values.get(name) is foreign:
            values[name] = schema.defaults[name]
    if schema.patchable and attributes.get(INSIDE):
        values[INSIDE] = attributes[INSIDE]
    schema.register()
    return schema.revive(values)


def _value(value: Any, place: Path, shown: View) -> Any:
    """The value of a field, with nodes for modules."""
    if isinstance(value, nn.Module):
        node = _node(value, place, shown)
        if node is None:
            return value
        if value.scope is not None:
            shown.children[place] = value
            shown.originals[id(node)] = value
        return node
    if isinstance(value, tuple | list):
        items = [_value(item, place / index, shown) for index, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value.value if isinstance(value, TracedRate) else value


def _replaced(value: Any, modules: dict[int, nn.Module]) -> Any:
    """A value with modules in the place of their nodes, by the identity of these."""
    if id(value) in modules:
        return modules[id(value)]
    if isinstance(value, tuple):
        items = [_replaced(item, modules) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if not isinstance(value, nn.Module):
        return value
    schema = schema_of(value)
    if schema is None:
        return value
    arguments = schema.arguments(value)
    new_arguments = {name: _replaced(item, modules) for name, item in arguments.items()}
    if all(new_arguments[name] is item for name, item in arguments.items()):
        return value
    return schema.revive(new_arguments)


def is_lifted(module: nn.Module) -> bool:
    """Whether a lifted transform made the class of a module; inside of it runs one of the class itself."""
    return any(cls.__module__.startswith(_LIFTS) for cls in type(module).__mro__)


def below(path: tuple[str, ...], prefixes: frozenset[tuple[str, ...]]) -> bool:
    """Whether a path is one of some others, or lies below one."""
    return any(path[: len(prefix)] == prefix for prefix in prefixes)
