"""`Spec` and its points: columns, genes that are refused, and which decisions matter."""

import pickle

import jax
import numpy as np
import pytest

from symjax import search
from symjax.core.paths import Path
from symjax.search.spaces.points import Point, Spec


def point(id, path, choice):
    return Point(id, Path.parse(path), -1, -1, -1, choice.bare())


CHOICE = point("c", "c", search.oneof([1, 2, 3]))
LINEAR = point("x", "x", search.floatv(-0.1, 2 / 3))
LOG = point("", "y", search.floatv(1e-4, 0.1, "log"))
SEVERAL = point("m", "m", search.manyof(2, ["a", "b", "c"]))
NESTED = search.space(
    search.oneof([search.oneof([1, 2]), [search.floatv(0, 1), search.oneof([search.oneof([3, 4]), 5])]])
).spec


def test_columns_are_counted_by_kind():
    spec = Spec((LINEAR, CHOICE, LOG, SEVERAL))
    assert spec.columns == (slice(0, 1), slice(0, 1), slice(1, 2), slice(1, 4))
    assert (spec.choices, spec.floats) == (4, 2)
    assert repr(spec) == "Spec(x, c, (root), m)"
    assert len(spec) == 4


def test_is_a_value():
    spec, same, other = Spec((LINEAR, CHOICE)), Spec((LINEAR, CHOICE)), Spec((CHOICE, LINEAR))
    assert (spec == same, hash(spec) == hash(same), spec == other, spec == 3) == (True, True, False, False)
    assert pickle.loads(pickle.dumps(NESTED)) == NESTED


def test_a_decision_matters_where_all_candidates_that_it_stands_in_are_taken():
    assert [point.id for point in NESTED.points] == [
        "",
        "[=0/2]",
        "[=1/2][0]",
        "[=1/2][1]",
        "[=1/2][1][=0/2]",
    ]
    choices = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0]], np.int32)
    expected = [[1, 1, 1], [1, 0, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0]]
    assert np.array(NESTED.active(choices)).astype(int).tolist() == expected
    assert np.array(jax.jit(NESTED.active)(choices)).astype(int).tolist() == expected
    assert [bool(active) for active in NESTED.active(choices[2])] == [True, False, True, True, False]


def test_a_check_names_the_first_decision_at_fault():
    spec = Spec((LINEAR, CHOICE))
    spec.check(np.zeros((4, 1), np.int32), np.zeros((4, 1), np.float32))
    with pytest.raises(ValueError, match=r"^c has 3 candidates, 0 to 2; got 3"):
        spec.check(np.array([[0], [3]], np.int32), np.array([[0], [0]], np.float32))
    with pytest.raises(ValueError, match=r"^x lies in"):
        spec.check(np.array([[0], [2]], np.int32), np.array([[0], [np.nan]], np.float32))


def test_two_decisions_of_one_name_are_refused():
    with pytest.raises(ValueError, match="2 decisions of the space have the name 'w'"):
        search.space([search.oneof([1, 2], name="w"), search.oneof([3, 4], name="w")])


def test_a_spec_of_other_candidates_is_another_and_says_what_differs():
    mine, theirs = (search.space({"w": search.oneof([8, last])}).spec for last in (16, 32))
    with pytest.raises(ValueError, match=r"w is oneof\(\[8, 32\]\) there, and w oneof\(\[8, 16\]\) here"):
        mine.require(theirs)
    with pytest.raises(ValueError, match="it has 0 decisions there, and 1 here"):
        mine.require(Spec(()))
    mine.require(pickle.loads(pickle.dumps(mine)))
