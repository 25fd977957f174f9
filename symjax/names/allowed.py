"""What a file may name: public functions and classes that compute, and nothing that reads, writes or prints.

A file is data from anywhere: `functools.partial(numpy.load, …)` in it would run code when the tree is called.
So it may name symbols, what is listed here, and what a module defines that has defined a symbol; for anything
else its reader says ``modules=``.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

_NONE: frozenset[str] = frozenset()
# The modules of which every public name may be named, and the exceptions: what has effects or leads outside.
# An object has the first of these homes as its name, in files and in source.
_MODULES: dict[str, frozenset[str]] = {
    "jax.nn": _NONE,
    "jax.nn.initializers": _NONE,
    "jax.numpy": frozenset(
        {"load", "save", "savez", "fromfile", "from_dlpack", "frompyfunc"}
        | {"printoptions", "get_printoptions", "set_printoptions"}
    ),
    "jax.lax": frozenset({"create_token", "after_all", "psend", "precv"}),
    "jax.random": _NONE,
    "flax.linen": frozenset(
        {"tabulate", "logical_axis_rules", "set_logical_axis_rules", "intercept_methods"}
        | {"enable_named_call", "disable_named_call", "override_named_call"}
    ),
    "flax.nnx": frozenset(
        {"display", "tabulate", "logical_axis_rules", "set_graph_mode", "set_graph_updates"}
        | {"use_eager_sharding", "register_data_type", "register_variable_name"}
        | {"update", "pop", "reseed", "update_context", "split_context", "merge_context"}
    ),
    "optax": _NONE,
    "optax.losses": _NONE,
    "optax.schedules": _NONE,
    "optax.contrib": _NONE,
    "optax.transforms": _NONE,
    "optax.projections": _NONE,
    "optax.tree": _NONE,
    "optax.tree_utils": _NONE,
    "optax.assignment": _NONE,
    "flax.linen.initializers": _NONE,
    "flax.nnx.initializers": _NONE,
    "jax.numpy.fft": _NONE,
    "jax.numpy.linalg": _NONE,
    "jax.scipy.linalg": _NONE,
    "jax.scipy.signal": _NONE,
    "jax.scipy.special": _NONE,
    "jax.image": _NONE,
}
# The modules of which a few names may be named.
_SINGLE: dict[str, frozenset[str]] = {
    "jax": frozenset(
        {"Array", "ShapeDtypeStruct", "checkpoint", "grad", "jit", "remat", "value_and_grad", "vmap"}
    ),
    "numpy": frozenset({"ndarray"}),
    "ml_collections": frozenset({"ConfigDict", "FrozenConfigDict"}),
    "builtins": frozenset(
        {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
        | {"abs", "max", "min", "sum", "len", "round"}
    ),
}
PUBLIC_HOMES = (*_MODULES, *_SINGLE)
_PACKAGES = frozenset({"jax", "jaxlib", "flax", "optax", "symjax"})
# Of these everything that they define may be named (defaults of layers are private functions): it computes,
# but for the exceptions above and what is in the modules after them.
_WHOLE = ("flax.linen.", "flax.nnx.", "optax.")
_PRINTING = frozenset({"flax.linen.summary", "flax.nnx.summary", "flax.nnx.visualization"})


def is_allowed(module_name: str, name: str, value: Any) -> bool:
    """Whether any file may name a value of JAX, Flax, Optax, NumPy or the builtins.

    Args:
        module_name: Where the file says it is, which may be an alias or a private module.
        name: What it is called there.
        value: The value itself.
    """
    if _is_listed(module_name, name):
        return True
    if isinstance(value, np.ufunc):
        return module_name == "numpy"
    home = str(getattr(value, "__module__", None) or "")
    if home.partition(".")[0] not in _PACKAGES or _has_effects(value):
        return False
    if _is_data_type(value):
        return True
    if home.startswith(_WHOLE) and f"{module_name}.".startswith(_WHOLE):
        return home not in _PRINTING
    return any(
        value is public for own in (name, getattr(value, "__name__", None)) for public in _public_objects(own)
    )


def _public_objects(name: object) -> Iterator[Any]:
    """What the modules of which all is public show under a name, their exceptions apart."""
    for home in _MODULES:
        if isinstance(name, str) and home in sys.modules and _is_listed(home, name):
            yield vars(sys.modules[home]).get(name)


def _has_effects(value: Any) -> bool:
    """Whether a value is one of the exceptions, under whatever name."""
    name = getattr(value, "__name__", None)
    return any(
        name in names and home in sys.modules and vars(sys.modules[home]).get(name) is value
        for home, names in _MODULES.items()
    )


def _is_listed(module_name: str, name: str) -> bool:
    if name.startswith("_") or "." in name:
        return False
    if module_name in _SINGLE:
        return name in _SINGLE[module_name]
    return module_name in _MODULES and name not in _MODULES[module_name]


def _is_data_type(value: Any) -> bool:
    """Whether a class only holds data: an enum, or a NamedTuple such as the states of optimizers."""
    if not isinstance(value, type):
        return False
    return issubclass(value, enum.Enum) or (issubclass(value, tuple) and hasattr(value, "_fields"))


def is_library(module_name: str) -> bool:
    """Whether a module is one of those in which files name things."""
    return module_name.partition(".")[0] in {*_PACKAGES, "numpy", "symjax"}
