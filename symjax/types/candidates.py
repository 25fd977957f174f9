"""What the open choices in a field's value may become, so that it can be checked before they are decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symjax.core.containers import Map
from symjax.core.errors import brief
from symjax.core.paths import Path
from symjax.core.schema import is_choice, schema_of


def candidates(value: Any) -> Iterator[tuple[Path, Any, str]]:
    """The values that a field may get: each candidate of each choice in it, the others being at their first.

    Choices in nodes are those nodes' to check, and choices among candidates those candidates'.

    Args:
        value: A choice, or a frozen container with choices in it.

    Yields:
        Where the choice stands in the value, the value, and what people call the candidate.
    """
    for keys, choice in _choices(value):
        labels = getattr(choice, "labels", None)
        for index, option in enumerate(choice.options()):
            name = f"candidate {index}" if labels is None else f"candidate {index} ({labels[index]})"
            yield Path(keys), _decided(value, keys, option), f"{name}, {brief(option)}, of {brief(choice)}"


def _choices(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The choices in a field's value, with the keys that lead there; not those in nodes and candidates."""
    if is_choice(value):
        yield keys, value
    elif isinstance(value, tuple) and schema_of(value) is None:
        for key, item in enumerate(value):
            yield from _choices(item, (*keys, key))
    elif isinstance(value, Map | dict):
        for name, item in value.items():
            yield from _choices(item, (*keys, name))


def _decided(value: Any, keys: tuple[Any, ...] | None, option: Any) -> Any:
    """A field's value with an option at `keys`, and every other choice at its first option."""
    if keys == ():
        return option
    if is_choice(value):
        return next(iter(value.options()), value)
    if schema_of(value) is not None or not isinstance(value, tuple | Map | dict):
        return value

    def inner(key: Any, item: Any) -> Any:
        return _decided(item, keys[1:] if keys is not None and keys[0] == key else None, option)

    if isinstance(value, tuple):
        items = [inner(key, item) for key, item in enumerate(value)]
        return getattr(type(value), "_make", tuple)(items)
    return {key: inner(key, item) for key, item in value.items()}
