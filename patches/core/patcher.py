"""`patcher`: makes a class of patches out of a function."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, Final, ParamSpec, overload

from symjax.core.fields import field
from symjax.verbs.tree import items

from .patch import Context, Patch
from .registry import add_patcher

P = ParamSpec("P")
_INPUTS: Final = "inputs"  # the parameter that gets the example inputs
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@overload
def patcher(function: Callable[Concatenate[Any, P], object], /) -> Callable[P, Patch]: ...
@overload
def patcher(
    *, name: str | None = None, aliases: Iterable[str] = (), static: Iterable[str] = ()
) -> Callable[[Callable[Concatenate[Any, P], object]], Callable[P, Patch]]: ...
def patcher(
    function: Callable[..., object] | None = None,
    /,
    *,
    name: str | None = None,
    aliases: Iterable[str] = (),
    static: Iterable[str] = (),
) -> Any:
    """Makes a class of patches out of a function of a tree, and registers it by name.

    The function's first parameter is the tree; the others become the fields of the patch, with
    their type hints and defaults. One that is called ``inputs`` is no field: it gets the example inputs
    that were given to `patch` or that the tree has itself, or None. It returns what the patch does to the
    tree: updates by path, a rule ``(k, v)`` or ``(k, v, p)``, another patch, a URI, a list of these, a whole
    new symbolic tree, or None for nothing. A tuple of one of these and a function adds a validator, which is
    called with the tree after the whole chain of patches, and raises or returns False if the tree
    is not as it should be. The function must be pure, and must not change the tree (it cannot).

    Args:
        function: The function; its name is the name of the patcher unless `name` is given.
        name: The name in URIs: identifiers joined by dots, as in ``vision.scale_width``.
        aliases: Further names, such as those that older URIs use.
        static: Names of float arguments that Python control flow depends on: they are structure,
            not leaves, where the patch itself goes through `jax.jit`.

    Returns:
        A subclass of `Patch`.

    Raises:
        TypeError: No function; or one that takes no tree, or arguments without a name of their own.
        ValueError: The name belongs to a patcher of another module already.

    Example:
        >>> import symjax as sj
        >>> from typing import Annotated
        >>> from annotated_types import Gt
        >>> @sj.patcher
        ... def scale_rates(tree, factor: Annotated[float, Gt(0)] = 2.0):
        ...     return lambda k, v: v * factor if k.key == 'rate' else v
        >>> scale_rates()({'rate': 0.25})
        {'rate': 0.5}
        >>> sj.patch({'rate': 0.25}, 'scale_rates?factor=4')
        {'rate': 1.0}
    """
    if function is not None and not callable(function):
        raise TypeError(f"sj.patcher takes a function, got {function!r}; give a name as name=…")
    if function is None:
        return lambda target: _define(target, name, tuple(aliases), frozenset(static))
    return _define(function, name, tuple(aliases), frozenset(static))


def _define(
    function: Callable[..., object],
    name: str | None,
    aliases: tuple[str, ...],
    static: frozenset[str],
) -> type[Patch]:
    arguments = _arguments(function)
    unknown = static - {argument.name for argument in arguments}
    if unknown:
        raise TypeError(
            f"the patcher {function.__qualname__} has no arguments {', '.join(sorted(unknown))}, which "
            "static names"
        )
    namespace: dict[str, object] = {
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
        "__annotations__": {argument.name: _hint(argument, function) for argument in arguments},
        "patcher_name": name or function.__name__,
        **(_edits_by(function)),
    }
    for argument in arguments:
        namespace.update(_default(argument, argument.name in static))
    defined = types.new_class(function.__name__, (Patch,), exec_body=lambda body: body.update(namespace))
    add_patcher(defined, (name or function.__name__, *aliases))
    return defined


def _arguments(function: Callable[..., object]) -> list[inspect.Parameter]:
    """The parameters after the tree, all of them such that a field can stand for each."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        raise TypeError(f"the patcher {function.__qualname__} must take the tree as its first argument")
    for parameter in parameters[1:]:
        if parameter.kind not in _NAMED:
            raise TypeError(
                f"the patcher {function.__qualname__} takes {parameter}: its arguments are the fields of "
                "a patch, and each needs a name of its own"
            )
        if hasattr(Patch, parameter.name):
            raise TypeError(
                f"the patcher {function.__qualname__} has an argument {parameter.name!r}, a name that "
                "every patch uses itself; call the argument otherwise"
            )
    return [parameter for parameter in parameters[1:] if parameter.name != _INPUTS]


def _hint(argument: inspect.Parameter, function: Callable[..., object]) -> object:
    """The hint of an argument; a string is evaluated where the function stands, if it can be."""
    hint = argument.annotation
    if hint is inspect.Parameter.empty:
        return Any
    if isinstance(hint, str):
        scope = inspect.getclosurevars(function).nonlocals
        try:
            return eval(hint, getattr(function, "__globals__", {}), dict(scope))
        except Exception:  # noqa: BLE001 - a name defined later, or anything: validation tries again
            return hint
    return hint


def _default(argument: inspect.Parameter, static: bool) -> dict[str, object]:
    """The class attribute that says how a field is to be filled; none for a plain required one."""
    keyword_only = argument.kind is inspect.Parameter.KEYWORD_ONLY
    default = {} if argument.default is argument.empty else {"default": argument.default}
    if static or keyword_only:
        return {argument.name: field(static=static or None, kw_only=keyword_only, **default)}
    return {argument.name: argument.default} if default else {}


def _edits_by(function: Callable[..., object]) -> dict[str, Callable[..., object]]:
    """The methods of a patch that call a function."""
    takes_inputs = _INPUTS in inspect.signature(function).parameters

    def edit(self: Patch, tree: Any) -> object:
        return self.edit_in(tree, Context()) if takes_inputs else function(tree, **dict(items(self) or ()))

    def edit_in(self: Patch, tree: Any, context: Context) -> object:
        return function(tree, inputs=context.inputs_of(tree), **dict(items(self) or ()))

    for method in (edit, edit_in):
        setattr(method, "__wrapped__", function)  # noqa: B010 - where the source is, for `catalogue`
    edit.__doc__ = edit_in.__doc__ = f"What `{function.__qualname__}` returns for the tree."
    return {"edit": edit, "edit_in": edit_in} if takes_inputs else {"edit": edit}
