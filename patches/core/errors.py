"""What goes wrong with patches: `PatchError`, `PatchWarning`, and the words of their messages."""

from __future__ import annotations

from symjax.core.errors import excerpt, nearest_first, note, unknown
from symjax.types.hints import Hint

from ..uri.hints import member_names
from ..uri.literals import Text, Token


class PatchWarning(UserWarning):
    """A patch changed nothing, or a package's patches could not be loaded."""


class PatchError(ValueError):
    """A patch changed nothing under `strict`, a wrong number of places, or failed its validator."""


class ReadingError(PatchError):
    """A patch changes an argument of a built NNX layer whose arguments cannot be read back."""


def in_uri(uri: str) -> str:
    """The suffix that every error of the library's own about a URI ends in."""
    return f"(uri={excerpt(uri)})"


def note_members(error: Exception, name: str, token: Token, hint: Hint) -> None:
    """Says which names an argument takes that is the member of an enum, if it was given another."""
    members = member_names(hint)
    for text in _texts(token) if members else ():
        if text not in members:
            listed = nearest_first(text, members)
            note(error, unknown(f"member for {name}", excerpt(text), listed, "its members"))


def _texts(token: Token) -> list[str]:
    if isinstance(token, Text):
        return [token.text]
    return [text for item in token for text in _texts(item)]
