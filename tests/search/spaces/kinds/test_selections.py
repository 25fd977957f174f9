"""Selections of candidates in lexicographic order."""

import itertools

import pytest

from symjax.search.spaces.kinds.selections import Selections


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("sorted_", [False, True])
@pytest.mark.parametrize(("number", "k"), [(4, 0), (4, 1), (4, 2), (4, 4), (1, 1), (3, 2)])
def test_each_has_its_number(number, k, distinct, sorted_):
    selections = Selections(number, k, distinct, sorted_)
    rows = list(iter(selections))
    expected = [
        row
        for row in itertools.product(range(number), repeat=k)
        if (not distinct or len(set(row)) == k) and (not sorted_ or list(row) == sorted(row))
    ]
    assert rows == expected
    assert selections.size == len(rows)
    assert [selections[index] for index in range(selections.size)] == rows


def test_more_than_anybody_could_count():
    selections = Selections(60, 60, distinct=True, sorted=False)
    assert selections[selections.size - 1] == tuple(range(59, -1, -1))
