"""What comes in, in whatever order, and the results that are made of it at any time."""

import jax
import numpy as np
import pytest

from symjax import search
from symjax.search.evaluation.outcomes import Lanes, Outcomes, by_repeat
from symjax.search.evaluation.requests import Request
from symjax.search.results.objective import Objective

SPACE = search.space({"x": search.floatv(0, 1)})
DNAS = SPACE.sample(jax.random.key(0), 4)


def outcomes(repeats=1):
    ids = np.arange(10, 14, dtype=np.uint32)
    return Outcomes(
        Request(SPACE, DNAS.host(), ids, jax.random.key(1), repeats, Objective(), "run(exp, key)")
    )


def lanes(rows, repeats=0):
    return Lanes(np.array(rows), np.broadcast_to(np.uint32(repeats), len(rows)))


def test_in_any_order_they_are_the_batch():
    mine = outcomes()
    assert mine.keep(lanes([3, 1]), {"y": np.array([3.0, 1.0])}, 1, 0.5).tolist() == [3, 1]
    assert (mine.lanes_left, mine.pending.tolist()) == (2, [True, False, True, False])
    assert mine.keep(lanes([2, 0]), {"y": np.array([2.0, 0.0])}, 0, 0.25).tolist() == [2, 0]
    results = mine.results()
    assert results["y"].tolist() == [0, 1, 2, 3]
    assert results.programs.tolist() == [0, 1, 0, 1]
    assert results.seconds.tolist() == [0.25, 0.5, 0.25, 0.5]
    assert results.ids.tolist() == [10, 11, 12, 13]
    assert results.plan.function == "run(exp, key)"


def test_what_is_not_in_is_pending():
    mine = outcomes()
    empty = mine.results()
    assert (empty.metrics, empty.states.tolist()) == (None, ["pending"] * 4)
    mine.keep(lanes([2]), np.array([5]), 0, 1.0)
    mine.fail(np.array([0]), ValueError("no"), 0)
    results = mine.results()
    assert results.states.tolist() == ["failed", "pending", "ok", "pending"]
    assert results.metrics.tolist() == [None, None, 5, None]
    assert np.isnan(results.seconds).tolist() == [True, True, False, True]


def test_a_configuration_is_finished_when_all_its_repeats_are_in():
    mine = outcomes(repeats=2)
    assert mine.keep(lanes([0, 1, 2], 1), np.array([1.0, 2.0, 3.0]), 0, 1.0).tolist() == []
    assert mine.keep(
        Lanes(np.array([1, 3, 3]), np.array([0, 0, 1])), np.array([4.0, 6.0, 8.0]), 0, 1.0
    ).tolist() == [
        1,
        3,
    ]
    results = mine.results()
    assert results.states.tolist() == ["pending", "ok", "pending", "ok"]
    assert results.samples[""][[1, 3]].tolist() == [[4.0, 2.0], [6.0, 8.0]]
    assert results.seconds[1] == 2.0
    part = mine.results(np.array([3]))
    assert (part.metrics.tolist(), part.ids.tolist()) == ([7.0], [13])


def test_a_repeat_that_raises_makes_its_configuration_fail_once():
    mine = outcomes(repeats=2)
    mine.keep(lanes([0, 1]), np.ones(2), 0, 1.0)
    first, second = ValueError("one"), ValueError("two")
    assert mine.fail(np.array([1, 1]), first, 0).tolist() == [1]
    assert mine.fail(np.array([1]), second, 0).tolist() == []
    assert mine.keep(lanes([0, 1], 1), np.ones(2), 0, 1.0).tolist() == [0]
    assert dict(mine.errors) == {1: first}
    assert mine.lanes_left == 4


@pytest.mark.parametrize("shape", [(6,), (6, 3)])
def test_lanes_are_rows_of_repeats(shape):
    column = np.arange(np.prod(shape)).reshape(shape)
    rows = by_repeat(column, 3)
    assert rows.shape == (2, 3, *shape[1:])
    ragged = np.full(6, None, object)
    ragged[:] = [*column[:3], None, *column[4:]]
    rows = by_repeat(ragged, 3)
    assert np.array_equal(rows[0], column[:3])
    assert rows[1] is None
