"""All that this library touches of Flax's private names; every other file keeps to Flax's public ones.

When a new version of Flax moves one of them, this file changes, and no other.
"""

from __future__ import annotations

import contextlib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flax.core import lift as flax_lift
from flax.linen import module as linen_module
from flax.linen import transforms as linen_transforms

from symjax.core.inside import PatchableSchema
from symjax.core.schema import FLAT, Flat
from symjax.core.tracebacks import hide_frames

_context = linen_module._context
_new_id: Callable[[], Any] = vars(linen_module)["uuid"]
_State = linen_module._ModuleInternalState


class UnboundModules(PatchableSchema):
    """Makes unbound Linen modules without Flax's constructor, which would run the user's code."""

    def revive(self, values: dict[str, Any], flat: Flat | None = None) -> Any:
        """See `Schema.revive`; what Flax's constructor would set is set here."""
        if flat is not None:
            values[FLAT] = flat
        values["_id"] = _new_id()
        values["_state"] = _State(is_initialized=True)
        values["_parent_ref"] = None
        module: Any = object.__new__(self.cls)
        object.__setattr__(module, "__dict__", values)
        return module


class InterceptedModule:
    """A mixin of Linen modules through whose own `_sj_run` each call of one of their methods goes."""

    if not typing.TYPE_CHECKING:  # Flax's modules have the name, and no annotations

        def _call_wrapped_method(self, fun, args, kwargs):
            try:
                return self._sj_run(super()._call_wrapped_method, fun, args, kwargs)
            except Exception as error:
                hide_frames(error)
                raise

    def _sj_run(
        self,
        run: Callable[..., Any],
        method: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Calls a method of the module.

        Args:
            run: Flax's way to do it, ``run(method, args, kwargs)``.
            method: The method, as a function.
            args: Its arguments by position, without the module.
            kwargs: Its arguments by keyword.
        """
        return run(method, args, kwargs)


def parent_of_new(module: Any) -> Any:
    """The parent of a module whose constructor is running, also where it is the one that is active."""
    parent = module.parent
    return _context.module_stack[-1] if parent is linen_module._unspecified_parent else parent


def makes_unbound(arguments: Mapping[str, Any]) -> bool:
    """Whether a constructor that is called with these arguments by name makes a module without a parent."""
    parent = arguments.get("parent", linen_module._unspecified_parent)
    return parent is None or (parent is linen_module._unspecified_parent and not is_running())


def is_sealed(module: Any) -> bool:
    """Whether Flax has initialized an unbound module, and so refuses assignments to it."""
    return module._state.is_initialized  # type: ignore[no-any-return]


def seal(module: Any) -> None:
    """Lets Flax refuse assignments to a module from now on."""
    module._state.is_initialized = True


def interceptors() -> list[Any]:
    """The functions of `flax.linen.intercept_methods` that are active in this thread."""
    return list(linen_module._global_interceptor_stack)


def unlifted(cls: type, method: str) -> Callable[..., Any] | None:
    """The method itself, where a lifted transform decorates it; None where none does.

    Flax tells interceptors of its calls within the transform only: the decorator copies the mark of the
    function that it wraps, and is taken for one that tells already.

    Args:
        cls: A class of modules.
        method: The name of a method.
    """
    mark = "method_handler_wrapped"
    outer: Any = getattr(cls, method, None)
    function = outer
    while hasattr(getattr(function, "__wrapped__", None), mark):
        function = function.__wrapped__
    return None if function is outer else function


def is_watched() -> bool:
    """Whether a table of calls or a filter of intermediates waits for the calls of modules."""
    return bool(_context.call_info_stack or any(_context.capture_stack))


def is_running() -> bool:
    """Whether a method of a Linen module is running, whose modules become its children."""
    return _context.module_stack[-1] is not None


@contextlib.contextmanager
def unbound() -> Iterator[None]:
    """Modules that are made inside belong to no module that is running."""
    _context.module_stack.append(None)
    try:
        yield
    finally:
        _context.module_stack.pop()


def registered_already(cls: type) -> dict[str, Any]:
    """What keeps `flax.struct.PyTreeNode` from making a pytree of its own of a subclass."""
    return {"_flax_dataclass": True} if getattr(cls, "_flax_dataclass", False) else {}


def call_lifted(
    module: Any,
    lift: Callable[[Callable[..., Any]], Callable[..., Any]],
    run: Callable[..., Any],
    method: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Calls a method of a bound Linen module as a pure function of all that it reads and writes.

    As in `flax.linen.remat`, a copy of the module runs on a scope of its own; what it writes is put back.

    Args:
        module: The module, none of whose methods is running.
        lift: What to make of the function, whose arguments and results are pytrees.
        run: See `InterceptedModule._sj_run`; a method of the module.
        method: The method, as a function.
        args: Its arguments by position, without the module.
        kwargs: Its arguments by keyword.
    """
    transforms: Any = linen_transforms
    scopes, args, kwargs = transforms.get_module_scopes(module, args, kwargs)

    def lifted(unpack: Any, pack: Any, variables: Any, rngs: Any) -> Any:
        def function(variables: Any, rngs: Any, args: Any, kwargs: Any) -> Any:
            inner = unpack(variables, rngs)
            copy, own_args, own_kwargs = transforms.set_module_scopes(module, args, kwargs, inner)
            result = types.MethodType(run.__func__, copy)(method, own_args, own_kwargs)  # type: ignore[attr-defined]
            return result, pack(inner)

        return lift(function)(variables, rngs, args, kwargs)

    return flax_lift.pack(lifted, (True,), (True,), (True,))(scopes)
