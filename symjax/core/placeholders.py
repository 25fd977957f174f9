"""`Placeholder`: what may stand in a tree for a value that is not decided yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from symjax.core.object import Object


class Placeholder(Object):
    """Base of what may stand anywhere in a tree for a value that is not decided yet.

    Validation lets a placeholder pass whatever the type hint of the field in which it stands, and
    checks its `options` instead. The `__check__` of a node waits until its values are decided.
    """

    __symjax_placeholder__: ClassVar[bool] = True

    def options(self) -> Iterable[Any]:
        """The values that this one may stand for, as far as they can be listed."""
        return ()

    def __symjax_undecided__(self, *_: Any) -> NoReturn:
        """Refuses to be computed with.

        Raises:
            TypeError: Always.
        """
        raise TypeError(undecided(self))


def undecided(choice: Placeholder) -> str:
    """The message for an open choice where a value is needed."""
    return (
        f"{choice!r} is not decided yet and cannot be computed with: it stands for a value that it gets "
        "when a point of the search space is decoded, search.space(tree).decode(dna)"
    )


def is_choice(value: Any) -> bool:
    """Whether `value` is an open choice: a placeholder that refers to no other value."""
    from symjax.verbs.refs import Ref

    return isinstance(value, Placeholder) and not isinstance(value, Ref)


for _operator in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _prefix in ("", "r"):
        setattr(Placeholder, f"__{_prefix}{_operator}__", Placeholder.__symjax_undecided__)
for _operator in ("neg", "abs", "lt", "le", "gt", "ge"):
    setattr(Placeholder, f"__{_operator}__", Placeholder.__symjax_undecided__)
