"""NNX models in which the functions that their methods call are replaced."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final

import jax
from flax import nnx

from ...roles.marks import has_role
from ..functions.rewriting import Scopes
from ..functions.running import FunctionPatch, Places, run_rewritten
from .graph import modules_of, subclass, variables_of

_PATCHES: Final = "sj_traced"  # an attribute of a patched module: its patches
_PLACE: Final = "sj_scope"  # an attribute of the layers in it while it runs: their path
_MARK: Final = "@"  # what the named scopes of layers begin with
_CALLING: Final = "__symjax_calling__"  # an attribute of a class that was made here
_acting: Final[ContextVar[frozenset[int]]] = ContextVar("symjax_nnx_acting", default=frozenset())


def replacing_functions(module: nnx.Module, patches: Sequence[tuple[FunctionPatch, Any]]) -> nnx.Module:
    """A module whose methods are traced, as by `jax.jit`, and call other functions; `module` is changed.

    Args:
        module: The module.
        patches: The patches, each with the item of `inside` of which it is a part.
    """
    before = getattr(module, _PATCHES, ())
    setattr(module, _PATCHES, nnx.static((*before, *patches)))
    object.__setattr__(module, "__class__", _calling(type(module)))
    return module


@functools.cache
def _calling(cls: type[nnx.Module]) -> type[nnx.Module]:
    """The class of patched modules of a class."""
    if _CALLING in vars(cls):
        return cls
    methods = {
        name: _replacing(method)
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if name == "__call__" or not (name.startswith("_") or hasattr(nnx.Module, name))
    }
    return subclass(cls, {**methods, _CALLING: True})


def _replacing(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that runs as a program in which functions are replaced."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        key = id(getattr(self, _PATCHES))
        if key in _acting.get():  # a method that calls another one
            return method(self, *args, **kwargs)
        token = _acting.set(_acting.get() | {key})
        try:
            return _run(method, self, args, kwargs)
        finally:
            _acting.reset(token)

    return wrapped


def _run(method: Callable[..., Any], module: nnx.Module, args: Any, kwargs: Any) -> Any:
    """Calls a method on copies of the module, and of the sources of randomness among the arguments.

    What these hold afterwards goes back into the originals.
    """
    leaves, treedef = jax.tree.flatten((args, kwargs), is_leaf=_is_stateful)
    stateful = [leaf for leaf in leaves if _is_stateful(leaf)]
    others = [None if _is_stateful(leaf) else leaf for leaf in leaves]
    graphdef, state = nnx.split((module, stateful))
    structure: Any = None

    def pure(state: Any, others: list[Any]) -> Any:
        nonlocal structure
        copy, copies = nnx.merge(graphdef, state)
        rest = iter(copies)
        filled = [
            next(rest) if _is_stateful(leaf) else other for leaf, other in zip(leaves, others, strict=True)
        ]
        args, kwargs = jax.tree.unflatten(treedef, filled)
        with _Scoped(copy):
            outputs = method(copy, *args, **kwargs)
        structure, state = nnx.split((copy, copies))
        return outputs, state

    patches = getattr(module, _PATCHES)
    outputs, state = run_rewritten(pure, patches, _LayerPlaces(module), (state, others), {})
    new, new_stateful = nnx.merge(structure, state)
    _take_over(module, new)
    for old, changed in zip(stateful, new_stateful, strict=True):
        _take_over(old, changed)
    return outputs


def _is_stateful(leaf: Any) -> bool:
    return isinstance(leaf, nnx.Pytree | nnx.Variable)


def _take_over(old: Any, new: Any) -> None:
    """Gives variables the values of those of a copy; those that the copy has gained (`sow`) are added."""
    ours = variables_of(old)
    layers = dict(modules_of(old))
    for path, variable in variables_of(new).items():
        if path in ours:
            if ours[path].get_value() is not variable.get_value():
                ours[path].set_value(variable.get_value())
        elif path.parent in layers:
            setattr(layers[path.parent], str(path.key), variable)


class _LayerPlaces(Places):
    """The layers of a module, by the named scopes in which they run."""

    def __init__(self, module: nnx.Module) -> None:
        self._layers = {tuple(map(str, path)): layer for path, layer in modules_of(module)}

    def path(self, scopes: Scopes) -> Scopes:
        """See `Places.path`."""
        named = [scope for scope in scopes if scope.startswith(_MARK)]
        return tuple(named[-1].removeprefix(_MARK).split(".")) if named else ()

    def is_in(self, scopes: Scopes, role: str) -> bool:
        """See `Places.is_in`."""
        path = self.path(scopes)
        around = [self._layers.get(path[:depth]) for depth in range(len(path) + 1)]
        return any(layer is not None and has_role(layer, role) for layer in around)


class _Scoped:
    """While it lasts, the layers of a module run in named scopes that tell their paths."""

    def __init__(self, module: nnx.Module) -> None:
        self._layers = [(path, layer) for path, layer in modules_of(module) if path]

    def __enter__(self) -> None:
        self._classes = [type(layer) for _, layer in self._layers]
        for place, layer in self._layers:
            setattr(layer, _PLACE, nnx.static(_MARK + ".".join(map(str, place))))
            object.__setattr__(layer, "__class__", _scoping(type(layer)))

    def __exit__(self, *_: object) -> None:
        for (__, module), own in zip(self._layers, self._classes, strict=True):
            object.__setattr__(module, "__class__", own)
            delattr(module, _PLACE)


@functools.cache
def _scoping(cls: type[nnx.Module]) -> type[nnx.Module]:
    """A class of layers that run in named scopes."""

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        with jax.named_scope(getattr(self, _PLACE)):
            return cls.__call__(self, *args, **kwargs)

    return subclass(cls, {"__call__": __call__}) if "__call__" in dir(cls) else cls
