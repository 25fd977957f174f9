"""How many are selected."""

import pytest

import symjax as sj
from symjax.search.algorithms.evolution import selectors


@pytest.mark.parametrize("n", [-1, -0.5, 1.5, float("nan")])
def test_a_number_that_is_none_is_refused(n):
    with pytest.raises(ValueError, match=r"a share of the population from 0\.0 to 1\.0"):
        selectors.First(n)


def test_a_share_is_no_leaf_for_it_says_how_large_arrays_are():
    import jax

    assert jax.tree.leaves(selectors.First(0.5)) == []


@pytest.mark.parametrize(
    "selector",
    [
        selectors.Random(4),
        selectors.Random(0.5, replacement=True),
        selectors.Tournament(2, size=3),
        selectors.Top(),
        selectors.Bottom(2, cluster=True),
        selectors.First(1),
        selectors.Last(1.0),
        selectors.Sample(3),
        selectors.Proportional(3),
    ],
)
def test_they_are_saved(selector):
    assert sj.from_json(sj.to_json(selector)) == selector
