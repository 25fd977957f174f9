"""What stands in a tree, or in the place of one, that patches cannot see into, and what to write instead."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import itertools
import sys
from collections.abc import Iterator
from typing import Any, Final

import flax.linen

from symjax.core.errors import with_article
from symjax.core.leaves import ATOMS, is_array, is_leaf
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE
from symjax.verbs.tree import is_symbolic
from symjax.verbs.walk import walk

_MOST: Final = 10_000  # values that are looked at


def no_tree(value: Any) -> str:
    """Why a value in the place of a tree is none, if it is a class or a module of plain Flax; else ``''``.

    Args:
        value: What was to be patched.

    Example:
        >>> import flax.linen
        >>> no_tree(flax.linen.Dense(3))
        'the root is a plain Dense, inside of which patches see nothing; they do in sj.symbolize(Dense)(…)'
    """
    if inspect.isclass(value):
        return _of_class("the root", value)
    nnx = sys.modules.get("flax.nnx")  # slow to import, and imported wherever there is one of its modules
    if nnx is not None and isinstance(value, nnx.Module):
        return (
            f"the root is {with_article(type(value).__name__)}, an NNX module that is built already: "
            "patches.built(module, rules) gives a new one"
        )
    return _of_object("the root", value) if _is_plain_module(value) else ""


def out_of_sight(tree: Any) -> str:
    """The first part of a tree that patches cannot see into, and what to write instead; ``''`` for none.

    Args:
        tree: A tree in which a patch has found nothing.

    Example:
        >>> out_of_sight({'kernel': __import__('numpy').zeros(3)})
        'it holds nothing but arrays: patches change models, and patches.transplant takes parameters over'
        >>> out_of_sight([1, 'a'])
        ''
    """
    if callable(tree) and _is_code(tree):
        return (
            f"the root is a function: sj.symbolize({_name(tree)})(…) is one with arguments that patches see"
        )
    values = list(itertools.islice(walk(tree), _MOST))
    leaves = [value for _, value, _ in values if is_leaf(value)]
    if not is_symbolic(tree) and leaves and all(map(is_array, leaves)):
        return (
            "it holds nothing but arrays: patches change models, and patches.transplant takes parameters over"
        )
    return next(_parts(values), "")


def _parts(values: list[tuple[Path, Any, Any]]) -> Iterator[str]:
    for path, value, parent in values:
        place = str(path) or "the root"
        if _is_plain_module(value):
            yield _of_object(place, value)
        elif inspect.isclass(value):
            # A field may hold a class, as a hint or for what it makes; a container one of dtypes.
            if not is_symbolic(parent) and _is_model_class(value):
                yield _of_class(place, value)
        elif _is_object(value) and not is_symbolic(value):
            yield _of_object(place, value)


def _is_plain_module(value: Any) -> bool:
    return isinstance(value, flax.linen.Module) and not is_symbolic(value)


def _is_model_class(cls: type) -> bool:
    nnx = sys.modules.get("flax.nnx")
    return getattr(cls, ATTRIBUTE, None) is not None or issubclass(
        cls, flax.linen.Module if nnx is None else (flax.linen.Module, nnx.Module)
    )


def _is_code(value: Any) -> bool:
    return inspect.isroutine(value) or isinstance(value, functools.partial)


def _is_object(value: Any) -> bool:
    """Whether a value is an object with parts of its own, by what it tells: a dataclass."""
    return dataclasses.is_dataclass(value) and type(value) not in ATOMS and not is_array(value)


def _of_object(place: str, value: object) -> str:
    name = type(value).__name__
    return f"{place} is a plain {name}, inside of which patches see nothing; they do in {_call(name)}"


def _of_class(place: str, cls: type) -> str:
    name = cls.__name__
    make = _call(name) if getattr(cls, ATTRIBUTE, None) is None else f"{name}(…)"
    return f"{place} is the class {name}, and patches change objects: make one by {make}"


def _call(name: str) -> str:
    return f"sj.symbolize({name})(…)"


def _name(function: Any) -> str:
    name = str(getattr(function, "__name__", ""))
    return name if name.isidentifier() else "…"
