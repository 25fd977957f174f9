"""The grammar of patch URIs: ``name?positional&key=value`` and ``path=value``, chained and counted.

::

    chain       = step (('|' | more) step)*
    more        = ',' | newline
    step        = (call | assignments | '(' chain ')') ['#' places]
    call        = name ['?' argument ('&' argument)*]
    argument    = [key '='] value
    assignments = path '=' value (more path '=' value)*     as many as there are, one step together
    value       = item (':' item)*                          one item: itself; several: a list
    item        = '[' [value] ']' | quoted | bare           brackets always make a list

Names are dotted identifiers, paths those of `symjax.Path`. An ``=`` that stands before any ``?`` tells an
assignment from a call. In quoted and bare text ``%`` starts a percent-encoded byte of UTF-8; white space
around steps and items means nothing. Brackets and parentheses nest `NESTING_LIMIT` deep. Reading takes time
in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import unquote

from symjax.core.errors import excerpt
from symjax.core.paths import Path, PathError

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
class Assignment:
    """Values for some paths, all of them set at once.

    Attributes:
        values: The value for each path.
    """

    values: Mapping[Path, Token]


@dataclass(frozen=True, slots=True)
class Step:
    """A link of a chain.

    Attributes:
        target: What to apply; a tuple of steps is a chain in parentheses.
        places: How many places it is expected to change; None where the URI does not say.
    """

    target: Call | Assignment | tuple[Step, ...]
    places: int | None = None


def is_name(text: str) -> bool:
    """Whether `text` can name a patcher: identifiers joined by dots.

    Example:
        >>> is_name('vision.scale_width'), is_name('scale-width')
        (True, False)
    """
    return all(part.isidentifier() for part in text.split("."))


def print_call(name: str, arguments: Mapping[str, str]) -> str:
    """The URI of a patcher with these arguments, which `symjax.patches.uri.literals.write` has written.

    Example:
        >>> print_call('vision.resize', {'size': '32:32', 'mode': 'bi%20linear'})
        'vision.resize?size=32:32&mode=bi%20linear'
    """
    query = "&".join([f"{key}={value}" for key, value in arguments.items()])
    return f"{name}?{query}" if query else name


def print_assignments(values: Mapping[str, str]) -> str:
    """The text that sets some paths, to values that are written already.

    Example:
        >>> print_assignments({'model.width': '32', "table['a.b']": '1:2'})
        "model.width=32,table['a.b']=1:2"
    """
    return ",".join([f"{path}={value}" for path, value in values.items()])


def parse_value(text: str) -> Token:
    """Reads the text of one value.

    Raises:
        ValueError: The text is no value, or more than one.

    Example:
        >>> parse_value('1:2')
        (Text(text='1', quoted=False), Text(text='2', quoted=False))
    """
    return _Reader(text).read_value()


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


_MALFORMED: Final = re.compile("%(?![0-9A-Fa-f]{2}).{0,2}")
_KEY: Final = re.compile(r"([^=&|#:]+)=")
_NAME_ENDS: Final = "?|#()&,\n"
_PATH_ENDS: Final = frozenset(["", "=", *_NAME_ENDS])
_SEPARATED: Final = re.compile(r"[\w.]+[=:\s]")
_LINK: Final = re.compile(r"\s*+[|,]")  # possessive, as all of these: no text makes them look twice
_NEW_LINE: Final = re.compile(r"[^\S\n]*+\n")
_BLANKS: Final = frozenset(" \t\r")
_SPACE: Final = re.compile(r"\s*+")
_BRACKET: Final = re.compile(r"""\[(?:[^\[\]'"\n]|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")*+\]""", re.DOTALL)
_PATH_LIMIT: Final = 1_000  # characters; a key in brackets is read by trial, in quadratic time
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

    def read_value(self) -> Token:
        value = self.value()
        if self.at < len(self.text):
            self.fail(f"{self.peek()!r} is not expected here")
        return value

    def chain(self) -> tuple[Step, ...]:
        steps = [self.step()]
        while self.take_link():
            steps.append(self.step())
        return tuple(steps)

    def take_link(self, only: str = "|,") -> bool:
        """Whether the chain goes on: goes past what joins its links, ``|``, ``,`` or a new line."""
        link = _LINK.match(self.text, self.at)
        if link is not None and link[0][-1] in only:
            self.at = link.end()
            return True
        new_line = _NEW_LINE.match(self.text, self.at)
        if link is None and new_line is not None and not self.closes_next():
            self.at = new_line.end()
            return True
        return False

    def closes_next(self) -> bool:
        """Whether nothing but white space stands before a closing parenthesis."""
        end = self.after_space()
        return self.parentheses > 0 and self.text.startswith(")", end)

    def step(self) -> Step:
        target: Call | Assignment | tuple[Step, ...]
        self.at = self.after_space()
        if self.take("("):
            self.parentheses += 1
            self.check_nesting(self.parentheses)
            target = self.chain()
            self.parentheses -= 1
            self.at = self.after_space()
            if not self.take(")"):
                self.fail("expected ')'")
        else:
            target = self.assignments() or self.call()
        if not self.take("#"):
            return Step(target)
        start = self.at
        while self.peek().isdigit() and self.peek().isascii():
            self.at += 1
        if not 0 < self.at - start <= _PLACES_DIGITS:
            self.fail("expected the number of places after '#'")
        return Step(target, int(self.text[start : self.at]))

    def assignments(self) -> Assignment | None:
        """As many paths with values as there are; None where a call stands here."""
        values: dict[Path, Token] = {}
        start = end = self.at
        while (path := self.assigned_path()) is not None:
            if path in values:
                self.at = start
                self.fail(f"{excerpt(str(path))!r} is set twice")
            values[path] = self.value()
            end = self.at
            if not self.take_link(only=","):
                break
            start = self.at = self.after_space()
        self.at = end
        return Assignment(values) if values else None

    def assigned_path(self) -> Path | None:
        """The path before an ``=``, which is gone past; None where none stands here."""
        end = self.at
        while (mark := self.text[end : end + 1]) not in _PATH_ENDS:
            bracket = _BRACKET.match(self.text, end) if mark == "[" else None
            end = end + 1 if bracket is None else bracket.end()
        if not self.text.startswith("=", end):
            return None
        text = self.text[self.at : end].strip()
        if not 0 < len(text) <= _PATH_LIMIT:
            self.fail(f"expected a path of up to {_PATH_LIMIT} characters before '='")
        try:
            path = Path.parse(text)
        except PathError as error:
            self.fail(f"{error}")
        self.at = end + 1
        return path

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
            match = _KEY.match(self.text, self.at)
            key = "" if match is None else match[1].strip()
            if match is not None and key.isidentifier():
                if key in kwargs:
                    self.fail(f"{excerpt(key)!r} is given twice")
                self.at = match.end()
                kwargs[key] = self.value()
            elif kwargs:
                self.fail("a positional argument stands after one given by name")
            else:
                args.append(self.value())
            more = self.take("&")
        return Call(name, tuple(args), tuple(kwargs.items()), self.text[start : self.at].rstrip())

    def value(self) -> Token:
        items = [self.item()]
        while self.take(":"):
            items.append(self.item())
        return items[0] if len(items) == 1 else tuple(items)

    def item(self) -> Token:
        """One item, with the blanks around it; a new line is none of them."""
        self.skip_blanks()
        item = self.bare_item()
        self.skip_blanks()
        return item

    def bare_item(self) -> Token:
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
        return Text(self.decode(self.until(self.ends()).rstrip()))

    def bracket(self) -> Token:
        self.skip_blanks()
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
        return "&|#:,\n" + (")" if self.parentheses else "") + ("]" if self.brackets else "")

    def skip_blanks(self) -> None:
        while self.peek() in _BLANKS:
            self.at += 1

    def after_space(self) -> int:
        space = _SPACE.match(self.text, self.at)
        return self.at if space is None else space.end()

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
        malformed = _MALFORMED.search(text)
        if malformed is not None:
            self.fail(f"{excerpt(malformed[0])!r} is no percent-encoded byte; a percent sign itself is '%25'")
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
