"""Linen models that run with patches of the functions that their methods call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final

import flax.linen as nn

from symjax.adoption.flax_private import call_lifted
from symjax.adoption.linen.bound import symbolic_class
from symjax.adoption.linen.modules import Module

from .running import FunctionPatch, ModulePlaces, run_rewritten


class FunctionLayer(Module):
    """A function as a layer, where a rule has put one in the place of a layer.

    Attributes:
        function: What is called.

    Example:
        >>> import jax
        >>> FunctionLayer(jax.nn.relu).apply({}, jax.numpy.array([-1.0, 1.0])).tolist()
        [0.0, 1.0]
    """

    function: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self.function(*args, **kwargs)


# The patches that act on what is being traced, with the paths of their models: where a method calls another
# one of its module, they do not act twice.
_acting: Final[ContextVar[frozenset[tuple[int, Any]]]] = ContextVar("symjax_acting", default=frozenset())


def run_traced(
    module: nn.Module,
    run: Callable[..., Any],
    method: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    patches: Sequence[tuple[FunctionPatch, Any]],
) -> Any:
    """Calls a method of a bound module in which patches replace functions.

    Args:
        module: The module.
        run: Flax's way to call a method, ``run(method, args, kwargs)``.
        method: The method, as a function.
        args: Its arguments by position, without the module.
        kwargs: Its arguments by keyword.
        patches: The patches, each with the item of `inside` of which it is a part.
    """
    root = tuple(module.path)
    acting = _acting.get()
    patches = [(patch, item) for patch, item in patches if (id(item), root) not in acting]
    if not patches:
        return run(method, args, kwargs)
    token = _acting.set(acting | {(id(item), root) for _, item in patches})
    try:
        if method.__name__ == "setup":  # which makes the module what it is, and computes nothing
            return run(method, args, kwargs)
        return _run_lifted(module, run, method, args, kwargs, patches)
    finally:
        _acting.reset(token)


def _run_lifted(
    module: nn.Module,
    run: Callable[..., Any],
    method: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    patches: Sequence[tuple[FunctionPatch, Any]],
) -> Any:
    """Calls the method as a pure function, which is traced and rewritten; see `run_traced`."""
    places = ModulePlaces()
    depth = len(module.path)

    def note(run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        places.modules.setdefault(tuple(context.module.path)[depth:], symbolic_class(context.module))
        return run(*args, **kwargs)

    def lift(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            with nn.intercept_methods(note):
                return function(*arguments)

        return lambda *arguments: run_rewritten(noted, patches, places, arguments, {})

    return call_lifted(module, lift, run, method, args, kwargs)
