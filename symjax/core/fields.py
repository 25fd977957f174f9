"""`field` and `Field`: one argument of a symbolic class, as a user describes it and as a class keeps it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from symjax.core.marks import MISSING

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
GIVEN = (*POSITIONAL, inspect.Parameter.KEYWORD_ONLY)  # an argument each, and no collection of them


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One argument of a symbolic class.

    Attributes:
        name: The name of the argument.
        hint: The type hint as it was written; a string is resolved at the first validation.
        owner: The class or function in whose namespace a string hint is resolved.
        default: The default, frozen; `MISSING` when the argument is required.
        factory: Makes the default anew for each object, or None.
        static: True forces structure, False forces a leaf, None leaves it to the value.
        doc: What the field is for.
        kind: How it is passed, as in `inspect.Parameter.kind`.
        init: Whether the constructor takes it.
        repr: Whether text shows it.
    """

    name: str
    hint: Any = Any
    owner: Any = None
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    static: bool | None = None
    doc: str = ""
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    init: bool = True
    repr: bool = True

    @property
    def required(self) -> bool:
        """Whether a complete object needs this argument to be given."""
        return self.default is MISSING and self.factory is None and self.kind in GIVEN


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | None = None,
    static: bool | None = None,
    doc: str = "",
    kw_only: bool = False,
    repr: bool = True,
) -> Any:
    """Describes a field of an `Object`.

    Args:
        default: The default value; a list, dict or set is refused, give a tuple or a factory.
        default_factory: Makes the default anew for each object.
        static: True makes the value structure (a float that Python control flow depends on), False
            makes it a leaf (an int that must not recompile), None leaves it to the value's type.
        doc: What the field is for; shown in help.
        kw_only: Take it by keyword only.
        repr: Whether text shows the field.

    Example:
        >>> import jax, symjax as sj
        >>> class Noise(sj.Object):
        ...     rate: float = sj.field(default=0.1, static=True, doc='Share of the pixels, in [0, 1].')
        >>> jax.tree.leaves(Noise())
        []
    """
    if default is not MISSING and default_factory is not None:
        raise TypeError("give a field a default or a default_factory, not both")
    return FieldMark(default, default_factory, static, doc, kw_only, repr)


@dataclasses.dataclass(frozen=True)
class FieldMark:
    """What `field` was given, until a class makes a field of it."""

    default: Any
    factory: Callable[[], Any] | None
    static: bool | None
    doc: str
    kw_only: bool
    repr: bool
