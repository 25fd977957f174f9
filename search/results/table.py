"""Tables of trials, as plain text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Container, Iterable, Sequence

import numpy as np

from symjax.text.formatting import format as format_tree

_WIDEST = 28  # characters of a cell
_CELL = "padding:2px 10px;text-align:left"


def layout(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> str:
    """Rows of cells as aligned lines; columns that are empty but for their title are left out.

    Args:
        rows: The titles, and the rows below them.
        right: Which columns hold numbers and are aligned to the right.

    Example:
        >>> print(layout([['n', 'name'], ['10', 'ten'], ['9', 'nine']], right=[0]))
         n  name
        10  ten
         9  nine
    """
    aligned = []
    for place, column in _filled(rows):
        width = max(map(len, column))
        aligned.append([c.rjust(width) if place in right else c.ljust(width) for c in column])
    return "\n".join("  ".join(line).rstrip() for line in zip(*aligned, strict=True))


def to_html(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a table for notebooks; see `layout`.

    Example:
        >>> to_html([['name'], ['<root>']])[-38:]
        '&lt;root&gt;</td></tr></tbody></table>'
    """
    head, *body = zip(*(column for _, column in _filled(rows)), strict=True)
    titles = "".join(f"<th style='{_CELL}'>{html.escape(title)}</th>" for title in head)
    lines = []
    for row in body:
        cells = "".join(f"<td style='{_CELL}'>{html.escape(cell)}</td>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def value_text(value: object, widest: int = _WIDEST) -> str:
    """A value in a cell: four digits of a float, one line of anything else.

    Args:
        value: Any value.
        widest: How many characters there may be; longer texts are cut off.

    Example:
        >>> value_text(0.123456), value_text('relu')
        ('0.1235', "'relu'")
    """
    if value is np.ma.masked:
        return ""
    if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, float) and float(f"{value:.4g}") != value:
        return f"{value:.4g}"
    text = format_tree(value, width=10**6)
    return text if len(text) <= widest else f"{text[: widest - 1]}…"


def measured_text(value: object, deviation: object | None) -> str:
    """A metric in a cell, with its deviation over repeats.

    Example:
        >>> measured_text(0.95, 0.0123), measured_text(0.95, None)
        ('0.95 ± 0.012', '0.95')
    """
    text = value_text(value)
    return text if deviation is None or not text else f"{text} ± {float(deviation):.2g}"  # type: ignore[arg-type]


def _filled(rows: Sequence[Sequence[str]]) -> Iterable[tuple[int, tuple[str, ...]]]:
    """The columns that hold something, with their places."""
    for place, column in enumerate(zip(*rows, strict=True)):
        if any(column[1:]) or len(rows) == 1:
            yield place, column
