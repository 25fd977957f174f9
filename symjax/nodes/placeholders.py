"""`Placeholder`: what may stand in a tree for a value that is not decided yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from symjax.core.errors import note
from symjax.nodes.object import Object


class Placeholder(Object):
    """Base of what may stand anywhere in a tree for a value that is not decided yet.

    Validation lets a placeholder pass whatever the type hint of the field in which it stands, and
    checks its `options` instead. The `__check__` of a node waits until its values are decided.
    """

    __symjax_name__: ClassVar[str] = "symjax.placeholders.Placeholder"  # as files have it
    __symjax_stands_for__: ClassVar[str] = "choice"  # or "reference", see `is_choice` and `is_reference`
    __symjax_advice__: ClassVar[str] = ""  # what to say where a field's type does not take its `options`

    def options(self) -> Iterable[Any]:
        """The values that this one may stand for, as far as they can be listed."""
        return ()

    def __symjax_undecided__(self, *_: Any) -> NoReturn:
        """Refuses to be computed with.

        Raises:
            TypeError: Always.
        """
        error = TypeError(self.__symjax_why__())
        note(
            error,
            "a class that computes with its arguments as it is made waits for them if it is symbolic: "
            "decorate it with @sj.symbolize, or put the choice there afterwards, tree.rebind({path: choice})",
        )
        raise error

    def __symjax_why__(self) -> str:
        """The message for this placeholder where a value is needed."""
        return undecided(self)


def undecided(choice: Placeholder) -> str:
    """The message for an open choice where a value is needed."""
    return (
        f"{choice!r} is not decided yet and cannot be computed with: it stands for a value that it gets "
        "when a point of the search space is decoded, search.space(tree).decode(dna)"
    )


for _operator in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _prefix in ("", "r"):
        setattr(Placeholder, f"__{_prefix}{_operator}__", Placeholder.__symjax_undecided__)
for _operator in ("neg", "abs", "lt", "le", "gt", "ge"):
    setattr(Placeholder, f"__{_operator}__", Placeholder.__symjax_undecided__)
