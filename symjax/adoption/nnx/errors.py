"""Errors inside an NNX module, with a note on the layer at fault and its place in the module that was called.

The error itself stays Flax's own. The layer is found by the frames of the traceback: the layers of NNX know
neither their parents nor their names.
"""

from __future__ import annotations

import contextvars
import dataclasses
import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    layers = [(path, layer)]
    for inner in _modules(error.__traceback__):
        below = _path_in(layer, inner)
        # Transforms such as `nnx.jit` run a copy of the module.
        path = path / below if below is not None else ROOT
        layer = inner
        layers.append((path, layer))
    running = f"{_text(layer)} was running"
    if locate(error, path, f"{path}: {running}" if path else running):
        note_floats(error, [(path, type(layer), vars(layer)) for path, layer in layers])


def note_floats(error: Exception, holders: Sequence[tuple[Path, type, Mapping[str, Any]]]) -> None:
    """Notes which values Python control flow cannot test since `jit` traces them.

    A float is named where the outermost layer holds it, a configuration above all: there it came from.

    Args:
        error: What was raised.
        holders: The layers that were running, outermost first, or the node of which one is built: where each
            stands, its class, and its attributes or arguments. The innermost one's floats are meant.
    """
    if not isinstance(error, NEEDS_VALUE):
        return
    floats = [_floats_of(*holder) for holder in holders]
    own = {id(each.value) for each in floats[-1]}
    outermost: dict[int, TracedFloat] = {}
    for each in itertools.chain.from_iterable(floats):
        if id(each.value) in own:
            outermost.setdefault(id(each.value), each)
    for text in advice(error, outermost.values()):
        note(error, text)


def _floats_of(path: Path, owner: type, values: Mapping[str, Any]) -> list[TracedFloat]:
    own = {name: value for name, value in values.items() if not isinstance(value, nnx.Module)}
    return [dataclasses.replace(each, path=path / each.path) for each in traced_floats(owner, own)]


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
