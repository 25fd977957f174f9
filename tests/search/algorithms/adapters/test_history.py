"""What was asked and told, as arrays."""

import jax
import numpy as np

from symjax import search
from symjax.search.algorithms.adapters.history import History

SPACE = search.space({"x": search.floatv(0.0, 1.0), "k": search.oneof([1, 2, 3])})
DNAS = SPACE.sample(jax.random.key(0), 5)
SEEDS = np.arange(5, dtype=np.uint32)


def test_a_reward_is_that_of_the_first_equal_point_that_waits():
    twice = search.DNA.concat([DNAS[:2], DNAS[:2]])
    history = History.empty(SPACE.spec, 1).ask(twice, SEEDS[:4])
    history, rows = history.tell(DNAS[np.array([1, 0, 1])], np.array([[1.0], [2.0], [3.0]]))
    assert rows == [1, 0, 3]
    assert history.rewards[:, 0].tolist() == [2.0, 1.0, 0.0, 3.0]
    assert history.told.tolist() == [5, 4, -1, 6]


def test_what_nobody_asked_for_is_a_new_point():
    history = History.empty(SPACE.spec, 2).ask(DNAS[:2], SEEDS[:2])
    history, rows = history.tell(DNAS[1:4], np.ones((3, 2)))
    assert rows == [1, 2, 3]
    assert history.asked.tolist() == [0, 1, -1, -1]
    assert history.told.tolist() == [-1, 2, 3, 4]
    assert history.dna(SPACE.spec, 3) == DNAS[3]
    again, rows = history.tell(DNAS[1:2], np.ones((1, 2)))  # it does not wait any more
    assert rows == [4]
    assert len(again) == 5


def test_events_come_in_their_order():
    history = History.empty(SPACE.spec, 1).ask(DNAS[:2], SEEDS[:2])
    history, _ = history.tell(DNAS[np.array([4, 1])], np.ones((2, 1)))
    history = history.ask(DNAS[2:3], SEEDS[2:3])
    history, _ = history.tell(DNAS[:1], np.ones((1, 1)))
    assert history.events() == [(0, False), (1, False), (2, True), (1, True), (3, False), (0, True)]
    assert history.moment == 6


def test_a_history_does_not_change_and_its_memo_is_no_leaf():
    history = History.empty(SPACE.spec, 1).ask(DNAS[:2], SEEDS[:2])
    history.memo.append("anything")
    history.tell(DNAS[:2], np.ones((2, 1)))
    assert history.told.tolist() == [-1, -1]
    copy = jax.tree.map(np.copy, history)
    assert copy.memo == []
    assert history.memo == ["anything"]
    assert copy.events() == history.events()
