"""Orders of configurations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax.search.results.ranking import Scores, crowding_distance, fronts, rank

small = st.integers(0, 4).map(float)
points = st.integers(1, 4).flatmap(
    lambda m: st.lists(st.lists(small, min_size=m, max_size=m), min_size=1, max_size=25)
)
FINE = np.zeros(4)


def dominates(a, b):
    return (a <= b).all() and (a < b).any()


@given(points)
def test_fronts_are_what_peeling_gives(rows):
    costs = np.array(rows)
    left, number, expected = set(range(len(costs))), 0, {}
    while left:
        front = {i for i in left if not any(dominates(costs[j], costs[i]) for j in left)}
        expected.update(dict.fromkeys(front, number))
        left, number = left - front, number + 1
    assert fronts(costs).tolist() == [expected[i] for i in range(len(costs))]


@given(points)
def test_a_ranking_is_a_permutation_that_keeps_the_fronts(rows):
    costs = np.array(rows)
    order = rank(Scores(costs, np.zeros(len(costs)), np.zeros(len(costs), int)))
    assert sorted(order) == list(range(len(costs)))
    assert (np.diff(fronts(costs)[order]) >= 0).all()


def test_equals_stay_in_their_order():
    assert rank(Scores(np.array([[2.0], [1.0], [2.0], [1.0]]), FINE, FINE)).tolist() == [1, 3, 0, 2]
    assert rank(Scores(np.ones((4, 2)), FINE, FINE))[:1].tolist() == [0]


def test_the_infeasible_and_the_failed_come_behind():
    costs = np.array([[1.0], [2.0], [3.0], [np.nan], [0.0], [4.0]])
    violation = np.array([2.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    outcome = np.array([0, 0, 0, 1, 2, 0])
    assert rank(Scores(costs, violation, outcome)).tolist() == [2, 5, 1, 0, 3, 4]


def test_within_a_front_the_loneliest_come_first():
    costs = np.array([[2.0, 4.0], [0.0, 10.0], [2.1, 3.9], [10.0, 0.0], [5.0, 1.0]])
    assert fronts(costs).tolist() == [0] * 5
    assert rank(Scores(costs, np.zeros(5), np.zeros(5))).tolist()[:3] == [1, 3, 4]


def test_crowding_is_the_size_of_the_cuboid():
    costs = np.array([[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]])
    assert crowding_distance(costs).tolist() == [np.inf, 2.0, np.inf]
    assert crowding_distance(np.array([[0.0, np.inf], [1.0, 3.0], [4.0, 0.0]]))[1] == pytest.approx(1 + 1)
    assert crowding_distance(np.ones((3, 2))).tolist() == [np.inf, 0, np.inf]
    assert crowding_distance(np.zeros((0, 2))).tolist() == []
