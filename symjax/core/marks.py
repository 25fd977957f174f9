"""Marks that stand in a tree or in an update instead of a value."""

from __future__ import annotations

from typing import Any, Final, final

from symjax.core.provided import provided


@final
class Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __new__(cls) -> Missing:  # noqa: D102 - there is one
        return MISSING

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final[Missing] = object.__new__(Missing)
"""An argument that is not given yet; as an update, "delete this" (of a field: back to its default).

Example:
    >>> import symjax as sj
    >>> sj.rebind([1, 2, 3], {'[1]': sj.MISSING})
    [1, 3]
"""


@final
class Insertion:
    """An update that inserts into a list before the index at which it stands.

    Args:
        value: What to insert.

    Example:
        >>> import symjax as sj
        >>> sj.rebind(['a', 'b'], {'[1]': sj.Insertion('x')})
        ['a', 'x', 'b']
    """

    __slots__ = ("value",)

    value: Any

    def __init__(self, value: Any) -> None:
        object.__setattr__(self, "value", value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("an Insertion is immutable")

    def __repr__(self) -> str:
        return f"Insertion({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Insertion) and provided.eq(self.value, other.value)

    def __hash__(self) -> int:
        return provided.hash((Insertion, self.value))


class MissingError(AttributeError, TypeError):
    """A partial object was used although arguments are still missing."""
