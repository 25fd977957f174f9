"""Errors inside an NNX module, with a note on the layer at fault and its place in the module that was called.

The error itself stays Flax's own. The layer is found by the frames of the traceback: the layers of NNX know
neither their parents nor their names.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from flax import nnx

from symjax.adoption.traced_floats import NEEDS_VALUE, TracedFloat, advice, traced_floats
from symjax.core.errors import locate, note
from symjax.core.paths import ROOT, Path
from symjax.core.tracebacks import hide_frames

_NOTING = "_sj_noting"
_inside = contextvars.ContextVar("symjax_nnx_inside", default=False)


def noting(call: Callable[..., Any]) -> Callable[..., Any]:
    """A module's method that tells of an error at which layer it happened; the outermost one does."""
    if hasattr(call, _NOTING):
        return call

    @functools.wraps(call)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if _inside.get() or not (args and isinstance(args[0], nnx.Module)):
            return call(*args, **kwargs)
        token = _inside.set(True)
        try:
            return call(*args, **kwargs)
        except Exception as error:
            note_layer(error, args[0])
            hide_frames(error)
            raise
        finally:
            _inside.reset(token)

    setattr(wrapped, _NOTING, True)
    return wrapped


def note_methods(cls: type) -> None:
    """Lets the methods that a class defines tell of an error at which layer it happened."""
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and (name == "__call__" or not name.startswith("_")):
            setattr(cls, name, noting(method))


def note_layer(error: Exception, module: nnx.Module) -> None:
    """Notes on an error where in `module` it happened."""
    path, layer = ROOT, module
    for inner in _modules(error.__traceback__):
        below = _path_in(layer, inner)
        # Transforms such as `nnx.jit` run a copy of the module.
        path = path / below if below is not None else ROOT
        layer = inner
    running = f"{_text(layer)} was running"
    if locate(error, path, f"{path}: {running}" if path else running):
        note_floats(error, path, type(layer), vars(layer))


def note_floats(error: Exception, path: Path, owner: type, values: dict[str, Any]) -> None:
    """Notes which values Python control flow cannot test since `jit` traces them.

    Args:
        error: What was raised.
        path: Where the layer stands, or the node of which it is built.
        owner: Its class.
        values: Its attributes, or its arguments.
    """
    if isinstance(error, NEEDS_VALUE):
        own = {name: value for name, value in values.items() if not isinstance(value, nnx.Module)}
        floats = [TracedFloat(path / each.path, each.owner, each.field) for each in traced_floats(owner, own)]
        for text in advice(error, floats):
            note(error, text)


def _modules(traceback: types.TracebackType | None) -> Iterator[nnx.Module]:
    """The modules whose methods were running, outermost first."""
    while traceback is not None:
        owner = traceback.tb_frame.f_locals.get("self")
        if isinstance(owner, nnx.Module):
            yield owner
        traceback = traceback.tb_next


def _path_in(module: nnx.Module, inner: nnx.Module) -> Path | None:
    """Where one module stands in another."""
    return next((Path(path) for path, node in nnx.iter_graph(module) if node is inner), None)


def _text(module: nnx.Module) -> str:
    """A module with the sizes that it was given, by which one knows it."""
    values = vars(module)
    sizes = [
        f"{name}={values[name]}"
        for name, parameter in inspect.signature(type(module).__init__).parameters.items()
        if name in values and _is_size(values[name]) and values[name] != parameter.default
    ]
    return f"{type(module).__name__}({', '.join(sizes)})"


def _is_size(value: Any) -> bool:
    return type(value) is int or (type(value) is tuple and all(type(item) is int for item in value))
