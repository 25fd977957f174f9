"""The words of every error: one place builds each part of a message, and one adds where it happened."""

from __future__ import annotations

import difflib
import functools
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from typing import Any, TypeVar

from symjax.core.paths import Path

_LIKENESS_LIMIT = 100  # characters; comparing texts is quadratic, and no longer name is a typing error
F = TypeVar("F", bound=Callable[..., Any])


class NoSuchPath(KeyError):
    """A path that leads nowhere; unlike a bare `KeyError` it prints its message as it is."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def at(path: object) -> str:
    """The suffix that every error about a place in a tree ends in."""
    return f"(path={str(path) or '<root>'})"


def locate(error: BaseException, path: object, what: str) -> bool:
    """Notes on an error where in a tree it happened; the innermost place wins.

    The error stays the object that it is, with its type, arguments and text. This is for errors of a
    user's code and of other libraries; those of this library end in `at` the place by themselves.

    Args:
        error: What was raised.
        path: Where, from the root of the tree that the user knows.
        what: What was going on there, without the path.

    Returns:
        Whether this is the first place that is noted; an error that has one stays as it is.

    Example:
        >>> error = ValueError('too wide')
        >>> locate(error, 'layers[0]', 'while checking Net'), locate(error, '', 'while checking Top')
        (True, False)
        >>> error.__notes__
        ['while checking Net (path=layers[0])']
    """
    if hasattr(error, "_sj_located"):
        return False
    text = f"{what} {at(path)}"
    object.__setattr__(error, "_sj_located", text)
    object.__setattr__(error, "_sj_place", (path, what))
    note(error, text)
    return True


def relocate(error: BaseException, base: Path, what: str) -> None:
    """Says of an error that happened in a part of a tree where in the whole tree it was.

    Args:
        error: What was raised; its place, if one is noted, is one in the part.
        base: Where the part stands.
        what: What was going on there, for an error without a place.

    Example:
        >>> from symjax.core.paths import Path
        >>> error = ValueError('too wide')
        >>> _ = locate(error, Path.parse('layers[0]'), 'layers[0]: Dense was called')
        >>> relocate(error, Path.parse('model'), 'while checking it')
        >>> error.__notes__
        ['model.layers[0]: Dense was called (path=model.layers[0])']
    """
    place = getattr(error, "_sj_place", None)
    if place is None:
        locate(error, base, what)
        return
    if not base:
        return
    inner, said = place
    path = base / inner
    what = f"{path}: {said.removeprefix(f'{inner}: ')}"
    old = getattr(error, "_sj_located", "")
    object.__setattr__(error, "__notes__", [each for each in error.__notes__ if each != old])
    object.__delattr__(error, "_sj_located")
    locate(error, path, what)


def note(error: BaseException, text: str) -> None:
    """Adds a note to an error, once; also to a frozen dataclass, whose own `add_note` fails."""
    notes = getattr(error, "__notes__", ())
    if text not in notes:  # what recurses would say the same at each level
        object.__setattr__(error, "__notes__", [*notes, text])


def note_depth(error: RecursionError) -> None:
    """Notes once on a `RecursionError` what limits the depth of trees."""
    if not getattr(error, "__notes__", None):
        note(
            error,
            f"the tree is nested deeper than Python's recursion limit of {sys.getrecursionlimit()} calls "
            "allows: raise it by sys.setrecursionlimit",
        )


def noting_depth(verb: F) -> F:
    """A decorator of verbs that recurse: a `RecursionError` says what limits the depth of trees."""

    @functools.wraps(verb)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return verb(*args, **kwargs)
        except RecursionError as error:
            note_depth(error)
            raise

    return wrapped  # type: ignore[return-value]


def summary(error: BaseException) -> str:
    """An error in one line, with its kind and its place, where a traceback would be too much."""
    line = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    place = getattr(error, "_sj_located", None)
    return f"{line}; {place}" if place else line


def nearest(name: object, names: Iterable[object]) -> str:
    """A hint with the closest valid name, whatever its case; or ``''`` when nothing comes close.

    Where nothing is alike, it is the one valid name that begins as this one of at least three letters.
    """
    listed = [str(n) for n in names]
    lowered, start = [n.lower() for n in listed], str(name).lower()
    close = difflib.get_close_matches(start, lowered, n=1, cutoff=0.6)
    if not close and len(start) >= 3:
        beginnings = [n for n in lowered if n.startswith(start)]
        close = beginnings if len(beginnings) == 1 else []
    alike = [n for n in listed if n.lower() in close]
    return f"did you mean {nearest_first(str(name), alike)[0]!r}?" if alike else ""


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """The names in the order of their likeness to `name`; the alphabetical one where that is very long.

    Case counts among equals only.
    """
    names = sorted(known)
    if len(name) > _LIKENESS_LIMIT:
        return names

    def likeness(other: str) -> tuple[float, float]:
        pairs = (name.lower(), other.lower()), (name, other)
        caseless, exact = [difflib.SequenceMatcher(None, *pair).ratio() for pair in pairs]
        return caseless, exact

    return sorted(names, key=likeness, reverse=True)


def known(names: Iterable[object], what: str = "valid names", limit: int = 24) -> str:
    """A sentence part that lists what would have been valid."""
    listed = [str(n) for n in names]
    if not listed:
        return f"{what}: none"
    more = f", … ({len(listed) - limit} more)" if len(listed) > limit else ""
    return f"{what}: {', '.join(listed[:limit])}{more}"


def unknown(what: str, name: object, names: Iterable[object], valid: str = "valid names") -> str:
    """``no <what> 'x'; did you mean 'y'? valid names: …``."""
    listed = list(names)
    parts = [f"no {what} {name!r};", nearest(name, listed), known(listed, valid)]
    return " ".join(part for part in parts if part)


def with_article(name: str) -> str:
    """A name with its article: ``a Dense``, ``an Experiment``."""
    return f"an {name}" if name[:1].lower() in tuple("aeiou") else f"a {name}"


def brief(value: object, limit: int = 60) -> str:
    """A value in one short line, for the middle of a message."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a broken repr must not hide the error it is for
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def excerpt(text: str, at: int = 0, limit: int = 200) -> str:
    """A text for the middle of a message: whole, or the part around a character where it is long.

    Example:
        >>> excerpt('scale_width?2'), excerpt('0123456789', at=5, limit=4)
        ('scale_width?2', '…3456…')
    """
    if len(text) <= limit:
        return text
    start = max(0, min(at - limit // 2, len(text) - limit))
    end = start + limit
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def advise_symbolize(value: object) -> str:
    """A hint that an object's class can be symbolized, or ``''`` where that would not help."""
    if isinstance(value, types.ModuleType) or not (hasattr(value, "__dict__") or is_dataclass(value)):
        return ""
    name = type(value).__name__
    return f"; sj.symbolize({name}) in the place of {name} makes it part of the tree"
