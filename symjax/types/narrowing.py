"""A subclass may only narrow the type of a field that it inherits."""

from __future__ import annotations

import typing

from symjax.core.errors import at
from symjax.core.fields import Field
from symjax.core.provided import provided
from symjax.types.hints import resolve, show


def refuse_widening(cls: type, new: Field, old: Field) -> None:
    """Refuses a field that accepts more than the base class's; hints that are no plain classes are let be.

    Args:
        cls: The subclass.
        new: The field that it declares.
        old: The one that it inherits.

    Raises:
        TypeError: The new type is no subclass of the old one.
    """
    hints = [resolve(f.hint, f.owner) for f in (new, old)]
    if all(isinstance(hint, type) and typing.get_origin(hint) is None for hint in hints):
        narrow, wide = hints
        if not issubclass(narrow, wide) and not (narrow is int and wide is float):
            raise TypeError(
                f"{cls.__name__}.{new.name}: {show(narrow)} is no subclass of {show(wide)}, the type "
                f"that the base class declares; a subclass may only narrow a field {at(new.name)}"
            )


provided.refuse_widening = refuse_widening
