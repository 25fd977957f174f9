"""Rows that agree in some columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax.search.planning.grouping import diverse, group_rows

GREAT = 2**31 - 1
rows = st.lists(
    st.tuples(st.integers(-2, 2), st.sampled_from([-GREAT, 0, GREAT]), st.integers(0, 1)), max_size=30
)


@given(rows, st.integers(1, 40))
def test_groups_are_those_of_a_dictionary(rows, times):
    expected = {}
    for index, row in enumerate(rows):
        expected.setdefault(row, []).append(index)
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    groups = group_rows(list(columns) * times, len(rows))  # of so many columns that codes are made dense
    assert [group.tolist() for group in groups] == list(expected.values())


def test_without_columns_all_rows_agree():
    assert [group.tolist() for group in group_rows([], 3)] == [[0, 1, 2]]
    assert group_rows([], 0) == []


@pytest.mark.parametrize("count", [70_000, 30_000])
def test_many_groups(count):
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(count), 2))
    groups = group_rows([codes], 2 * count)
    assert [codes[group[0]] for group in groups] == list(dict.fromkeys(codes.tolist()))
    assert all(codes[one] == codes[other] for one, other in groups)


def test_diverse_rows_cover_the_values():
    columns = np.stack(np.unravel_index(np.arange(24), (2, 3, 4)), 1)
    chosen = diverse(columns, 4)
    assert chosen[0] == 0
    assert [len(set(column)) for column in columns[chosen].T] == [2, 3, 4]
    assert sorted(diverse(columns[:3], 9)) == [0, 1, 2]
