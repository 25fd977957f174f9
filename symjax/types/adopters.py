"""Adoption of foreign values reaches validation by a registered hook, each by the types of its values."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from symjax.core.containers import Map, mapped
from symjax.core.leaves import ATOMS
from symjax.core.paths import ROOT, Path
from symjax.core.schema import ATTRIBUTE


class Memo(dict[int, Any]):
    """The values that were adopted already, by the identity of the foreign ones: one instance stays one.

    Attributes:
        path: Where the field stands whose value is adopted, for messages.
    """

    def __init__(self, path: Path = ROOT) -> None:
        super().__init__()
        self.path = path


_adopters: list[tuple[Callable[[type], bool], Callable[[Any, Memo], Any]]] = []
_known: weakref.WeakKeyDictionary[type, Callable[[Any, Memo], Any] | None] = weakref.WeakKeyDictionary()


def register_adopter(test: Callable[[type], bool], adopt: Callable[[Any, Memo], Any]) -> None:
    """Has values of some types adopted wherever a symbolic node is given them, also in containers.

    Adopters are asked in the order of their registration. They see no symbolic nodes, no numbers, texts,
    functions and classes, and containers only if they are of foreign types.

    Args:
        test: Whether values of a type are this adopter's; asked once for each type.
        adopt: Makes the symbolic value of a foreign one, or returns it as it is. It is given, and adds to,
            the values adopted already, by the identity of the foreign ones.
    """
    _adopters.append((test, adopt))
    _known.clear()


def adopted(value: Any, memo: Memo) -> Any:
    """A frozen value with the foreign values in it, also in containers, in their symbolic versions.

    Args:
        value: The frozen value.
        memo: See `register_adopter`; a new one for each constructor call.

    Returns:
        The value itself if nothing in it had to be adopted.
    """
    kind = type(value)
    if kind in ATOMS or getattr(kind, ATTRIBUTE, None) is not None:
        return value
    if isinstance(value, tuple) or kind is Map or kind is dict:
        return mapped(lambda item: adopted(item, memo), value)
    try:
        adopt = _known[kind]
    except KeyError:
        adopt = _known[kind] = next((adopt for test, adopt in _adopters if test(kind)), None)
    return value if adopt is None else adopt(value, memo)
