"""The grammar of patch URIs: ``name?positional&key=value``, chained by ``|``, counted by ``#``.

::

    chain    = step ('|' step)*
    step     = (call | '(' chain ')') ['#' places]
    call     = name ['?' argument ('&' argument)*]
    argument = [key '='] value
    value    = item (':' item)*                    one item: itself; several: a list
    item     = '[' [value] ']' | quoted | bare     brackets always make a list

Names are dotted identifiers. In quoted and bare text ``%`` starts a percent-encoded byte of UTF-8.
Brackets and parentheses nest `NESTING_LIMIT` deep. Reading takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import unquote

from .literals import NESTING_LIMIT, Text, Token


@dataclass(frozen=True, slots=True)
class Call:
    """One patcher with its arguments, as a URI names them.

    Attributes:
        name: The name of the patcher.
        args: The positional arguments.
        kwargs: The arguments given by name.
        text: The part of the URI that this was read from.
    """

    name: str
    args: tuple[Token, ...] = ()
    kwargs: tuple[tuple[str, Token], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A link of a chain.

    Attributes:
        target: What to apply; a tuple of steps is a chain in parentheses.
        places: How many places it is expected to change; None where the URI does not say.
    """

    target: Call | tuple[Step, ...]
    places: int | None = None


def is_name(text: str) -> bool:
    """Whether `text` can name a patcher: identifiers joined by dots.

    Example:
        >>> is_name('vision.scale_width'), is_name('scale-width')
        (True, False)
    """
    return all(part.isidentifier() for part in text.split("."))


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


def print_call(name: str, arguments: Mapping[str, str]) -> str:
    """The URI of a patcher with these arguments, which `symjax.patches.uri.literals.write` has written.

    Example:
        >>> print_call('vision.resize', {'size': '32:32', 'mode': 'bi%20linear'})
        'vision.resize?size=32:32&mode=bi%20linear'
    """
    query = "&".join([f"{key}={value}" for key, value in arguments.items()])
    return f"{name}?{query}" if query else name


def parse(text: str) -> tuple[Step, ...]:
    """Reads a URI.

    Args:
        text: The URI; white space around it is ignored.

    Returns:
        The links of the chain; most URIs have one.

    Raises:
        TypeError: It is no text.
        ValueError: The text is no patch URI; the message says why and at which character.

    Example:
        >>> (step,) = parse("scale_width?2.0&keep='a&b'")
        >>> step.target.args, step.target.kwargs
        ((Text(text='2.0', quoted=False),), (('keep', Text(text='a&b', quoted=True)),))
    """
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a patch URI, got {type(text).__name__}")
    return _Reader(text.strip()).read()


_KEY: Final = re.compile(r"([^=&|#:]+)=")
_NAME_ENDS: Final = "?|#()&"
_SEPARATED: Final = re.compile(r"[\w.]+\s*[=:,\s]")
_PLACES_DIGITS: Final = 18  # no tree has more places, and Python reads no number of 5,000 digits


class _Reader:
    """A recursive-descent reader: one method for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.parentheses = 0
        self.brackets = 0

    def read(self) -> tuple[Step, ...]:
        chain = self.chain()
        if self.at < len(self.text):
            self.fail(f"{self.peek()!r} is not expected here")
        return chain

    def chain(self) -> tuple[Step, ...]:
        steps = [self.step()]
        while self.take("|"):
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        target: Call | tuple[Step, ...]
        if self.take("("):
            self.parentheses += 1
            self.check_nesting(self.parentheses)
            target = self.chain()
            self.parentheses -= 1
            if not self.take(")"):
                self.fail("expected ')'")
        else:
            target = self.call()
        if not self.take("#"):
            return Step(target)
        start = self.at
        while self.peek().isdigit() and self.peek().isascii():
            self.at += 1
        if not 0 < self.at - start <= _PLACES_DIGITS:
            self.fail("expected the number of places after '#'")
        return Step(target, int(self.text[start : self.at]))

    def call(self) -> Call:
        start = self.at
        name = self.until(_NAME_ENDS).strip()
        if not is_name(name):
            self.at = start
            advice = "; arguments stand behind a '?', as in name?value" if _SEPARATED.match(name) else ""
            self.fail(f"{excerpt(name)!r} is no name of a patcher{advice}")
        args: list[Token] = []
        kwargs: dict[str, Token] = {}
        more = self.take("?") and self.peek() not in self.ends()
        while more:
            key = _KEY.match(self.text, self.at)
            if key is not None and key[1].isidentifier():
                if key[1] in kwargs:
                    self.fail(f"{excerpt(key[1])!r} is given twice")
                self.at = key.end()
                kwargs[key[1]] = self.value()
            elif kwargs:
                self.fail("a positional argument stands after one given by name")
            else:
                args.append(self.value())
            more = self.take("&")
        return Call(name, tuple(args), tuple(kwargs.items()), self.text[start : self.at])

    def value(self) -> Token:
        items = [self.item()]
        while self.take(":"):
            items.append(self.item())
        return items[0] if len(items) == 1 else tuple(items)

    def item(self) -> Token:
        mark = self.peek()
        if self.take("["):
            return self.bracket()
        if mark == "<":
            self.fail("'<…>' describes a value that has no notation in a URI")
        if mark and mark in "'\"":
            self.at += 1
            text = self.until(mark)
            if not self.take(mark):
                self.fail(f"expected the closing {mark}")
            return Text(self.decode(text), quoted=True)
        return Text(self.decode(self.until(self.ends())))

    def bracket(self) -> Token:
        if self.take("]"):
            return ()
        self.brackets += 1
        self.check_nesting(self.brackets)
        items = [self.item()]
        while self.take(":"):
            items.append(self.item())
        self.brackets -= 1
        if not self.take("]"):
            self.fail("expected ']'")
        return tuple(items)

    def ends(self) -> str:
        """The characters that end a bare item here; closing ones only where something is open."""
        return "&|#:" + (")" if self.parentheses else "") + ("]" if self.brackets else "")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) * taken
        return taken

    def until(self, ends: str) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ends:
            self.at += 1
        return self.text[start : self.at]

    def decode(self, text: str) -> str:
        try:
            return unquote(text, errors="surrogatepass")
        except UnicodeDecodeError:
            self.fail(f"{excerpt(text)!r} is not UTF-8 after percent-decoding")

    def check_nesting(self, depth: int) -> None:
        if depth > NESTING_LIMIT:
            self.fail(f"brackets and parentheses nest {NESTING_LIMIT} deep at most")

    def fail(self, why: str) -> NoReturn:
        text = excerpt(self.text, self.at)
        raise ValueError(f"{text!r} is no patch URI: {why}, at character {self.at}")
