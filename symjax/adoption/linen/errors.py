"""Errors inside a running Linen module, told with the symbolic path of the layer at fault."""

from __future__ import annotations

import dataclasses
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn

from symjax.adoption.linen.bound import fields_of_bound, path_of, symbolic_class
from symjax.adoption.traced_floats import NEEDS_VALUE, TracedFloat, advice, field_at, is_traced_float
from symjax.core.containers import freeze
from symjax.core.errors import locate, note
from symjax.core.leaves import is_array
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE, Schema, holds, is_choice
from symjax.nodes.placeholders import undecided
from symjax.nodes.shown import shown
from symjax.text.array_forms import shape_text
from symjax.text.formatting import format as format_tree
from symjax.verbs.walk import walk


def note_layer(error: Exception, module: nn.Module, method: str, args: tuple[Any, ...]) -> None:
    """Notes on an error in which module it happened, and what to do about what the module's fields hold.

    Args:
        error: What the module raised.
        module: The innermost symbolic module that was running, bound.
        method: The name of its method that was running.
        args: What it was called with.
    """
    path = path_of(module)
    if method == "setup":  # Flax calls it, with nothing
        called = f"{_text(module)} was in its setup"
    else:
        inputs = ", ".join(shape_text(arg) if is_array(arg) else type(arg).__name__ for arg in args)
        name = "" if method == "__call__" else f".{method}"
        called = f"{_text(module)}{name} was called with ({inputs})"
    if not locate(error, path, f"{path}: {called}" if path else called):
        return
    for text in _advice_on_choice(module):
        note(error, text)
    if isinstance(error, NEEDS_VALUE):
        for text in advice(error, _traced_floats(module)):
            note(error, text)


def _text(module: nn.Module) -> str:
    """The module as its own tree would print; a bound module is none."""
    cls = symbolic_class(module)
    schema: Schema | None = getattr(cls, ATTRIBUTE, None)
    values = (
        _changed_fields(module)
        if schema is None
        else shown(schema, fields_of_bound(module).items(), rebuilds=False, same=operator.is_)
    )
    arguments = [
        f"{name}={format_tree(value)}"
        for name, value in values
        if not holds((value,), lambda part: isinstance(part, nn.Module))
    ]
    return f"{cls.__name__}({', '.join(arguments)})"


def _changed_fields(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """The arguments of a module of plain Flax that are not their field's default."""
    for field in dataclasses.fields(module):
        value = getattr(module, field.name, field.default)
        if field.name not in ("parent", "name") and value is not field.default:
            yield field.name, freeze(value)


def _traced_floats(module: nn.Module) -> Iterator[TracedFloat]:
    """The traced floats in a module's fields, by the fields that brought them into the tree."""
    for outer, path, value in _sources(module, is_traced_float):
        owner, field = field_at(type(outer), fields_of_bound(outer), path)
        yield TracedFloat(path_of(outer) / path, owner, field, value)


def _advice_on_choice(module: nn.Module) -> Iterator[str]:
    """The first field that is still open; decoding decides all of them."""
    for owner, path, choice in itertools.islice(_sources(module, is_choice), 1):
        yield f"{path_of(owner) / path} is an open choice: {undecided(choice)}."


def _sources(module: nn.Module, test: Callable[[Any], bool]) -> Iterator[tuple[nn.Module, Path, Any]]:
    """Where the values in a module's fields that pass a test come from: the outermost places of the same.

    Yields:
        ``(owner, path, value)``: the module around `module`, or itself, and the place in it.
    """
    for path, value, _ in walk(fields_of_bound(module)):
        if not test(value):
            continue
        source = module, path, value
        outer = module.parent
        while isinstance(outer, nn.Module):
            place = next((place for place, item, _ in walk(fields_of_bound(outer)) if item is value), None)
            if place is not None:
                source = outer, place, value
            outer = outer.parent
        yield source
