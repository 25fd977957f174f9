"""Functions and classes by name: how a file or a program refers to them, and which it may."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Collection
from typing import Any

from symjax.core.errors import brief
from symjax.core.schema import ATTRIBUTE
from symjax.names.allowed import PUBLIC_HOMES, is_allowed, is_library
from symjax.names.symbols import find_symbol, trusted_modules
from symjax.names.views import VIEWS, Namespace

_FROM_NOWHERE = "is of a module from which nothing is looked up"


def public_name(value: Any) -> tuple[str, str] | None:
    """Module and qualified name by which a function or class can be found again, or None.

    Lambdas, closures and bound methods have none.
    """
    own = getattr(value, "__name__", None)
    if isinstance(own, str):
        for module_name in PUBLIC_HOMES:
            module = sys.modules.get(module_name)
            if module is not None and vars(module).get(own) is value:
                return module_name, own
    home = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", own)
    if isinstance(home, str) and isinstance(name, str) and find(home, name) is value:
        return home, name
    return None


def is_nameless(value: Any) -> bool:
    """Whether a value is, or holds in a tuple, a function without a name: a closure in a default."""
    if isinstance(value, tuple):
        return any(is_nameless(item) for item in value)
    return callable(value) and public_name(value) is None


def place(value: Any, name: str | None) -> dict[str, str]:
    """``__module__`` and ``__qualname__`` of the symbolic version of a class or function.

    Those of the original, so that a decorated class is found where it is written; for a symbol that one
    of this library's views shows, its place in the view.
    """
    for view in VIEWS:
        if name is not None and name.startswith(view + "."):
            return {"__module__": view, "__qualname__": name.removeprefix(view + ".")}
    module = value.__module__ or "builtins"  # a function that was made by exec in bare globals has none
    return {"__module__": module, "__qualname__": getattr(value, "__qualname__", value.__name__)}


def look_up(reference: str, modules: Collection[str] = ()) -> Any:
    """The function or class that a file names as ``module:name``.

    Only modules that are imported already are searched; nothing is imported, and nothing is called. What may
    be named is a symbol, what allowed.py lists, and what is defined in one of `modules` or in a module that
    has defined a symbol.

    Raises:
        LookupError: There is none, or it may not be looked up; the message says why.
    """
    if not isinstance(reference, str):
        raise LookupError(f"{brief(reference)} is no name of a function or class, as in 'module:name'")
    module_name, _, name = reference.partition(":")
    value = find(module_name, name) or find_symbol(f"{module_name}.{name}")  # which may have moved since
    if value is None and module_name == "__main__":
        raise LookupError(f"{brief(reference)} cannot be found: {saved_by_script(name)}")
    if callable(value) and (
        getattr(value, ATTRIBUTE, None) is not None or is_allowed(module_name, name, value)
    ):
        return value
    own = {*modules, *trusted_modules()}
    if module_name not in own and (value is not None or not is_library(module_name)):
        reason = "has effects" if module_name in PUBLIC_HOMES else _FROM_NOWHERE
        advice = f"if you trust it, pass modules=[{brief(module_name)}]"
        raise LookupError(f"{brief(reference)} {reason}; {advice}")
    if not callable(value):
        loaded = "has no such function or class" if module_name in sys.modules else "is not imported"
        raise LookupError(f"{brief(reference)} cannot be found: {module_name[:80]} {loaded}")
    if getattr(value, "__module__", None) not in own:
        home = getattr(value, "__module__", None)
        raise LookupError(f"{brief(reference)} is {home}.{name} really, which is not looked up")
    return value


def saved_by_script(name: str) -> str:
    """Why what a script defines is not found by other programs, and what to do."""
    return (
        f"{name} was defined in the script that saved it, which is the module __main__ only while it runs; "
        f"define {name} in a module that both programs import"
    )


def find(module_name: str, qualified_name: str) -> Any:
    """What a name leads to, through a module's own names and classes in it, without running any code."""
    module = sys.modules.get(module_name)
    if module is None:
        return None
    names = qualified_name.split(".")
    value: Any = vars(module).get("_view") if module_name in VIEWS else module
    for part in names:
        if part.startswith("__"):
            return None
        if isinstance(value, Namespace):
            value = value.known(part)
        elif value is module:
            value = vars(module).get(part)
        elif isinstance(value, type):
            value = inspect.getattr_static(value, part, None)
        else:
            return None
    if isinstance(value, staticmethod):
        value = value.__func__
    return None if isinstance(value, types.ModuleType) else value
