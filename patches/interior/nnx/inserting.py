"""Layers before and after a layer of NNX, which keeps its place and the paths of its parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
from flax import nnx

from symjax.adoption.symbolize import symbolize
from symjax.core.containers import freeze
from symjax.core.schema import ATTRIBUTE

from .bridge import Bridge, Shapes, arrays_of, is_linen
from .graph import subclass

_ORDER: Final = "sj_inserted"  # an attribute: the names of those before and of those after
_FLAGS: Final = {"decode": False, "deterministic": True}
_INSERTING: Final = "__symjax_inserting__"  # an attribute of a class that was made here


def inserted(
    layer: nnx.Module,
    before: Sequence[Any] = (),
    after: Sequence[Any] = (),
    inputs: Shapes | None = None,
    *,
    rngs: nnx.Rngs,
) -> nnx.Module:
    """A layer whose first argument passes modules before, and whose output passes modules afterwards.

    It is the layer itself, with these as further attributes, ``before_0``, … and ``after_0``, …; so its
    parameters stay where they are.

    Args:
        layer: The layer, which is changed.
        before: Modules or functions, in order; of Linen, too.
        after: Likewise.
        inputs: With what the layer is called; needed where a Linen layer is among them.
        rngs: Where the parameters of Linen layers come from.
    """
    modules = _through(layer, before, after, inputs, rngs)
    old_before, old_after = getattr(layer, _ORDER, ((), ()))
    order = (
        (*_names(layer, "before", len(before)), *old_before),
        (*old_after, *_names(layer, "after", len(after))),
    )
    for name, module in zip((*order[0][: len(before)], *order[1][len(old_after) :]), modules, strict=True):
        setattr(layer, name, module)
    setattr(layer, _ORDER, nnx.static(order))
    object.__setattr__(layer, "__class__", _inserting(type(layer)))
    return layer


InsertedNode: Final[Any] = symbolize(inserted, name="symjax.patches.nnx.inserted")
"""The class of nodes of layers with others before and after them."""


def insertion(layer: Any, before: Sequence[Any], after: Sequence[Any]) -> Any:
    """The node of a layer of NNX with others before and after it; see `symjax.patches.insert`."""
    return InsertedNode(layer, freeze(tuple(before)), freeze(tuple(after)))


def is_insertion(value: Any) -> bool:
    """Whether a value is a node of a layer with others before and after it."""
    return isinstance(value, InsertedNode)


def wants_inputs(node: Any) -> bool:
    """Whether a node is an insertion of Linen layers, which have to know with what the layer is called."""
    return is_insertion(node) and node.inputs is None and any(map(is_linen, (*node.before, *node.after)))


def around(module: nnx.Module) -> tuple[list[Any], list[Any]] | None:
    """What stands before and after a layer; None where nothing does."""
    if _ORDER not in vars(module):
        return None
    before, after = getattr(module, _ORDER)
    return [getattr(module, name) for name in before], [getattr(module, name) for name in after]


def inserted_node(layer: Any, before: Sequence[Any], after: Sequence[Any]) -> Any:
    """Such a node of parts that were read back from a built layer."""
    schema = getattr(InsertedNode, ATTRIBUTE)
    schema.validator()
    values = {"layer": layer, "before": tuple(before), "after": tuple(after)}
    return schema.revive({**schema.defaults, **values})


def _names(layer: nnx.Module, kind: str, count: int) -> list[str]:
    """Names of attributes that the layer does not have yet."""
    first = next(number for number in range(len(vars(layer)) + 1) if f"{kind}_{number}" not in vars(layer))
    return [f"{kind}_{first + number}" for number in range(count)]


def _through(
    layer: nnx.Module, before: Sequence[Any], after: Sequence[Any], inputs: Shapes | None, rngs: nnx.Rngs
) -> list[Any]:
    """The modules, those of Linen as layers of NNX, made for what they will be called with."""
    modules: list[Any] = []
    current, rest = (None, ()) if inputs is None else (inputs[:1], inputs[1:])
    for part in (*before, None, *after):
        if part is None:
            current = current and _outputs(layer, (*current, *rest))
            continue
        if is_linen(part):
            if current is None:
                raise ValueError("a Linen layer is inserted, and with what it will be called is not known")
            part = Bridge(part, current, rngs=rngs)
        modules.append(part)
        current = current and _outputs(part, current)
    return modules


def _outputs(part: Any, inputs: Shapes) -> Shapes:
    """Shape and dtype of what a module or a function gives for an input."""
    first = jax.tree.leaves(outputs_of(part, inputs))[0]
    return ((tuple(first.shape), str(first.dtype)),)


def outputs_of(part: Any, inputs: Shapes) -> Any:
    """What a module or a function gives for an input, as shapes and dtypes.

    An attention that is to be told in each call whether it decodes and drops does neither.
    """
    arrays = arrays_of(inputs)
    if not isinstance(part, nnx.Module):
        return jax.eval_shape(part, *arrays)
    graphdef, state = nnx.split(part)
    taken = inspect.signature(type(part).__call__).parameters
    flags = {name: value for name, value in _FLAGS.items() if name in taken}

    def run(state: Any, arrays: list[Any]) -> Any:
        module: Any = nnx.merge(graphdef, state)
        module.eval()
        return module(*arrays, **flags)

    return jax.eval_shape(run, state, arrays)


@functools.cache
def _inserting(cls: type[nnx.Module]) -> type[nnx.Module]:
    """The class of layers of a class that have others before and after them."""
    if _INSERTING in vars(cls):
        return cls
    call: Callable[..., Any] = getattr(cls, "__call__")  # noqa: B004, B009 - mypy sees no method of that name

    @functools.wraps(call)
    def __call__(self: Any, inputs: Any, /, *args: Any, **kwargs: Any) -> Any:
        before, after = getattr(self, _ORDER)
        for name in before:
            inputs = getattr(self, name)(inputs)
        outputs = call(self, inputs, *args, **kwargs)
        for name in after:
            outputs = getattr(self, name)(outputs)
        return outputs

    return subclass(cls, {"__call__": __call__, _INSERTING: True})
