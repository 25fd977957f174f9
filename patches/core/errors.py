"""What goes wrong with patches: `PatchError`, `PatchWarning`, and the words of their messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..uri.grammar import excerpt

_LIKENESS_LIMIT = 100  # characters; comparing texts is quadratic, and no longer name is a typing error


class PatchWarning(UserWarning):
    """A patch changed nothing, or a package's patches could not be loaded."""


class PatchError(ValueError):
    """A patch changed nothing under `strict`, a wrong number of places, or failed its validator."""


def in_uri(uri: str) -> str:
    """The suffix that every error of the library's own about a URI ends in."""
    return f"(uri={excerpt(uri)})"


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """The names in the order of their likeness to `name`; the alphabetical one where that is very long."""
    names = sorted(known)
    if len(name) > _LIKENESS_LIMIT:
        return names

    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, name, other).ratio()

    return sorted(names, key=likeness, reverse=True)
