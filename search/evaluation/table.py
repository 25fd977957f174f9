"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symjax.text.formatting import format as format_tree

_WIDEST = 28  # characters of a cell


def layout(rows: Sequence[Sequence[str]], right: int = 0) -> str:
    """Rows of cells as aligned lines; columns that are empty but for their title are left out.

    Args:
        rows: The titles, and the rows below them.
        right: How many columns, from the left, hold numbers and are aligned to the right.

    Example:
        >>> print(layout([['n', 'name'], ['10', 'ten'], ['9', 'nine']], right=1))
         n  name
        10  ten
         9  nine
    """
    columns = [column for column in zip(*rows, strict=True) if any(column[1:]) or len(rows) == 1]
    aligned = []
    for place, column in enumerate(columns):
        width = max(map(len, column))
        aligned.append([c.rjust(width) if place < right else c.ljust(width) for c in column])
    return "\n".join("  ".join(line).rstrip() for line in zip(*aligned, strict=True))


def value_text(value: object) -> str:
    """A value in a cell: four digits of a float, one line of anything else.

    Example:
        >>> value_text(0.123456), value_text('relu')
        ('0.1235', "'relu'")
    """
    if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, float) and float(f"{value:.4g}") != value:
        return f"{value:.4g}"
    text = format_tree(value, width=10**6)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
