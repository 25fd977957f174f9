"""With what NNX layers are called: recorded by an abstract call of the model, or found by trying shapes."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import itertools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import jax
from flax import nnx

from symjax.adoption.linen.applying import Call
from symjax.core.paths import Path

from ...outlines.inputs import Inputs
from ...roles.marks import arguments
from .bridge import Bridge, Shape, Shapes
from .graph import modules_of, subclass
from .inserting import is_insertion, outputs_of
from .views import abstract

_BATCH: Final = 1
_SIZE: Final = 32  # of spatial axes that are tried: more than kernels are wide
_AXES: Final = 4  # so many beside the batch and the features are tried
_PLACE: Final = "sj_place"  # an attribute of recording layers: their path in the model
_calls: contextvars.ContextVar[dict[Path, Shapes]] = contextvars.ContextVar("symjax_nnx_calls")

_known: contextvars.ContextVar[Mapping[Path, Shapes]] = contextvars.ContextVar(
    "symjax_nnx_known", default=MappingProxyType({})
)


def recorded(module: nnx.Module, inputs: Inputs) -> dict[Path, Shapes]:
    """With what each layer is called first, by its path, when the model is called with example inputs.

    Nothing is computed: the call is traced abstractly, on a copy of the module whose layers note down what
    they are called with, also in `nnx.scan`, `nnx.vmap` and `nnx.jit`. Layers of which another method than
    ``__call__`` is called are not among them.

    Args:
        module: The model; it may have shapes in the place of arrays.
        inputs: What it is called with.
    """
    graphdef, state = nnx.split(module)

    def run(state: Any, arrays: tuple[Any, ...]) -> None:
        model = nnx.merge(graphdef, state)
        token = object()  # no trace that `nnx.jit` has kept serves: it notes nothing down
        for path, layer in list(modules_of(model)):
            setattr(layer, _PLACE, nnx.static((token, path)))
            object.__setattr__(layer, "__class__", _recording(type(layer)))
        call = Call(*inputs.filled(arrays), inputs.method)
        flags = call.flags(model, bool(call.trains(model)))
        getattr(model, inputs.method or "__call__")(*call.args, **call.kwargs, **flags)

    calls: dict[Path, Shapes] = {}
    context = _calls.set(calls)
    try:
        jax.eval_shape(run, state, inputs.arrays)
    finally:
        _calls.reset(context)
    return calls


@functools.cache
def _recording(cls: type[nnx.Module]) -> type:
    """A class of layers that note down what they are called with."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        _calls.get().setdefault(getattr(self, _PLACE)[1], tuple(map(_shape, args)))
        return cls.__call__(self, *args, **kwargs)

    return subclass(cls, {"__call__": call}) if "__call__" in dir(cls) else cls


def _shape(value: Any) -> Shape | None:
    return (tuple(value.shape), str(value.dtype)) if hasattr(value, "shape") else None


def tried(layer: nnx.Module, node: Any) -> Shapes | None:
    """An input that a layer takes, as its arguments tell; None if no such is found.

    Its width is an argument of the layer; its number of axes is the least with which the layer can be called,
    or that of a convolution's kernel.

    Args:
        layer: The layer, with or without arrays.
        node: Its arguments, as they could be read back.
    """
    for dtype in ("float32", "int32"):
        for axes, width in itertools.product(_axes(node), _widths(node, dtype)):
            inputs = (((_BATCH, *(_SIZE,) * axes, *width), dtype),)
            if _takes(layer, inputs):
                return inputs
    return None


def _axes(node: Any) -> list[int]:
    """How many axes may lie between the batch and the features."""
    kernel = arguments(node, "convolution").get("kernel_size")
    if kernel is not None:
        return [len(kernel.value) if isinstance(kernel.value, tuple) else 1]
    return list(range(_AXES))


def _widths(node: Any, dtype: str) -> Iterator[tuple[int, ...]]:
    """The last axes that a layer's input may have: its arguments that are sizes, those of inputs first."""
    if dtype == "int32":
        yield ()
    values = dict(node.__symjax_schema__.values(node))
    for name in sorted(values, key=lambda name: not name.startswith("in_")):
        value = values[name]
        if type(value) is int and value > 0:
            yield (value,)
        elif isinstance(value, tuple) and value and all(type(size) is int and size > 0 for size in value):
            yield value


def _takes(layer: nnx.Module, inputs: Shapes) -> bool:
    try:
        outputs_of(layer, inputs)
    except Exception:  # noqa: BLE001 - a layer that is called wrongly may raise anything
        return False
    return True


@contextlib.contextmanager
def knowing(calls: Mapping[Path, Shapes]) -> Iterator[None]:
    """While it lasts, it is known with what the layers of a module are called that is being patched."""
    token = _known.set(calls)
    try:
        yield
    finally:
        _known.reset(token)


def known_calls() -> Mapping[Path, Shapes]:
    """With what the layers of the module are called that is being patched, as far as it was said."""
    return _known.get()


def inputs_of(layer: nnx.Module, node: Any, path: Path, calls: Mapping[Path, Shapes]) -> Shapes | None:
    """With what a layer is called: as it was recorded, or else as its arguments tell; None if they do not.

    Args:
        layer: The layer, perhaps one of a stack.
        node: Its arguments.
        path: Where it stands in the model.
        calls: What was recorded.
    """
    if isinstance(layer, Bridge):
        return layer.inputs
    if path in calls:
        return calls[path]
    if is_insertion(node):
        node = node.layer
    single = layer
    with contextlib.suppress(Exception):  # of a stack, one; what cannot be built again is tried as it is
        single = abstract(node)
    return tried(single, node)
