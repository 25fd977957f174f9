"""A subclass may only narrow the type of a field that it inherits."""

from __future__ import annotations

from symjax.core.errors import at
from symjax.core.fields import Field
from symjax.core.provided import provided
from symjax.types.hint_reading import parse, resolve
from symjax.types.hints import Hint, Instance, Scalar, Text


def refuse_widening(cls: type, new: Field, old: Field) -> None:
    """Refuses a field that accepts more than the base class's; hints that are no plain classes are let be.

    Args:
        cls: The subclass.
        new: The field that it declares.
        old: The one that it inherits.

    Raises:
        TypeError: The new type is no subclass of the old one.
    """
    narrow, wide = [_plain_class(parse(resolve(f.hint, f.owner))) for f in (new, old)]
    if narrow is None or wide is None or issubclass(narrow, wide) or (narrow is int and wide is float):
        return
    raise TypeError(
        f"{cls.__name__}.{new.name}: {narrow.__name__} is no subclass of {wide.__name__}, the type "
        f"that the base class declares; a subclass may only narrow a field {at(new.name)}"
    )


def _plain_class(hint: Hint) -> type | None:
    match hint:
        case Scalar(kind) | Text(kind):
            return kind
        case Instance(cls, ()):
            return cls
    return None


provided.refuse_widening = refuse_widening
