"""Functions and classes by name: how a file or a program refers to them, and which it may."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Collection
from typing import Any

from symjax.core.symbols import trusted_modules
from symjax.core.views import VIEWS, Namespace

# Public homes of objects whose own ``__module__`` is a private file, tried in this order.
_PUBLIC = (
    "jax.nn",
    "jax.nn.initializers",
    "jax.numpy",
    "jax.lax",
    "jax.random",
    "flax.linen",
    "flax.nnx",
    "optax",
    "optax.losses",
    "optax.schedules",
    "jax",
    "numpy",
    "builtins",
)
_TRUSTED = frozenset({"jax", "flax", "optax", "symjax", "chex", "numpy"})
_BUILTINS = frozenset(
    {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
    | {"abs", "max", "min", "sum", "len", "round"}
)


def public_name(value: Any) -> tuple[str, str] | None:
    """Module and qualified name by which a function or class can be found again, or None.

    Lambdas, closures and bound methods have none.
    """
    own = getattr(value, "__name__", None)
    if isinstance(own, str):
        for module_name in _PUBLIC:
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
    return {"__module__": value.__module__, "__qualname__": getattr(value, "__qualname__", value.__name__)}


def look_up(reference: str, modules: Collection[str] = ()) -> Any:
    """The function or class that a file names as ``module:name``.

    Only modules that are imported already are searched, and of these only those of JAX, Flax, Optax and
    NumPy, those that have defined a symbolic class, and those in `modules`. Nothing is imported.

    Raises:
        LookupError: There is none, or it may not be looked up; the message says why.
    """
    module_name, _, name = reference.partition(":")
    top = module_name.partition(".")[0]
    allowed = top in _TRUSTED or module_name in trusted_modules() or module_name in modules
    if module_name == "builtins" and name in _BUILTINS:
        allowed = True
    if module_name == "__main__" and find(module_name, name) is None:
        raise LookupError(f"{reference!r} cannot be found: {saved_by_script(name)}")
    if not allowed:
        raise LookupError(
            f"{reference!r} is of a module from which nothing is looked up; if you trust it, pass "
            f"modules=[{module_name!r}]"
        )
    value = find(module_name, name)
    if value is None or isinstance(value, types.ModuleType) or not callable(value):
        loaded = "has no such function or class" if module_name in sys.modules else "is not imported"
        raise LookupError(f"{reference!r} cannot be found: {module_name} {loaded}")
    home = getattr(value, "__module__", None) or module_name
    if not _same_package(home, module_name, modules):
        raise LookupError(f"{reference!r} is {home}.{name} really, which is not looked up")
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


def _same_package(home: str, module_name: str, modules: Collection[str]) -> bool:
    """Whether a name leads to something of its own module, not to what that module imports."""
    if home == module_name or home in modules or home in trusted_modules():
        return True
    top = home.partition(".")[0]
    return top in _TRUSTED or top == "jaxlib"
