"""Tables of plain text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax.search.results.table import layout, value_text

cells = st.text("abc", min_size=1, max_size=5)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=2, max_size=5), st.integers(0, 3))
def test_columns_stand_below_each_other(rows, right):
    lines = layout(rows, range(right)).splitlines()
    assert [line.split() for line in lines] == rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for place, column in enumerate(zip(*rows, strict=True)):
        start = sum(widths[:place]) + 2 * place
        for line, cell in zip(lines, column, strict=True):
            shown = line[start : start + widths[place]]
            assert shown.ljust(widths[place]) == (
                cell.rjust(widths[place]) if place < right else cell.ljust(widths[place])
            )


def test_empty_columns_are_left_out():
    assert layout([["a", "b", "c"], ["1", "", "3"]]) == "a  c\n1  3"
    assert layout([["a", "b"]]) == "a  b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (1 / 3, "0.3333"),
        (np.float32(0.1), "0.1"),
        (np.array(7), "7"),
        (float("nan"), "nan"),
        ("relu", "'relu'"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, 8,…"),
    ],
)
def test_a_value_takes_one_short_cell(value, text):
    assert value_text(value) == text
