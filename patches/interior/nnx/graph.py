"""What an NNX module holds, container by container, and putting something else in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flax import nnx

from symjax.core.paths import ROOT, Path

_PRIVATE = "_pytree__"  # how the names of what Flax keeps in each module start


def items_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """What a module, or a container in one, holds by its keys: names of attributes, indices, keys of dicts.

    Nothing for anything else, and for variables and sources of randomness, which hold no layers.
    """
    if isinstance(value, nnx.Variable | nnx.Rngs | nnx.RngStream):
        return
    if isinstance(value, nnx.List | list | tuple):
        yield from enumerate(value)
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, nnx.Pytree):
        # Sorted, as they are in whatever `nnx.merge` makes: a shared layer has its path by the first place.
        names = sorted(name for name in vars(value) if not name.startswith(_PRIVATE))
        yield from ((name, vars(value)[name]) for name in names)


ORIGIN: Final = "__symjax_origin__"
"""In a class that was made here, of layers that do more when they are called: the class of the layers."""


def own_class(cls: type[nnx.Module]) -> type[nnx.Module]:
    """The class of a layer as its author knows it."""
    origin: type[nnx.Module] = vars(cls).get(ORIGIN, cls)
    return origin


def subclass(cls: type[nnx.Module], methods: Mapping[str, Any]) -> type[nnx.Module]:
    """A class of the same name in which some methods are others."""
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    meta: Any = type(cls)  # Flax's
    new: type[nnx.Module] = meta(cls.__name__, (cls,), {**names, **methods, ORIGIN: own_class(cls)})
    return new


def is_container(value: Any) -> bool:
    """Whether a value only holds others, and is no layer."""
    return isinstance(value, nnx.List | nnx.Dict | list | tuple | dict)


def with_items(value: Any, changes: Mapping[Any, Any]) -> Any:
    """A module or container with other items; a module is changed, a plain container made anew.

    Args:
        value: What holds them.
        changes: New items by key.
    """
    if isinstance(value, nnx.Pytree):
        for key, item in changes.items():  # an `nnx.List` has its items as attributes, too
            # Flax refuses data where none stood before, and guesses of lists that they hold none.
            setattr(value, str(key), nnx.data(item) if _holds_data(item) else nnx.static(item))
        return value
    if isinstance(value, dict):
        return type(value)({**value, **changes})
    items = [changes.get(index, item) for index, item in enumerate(value)]
    return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)


def _holds_data(value: Any) -> bool:
    return nnx.is_data(value) or any(_holds_data(item) for _, item in items_of(value))


def variables_of(value: Any) -> dict[Path, nnx.Variable[Any]]:
    """The variables of a module by path, each once."""
    variables: dict[Path, nnx.Variable[Any]] = {}
    seen: set[int] = set()

    def visit(item: Any, path: Path) -> None:
        if isinstance(item, nnx.Variable):
            if id(item) not in seen:
                seen.add(id(item))
                variables[path] = item
            return
        if isinstance(item, nnx.Pytree):
            if id(item) in seen:
                return
            seen.add(id(item))
        inner = vars(item).items() if isinstance(item, nnx.Rngs | nnx.RngStream) else items_of(item)
        for key, each in inner:
            visit(each, path / key)

    visit(value, ROOT)
    return variables


def modules_of(value: Any) -> Iterator[tuple[Path, nnx.Module]]:
    """The layers in a module, itself first, by path, each once; containers are none."""
    seen: set[int] = set()

    def visit(item: Any, path: Path) -> Iterator[tuple[Path, nnx.Module]]:
        if isinstance(item, nnx.Pytree):
            if id(item) in seen:
                return
            seen.add(id(item))
        if isinstance(item, nnx.Module) and not is_container(item):
            yield path, item
        for key, each in items_of(item):
            yield from visit(each, path / key)

    return visit(value, ROOT)
