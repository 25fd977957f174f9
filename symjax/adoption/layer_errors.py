"""Errors inside a running Linen module, told with the symbolic path of the layer at fault."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import flax.linen as nn
import jax

from symjax.core.errors import at
from symjax.core.leaves import is_array
from symjax.core.paths import ROOT, Path
from symjax.core.placeholders import undecided
from symjax.core.schema import ATTRIBUTE, Schema, is_choice, is_symbolic
from symjax.core.shown import shown
from symjax.text.array_forms import shape_text
from symjax.text.formatting import format as format_tree
from symjax.verbs.tree import child
from symjax.verbs.walk import walk

NEEDS_VALUE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)
_LOCATED = "_sj_located"


def locate(error: Exception, module: nn.Module, args: tuple[Any, ...]) -> Exception:
    """The error with the place of the module in which it happened; of the same type.

    Args:
        error: What the module raised.
        module: The innermost symbolic module that was running, bound.
        args: What it was called with.

    Returns:
        An error to be raised from `error`; or `error` itself where its place is told already.
    """
    if getattr(error, _LOCATED, False):
        return error
    path = path_of(module)
    inputs = ", ".join(shape_text(arg) if is_array(arg) else type(arg).__name__ for arg in args)
    lines = [f"{path}: " if path else "", f"{_text(module)} was called with ({inputs}): {error}"]
    lines += _advice_on_choice(module)
    if isinstance(error, NEEDS_VALUE):
        lines += _advice_on_traced(module)
    kind: Any = type(error)
    located: Exception = _located_type(kind).__new__(_located_type(kind))
    located.args = ("".join([*lines, f" {at(path)}"]),)
    return located


def path_of(module: nn.Module) -> Path:
    """Where a bound module stands in the tree of the module that was applied.

    A layer that is made inside another has no place in the tree; its name in Flax's parameter tree
    stands at the end of the path instead.
    """
    parent = module.parent
    if not isinstance(parent, nn.Module):
        return ROOT
    for name, value in _fields(parent).items():
        for path, item, _ in walk({name: value}):
            if item is module:
                return path_of(parent) / path
    return path_of(parent) / (module.name or type(module).__name__)


def _fields(module: nn.Module) -> dict[str, Any]:
    home = getattr(type(module), "__symjax_twin__", type(module))
    schema: Schema | None = getattr(home, ATTRIBUTE, None)
    if schema is None:
        return {}
    held = vars(module)
    return {name: held[name] for name in schema.names if name in held and name != "name"}


def _text(module: nn.Module) -> str:
    """The module as its own tree would print; a bound module is none."""
    home = getattr(type(module), "__symjax_twin__", type(module))
    schema: Schema | None = getattr(home, ATTRIBUTE, None)
    if schema is None:
        return type(module).__name__
    arguments = [
        f"{name}={format_tree(value)}"
        for name, value in shown(schema, _fields(module).items(), rebuilds=False, same=operator.is_)
        if not isinstance(value, nn.Module | tuple)
    ]
    return f"{home.__name__}({', '.join(arguments)})"


def _advice_on_traced(module: nn.Module) -> Iterator[str]:
    """Which fields brought traced floats to code that needs their values."""
    told = set()
    for owner, path, _ in _sources(module, _is_traced_float):
        cls, name = _field_at(owner, path)
        if (cls, name) not in told:
            told.add((cls, name))
            yield (
                f"\nThe float {path_of(owner) / path} is a leaf, which jit traces, and Python control flow "
                f"and NumPy need its value: make it structure, by static=True in the field of "
                f"{cls.__name__} or @sj.symbolize(static=[{name!r}])."
            )


def _advice_on_choice(module: nn.Module) -> Iterator[str]:
    """The first field that is still open; decoding decides all of them."""
    for owner, path, choice in itertools.islice(_sources(module, is_choice), 1):
        yield f"\n{path_of(owner) / path} is an open choice: {undecided(choice)}."


def _is_traced_float(value: Any) -> bool:
    return isinstance(value, jax.core.Tracer) and value.shape == ()


def _sources(module: nn.Module, test: Callable[[Any], bool]) -> Iterator[tuple[nn.Module, Path, Any]]:
    """Where the values in a module's fields that pass a test come from: the outermost places of the same.

    Yields:
        ``(owner, path, value)``: the module around `module`, or itself, and the place in it.
    """
    for path, value, _ in walk(_fields(module)):
        if not test(value):
            continue
        source = module, path, value
        outer = module.parent
        while isinstance(outer, nn.Module):
            held = next((place for place, item, _ in walk(_fields(outer)) if item is value), None)
            if held is not None:
                source = outer, held, value
            outer = outer.parent
        yield source


def _field_at(module: nn.Module, path: Path) -> tuple[type, str]:
    """The class and the field that hold a place in a module: those of the innermost node on the way there."""
    first, *rest = path.keys
    holder, name, value = type(module), str(first), _fields(module)[str(first)]
    for key in rest:
        if is_symbolic(value):
            holder, name = type(value), str(key)
        value = child(value, key, path)
    return holder, name


@functools.cache
def _located_type(cls: Any) -> Any:
    def text(self: Exception) -> str:
        return str(self.args[0])

    namespace = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__str__": text,
        _LOCATED: True,
    }
    return type(cls.__name__, (cls,), namespace)
