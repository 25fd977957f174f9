"""`Group`: processes that tell each other something; here a group of one, `test_distributed` has two."""

import pickle

import numpy as np
import pytest

from symjax.search.engines.group import Group


@pytest.fixture(scope="module")
def group():
    return Group(timeout=60)


@pytest.mark.parametrize("size", [0, 4000, 4060, 4100, 9000])
def test_messages_of_any_size_arrive(group, size):
    message = np.random.default_rng(0).bytes(size)
    assert [pickle.loads(pickle.dumps(each)) for each in group._send(pickle.dumps(message))] == [message]


def test_a_group_of_one_hears_and_agrees_with_itself(group):
    assert group.count == 1
    assert group.gather("a") == ["a"]
    assert group.agree(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        group.agree(lambda: 1 // 0)
    group.leave(OSError("nobody hears it"))
    assert group.gather("b") == ["b"]
