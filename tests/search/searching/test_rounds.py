"""Rounds of a search."""

import jax
import numpy as np

from symjax import search
from symjax.search.engines import Local
from symjax.search.searching.rounds import Keys, Search

SPACE = search.space({"x": search.floatv(-1.0, 1.0)})


def height(exp, key):
    return {"y": exp["x"] + 0.1 * jax.random.normal(key)}


def test_rounds_from_a_state_are_those_of_the_whole():
    options = {"objective": "y", "mode": "max"}
    loop = Search(search.algorithms.Random(), height, SPACE, Keys.of(jax.random.key(0)), Local(), (), options)
    whole = list(loop.rounds(loop.init(), 0, 6, 2))
    rest = list(loop.rounds(whole[0].state, 2, 4, 2))
    assert [list(each.results.ids) for each in rest] == [[2, 3], [4, 5]]
    for mine, theirs in zip(rest, whole[1:], strict=True):
        assert mine.results.dnas == theirs.results.dnas
        np.testing.assert_array_equal(mine.results["y"], theirs.results["y"])
