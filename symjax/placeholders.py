"""`Placeholder`: what may stand in a tree for a value that is not decided yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from symjax.object import Object


class Placeholder(Object):
    """Base of what may stand anywhere in a tree for a value that is not decided yet.

    Validation lets a placeholder pass whatever the type hint of the field in which it stands, and
    checks its `options` instead. The `__check__` of a node waits until its values are decided.
    """

    __symjax_placeholder__: ClassVar[bool] = True

    def options(self) -> Iterable[Any]:
        """The values that this one may stand for, as far as they can be listed."""
        return ()
