"""Patterns of paths in a model."""

from __future__ import annotations

import functools
import re

from symjax.core.paths import Path


def matches(pattern: str, path: Path) -> bool:
    """Whether a path in a model, its names joined by slashes, is one of those that a pattern stands for.

    Example:
        >>> matches('encoder/*/Dense_?', Path(('encoder', 'Block_0', 'Dense_1'))), matches('**', Path(('a',)))
        (True, True)
    """
    return _expression(pattern).fullmatch("/".join(map(str, path))) is not None


@functools.lru_cache(256)
def _expression(pattern: str) -> re.Pattern[str]:
    """A pattern as a regular expression."""
    spelled = {"**/": "(?:.+/)?", "/**": "(?:/.+)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|/\*\*|\*\*|\*|\?)", pattern)
    return re.compile("".join(spelled.get(piece, re.escape(piece)) for piece in pieces))
