"""Functions, classes and dtypes by name, where a text stands for one."""

from __future__ import annotations

import enum
import re
import sys
from typing import Any, Final

import numpy as np

from symjax.core.leaves import is_dtype
from symjax.core.schema import is_symbolic
from symjax.names.lookup import look_up, public_name
from symjax.names.views import VIEWS
from symjax.types.hints import ClassOf, Function, Hint, Instance

from .hints import arms_of

_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class Kind(enum.Enum):
    """What a name can stand for."""

    FUNCTION = "function"
    CLASS = "class"
    DTYPE = "dtype"


# Where a name without a module is looked up, after the module of what stands there now.
_HOMES: Final = {
    Kind.FUNCTION: ("jax.nn", "flax.linen", "jax.nn.initializers", "optax", "optax.losses", "jax.numpy"),
    Kind.CLASS: ("flax.linen", "flax.nnx", "optax"),
    Kind.DTYPE: ("jax.numpy",),
}


def kind_named(present: Any, hint: Hint) -> Kind | None:
    """What a text in the place of a value is the name of; None where it is none, but a value itself.

    Args:
        present: What stands there now.
        hint: What may stand there.

    Example:
        >>> import jax
        >>> from symjax.types.hints import Anything
        >>> kind_named(jax.nn.relu, Anything()), kind_named('relu', Anything())
        (<Kind.FUNCTION: 'function'>, None)
    """
    if isinstance(present, str):
        return None
    kinds = [_kind_wanted(arm) for arm in arms_of(hint)]
    return _kind(present) or next((kind for kind in kinds if kind is not None), None)


def named(text: str, kind: Kind, present: Any = None) -> Any:
    """The function, class or dtype of a name.

    Nothing is imported and nothing is called: what may be named is what a saved tree may name.

    Args:
        text: A name as in ``gelu``, or one with its module, as in ``jax.nn.gelu``.
        kind: What it is the name of.
        present: What stands there now; names of its own module come first.

    Returns:
        The value; None where there is none of this name.

    Example:
        >>> import jax
        >>> named('gelu', Kind.FUNCTION) is named('jax.nn.gelu', Kind.FUNCTION) is jax.nn.gelu
        True
    """
    if not _NAME.fullmatch(text):
        return None
    module, _, own = text.rpartition(".")
    for home in (module,) if module else _homes(kind, present):
        try:
            value = look_up(f"{home}:{own}")
        except LookupError:
            continue
        if _kind(value) is kind:
            return value
    return None


def full_name(value: Any, kind: Kind) -> str | None:
    """The name with its module by which `named` gives a value; None for one that has none.

    Example:
        >>> import jax
        >>> full_name(jax.nn.gelu, Kind.FUNCTION), full_name(lambda x: x, Kind.FUNCTION)
        ('jax.nn.gelu', None)
    """
    parts = public_name(value) if _kind(value) is kind else None
    name = "" if parts is None else ".".join(parts)
    return name if name and named(name, kind) is value else None


def known_names(kind: Kind, present: Any = None) -> list[str]:
    """The names that `named` takes without a module, for messages: those of the first home that is there."""
    home = next((home for home in _homes(kind, present) if home in sys.modules), "")
    public = [name for name in dir(sys.modules[home]) if not name.startswith("_")] if home else []
    if home in VIEWS:  # each name that is asked for would be made symbolic
        return [name for name in public if name[0].isupper() == (kind is Kind.CLASS)]
    return [name for name in public if named(name, kind, present) is not None]


def _homes(kind: Kind, present: Any) -> tuple[str, ...]:
    own = public_name(present) if _kind(present) is kind else None
    return _HOMES[kind] if own is None else (own[0], *_HOMES[kind])


def _kind(value: Any) -> Kind | None:
    if isinstance(value, str) or is_symbolic(value):
        return None
    if is_dtype(value):
        return Kind.DTYPE
    if isinstance(value, type):
        return Kind.CLASS
    return Kind.FUNCTION if callable(value) else None


def _kind_wanted(hint: Hint) -> Kind | None:
    match hint:
        case Function():
            return Kind.FUNCTION
        case ClassOf(None) | ClassOf(
            Instance()
        ):  # `type[Any]` is how hints for dtypes say a class of scalars
            return Kind.CLASS
        case Instance(cls) if cls is np.dtype:
            return Kind.DTYPE
    return None
