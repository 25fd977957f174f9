"""The text of a space, and its page part in notebooks."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any, Protocol

from .choice import Choice, Size, text_of
from .points import Spec

_CELL = "padding:2px 10px;vertical-align:top;text-align:left"


class Listed(Protocol):
    """What the text of a space says of it."""

    spec: Spec
    choices: tuple[Choice, ...]
    predicates: tuple[Callable[[Any], bool], ...]

    @property
    def free_size(self) -> Size:
        """The number of points, whatever `predicates` say."""


def headline(space: Listed) -> str:
    """How many trees and decisions there are."""
    trees = "infinitely many" if space.free_size == math.inf else f"{space.free_size:,}"
    if space.predicates:
        names = ", ".join(map(name_of, space.predicates))
        return f"Space of {trees} trees at most, {len(space.spec)} decisions, constrained by {names}"
    return f"Space of {trees} trees, {len(space.spec)} decisions"


def name_of(predicate: object) -> str:
    """What a function is called, without the function that it was defined in."""
    return str(getattr(predicate, "__qualname__", repr(predicate))).rpartition("<locals>.")[2]


def summary(space: Listed) -> str:
    """A line for each decision."""
    pairs = zip(space.spec.points, space.choices, strict=True)
    return "\n".join(
        [headline(space), *(f"  {point.name}: {text_of(choice, 70)}" for point, choice in pairs)]
    )


def outline(space: Listed) -> str:
    """All decisions with their candidates, a line each."""
    lines = []
    for index, (point, choice) in enumerate(zip(space.spec.points, space.choices, strict=True)):
        first, *rest = choice.outline()
        lines += [f"  {index} = {point.name!r}: {first}", *(f"  {line}" for line in rest)]
    return "\n".join(["Space({", *lines, "})"])


def page(space: Listed) -> str:
    """A table of the decisions as HTML; their candidates can be unfolded."""
    head = "".join(f"<th style='{_CELL}'>{title}</th>" for title in ("decision", "choice", "in"))
    rows = [_row(space, index) for index in range(len(space.spec))]
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<details open><summary>{html.escape(headline(space))}</summary>{table}</details>"


def _row(space: Listed, index: int) -> str:
    point, choice = space.spec.points[index], space.choices[index]
    parent = ""
    if point.parent >= 0:
        outer = space.spec.points[point.parent]
        slot = "" if outer.choice.is_single else f"[{point.slot}]"
        parent = f"{outer.name}{slot} = {outer.choice.label(point.branch)}"
    cells = (html.escape(point.name), _folded(text_of(choice, 70), choice.outline()), html.escape(parent))
    return f"<tr>{''.join(f'<td style={_CELL!r}>{cell}</td>' for cell in cells)}</tr>"


def _folded(line: str, lines: list[str]) -> str:
    """A line, under which all of it can be unfolded where that is more."""
    if len(lines) == 1:
        return f"<code>{html.escape(line)}</code>"
    rest = f"<pre style='margin:0'>{html.escape(chr(10).join(lines))}</pre>"
    return f"<details><summary><code>{html.escape(line)}</code></summary>{rest}</details>"
