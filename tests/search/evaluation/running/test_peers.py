"""What processes tell each other of a call."""

import threading

import jax
import numpy as np
import pytest

from symjax.search.evaluation.running.peers import Alone, first_error, joined, sendable


class Pair:
    """This process, and another one that says always the same."""

    count = 2

    def __init__(self, other):
        self.other = other

    def gather(self, value):
        return [value, self.other]


def test_lanes_stand_in_the_order_of_the_processes():
    mine = {"y": np.arange(2.0), "z": np.zeros((2, 3))}
    other = {"y": np.arange(3.0), "z": np.ones((3, 3))}
    whole, seconds = joined(mine, 0.1, Pair((None, jax.tree.leaves(other), 0.4)))
    assert whole["y"].tolist() == [0, 1, 0, 1, 2]
    assert whole["z"].shape == (5, 3)
    assert seconds == 0.4


@pytest.mark.parametrize("mine", [np.arange(2.0), OSError("mine")], ids=["well", "raised"])
def test_the_first_error_counts_whoever_had_it(mine):
    raised, _ = joined(mine, 0.1, Pair((ValueError("theirs"), None, 0.1)))
    assert str(raised) == ("mine" if isinstance(mine, OSError) else "theirs")


def test_an_error_that_cannot_be_sent_is_one_of_its_text():
    sent = sendable(KeyError(threading.Lock()))
    assert type(sent) is RuntimeError
    assert str(sent).startswith("KeyError: <unlocked")
    assert sendable(None) is None
    assert first_error([None, sent, None]) is sent


def test_a_process_alone_hears_itself():
    assert Alone().gather(3) == [3]
