"""How far points of a space are from each other."""

import numpy as np

from symjax import search
from symjax.search.algorithms.guided.distances import distances, places


def apart(tree, first, second):
    space = search.space(tree)
    one, other = (search.DNA.from_nested(space.spec, each) for each in (first, second))
    batch = search.DNA.concat([one, other])
    there = places(batch)
    result = np.asarray(distances(space.spec, there, there))
    np.testing.assert_array_equal(result, result.T)
    np.testing.assert_array_equal(np.diag(result), [0, 0])
    return float(result[0, 1])


def test_candidates_are_equal_or_not():
    assert apart([search.oneof(["a", "b", "c"]), search.oneof(["a", "b", "c"])], [0, 2], [1, 2]) == 1.0


def test_numbers_are_near_or_far_on_their_scale():
    assert apart([search.intv(0, 4)], [0], [3]) == 0.75**2
    np.testing.assert_allclose(apart([search.floatv(1e-4, 1.0, "log")], [1e-3], [1e-1]), 0.25, rtol=1e-5)


def test_of_several_candidates_the_share_that_differs():
    lists = search.manyof(2, list("abcd"), distinct=False)
    assert apart([lists], [[0, 1]], [[0, 2]]) == 0.5
    taken = search.manyof(2, list("abcd"), sorted=True)
    assert apart([taken], [[0, 1]], [[0, 2]]) == 0.5  # what is not taken does not count
    assert apart([search.permutate(list("abcd"))], [[0, 1, 2, 3]], [[1, 0, 2, 3]]) == 0.5


def test_what_matters_in_both_counts():
    tree = [search.oneof([search.floatv(0.0, 1.0), [search.floatv(0.0, 1.0)]])]
    assert apart(tree, [(0, 0.0)], [(0, 1.0)]) == 1.0
    assert apart(tree, [(0, 0.0)], [(1, 1.0)]) == 1.0  # the candidate alone
