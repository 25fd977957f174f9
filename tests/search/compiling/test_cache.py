"""What is remembered between calls, and for how long."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import search
from symjax.search.compiling.cache import Cache, remembered


@given(st.lists(st.tuples(st.sampled_from(["find", "get", "put"]), st.integers(0, 5))), st.integers(1, 4))
def test_forgets_what_was_used_least_recently(calls, capacity):
    cache, order = Cache(capacity), []  # the keys that should be there, the last used one last
    for how, key in calls:
        cache.begin_plan()
        cache.begin_plan()
        present = key in order
        if how == "find":
            assert cache.find(key) == (key if present else None)
        elif how == "get":
            made = []
            assert cache.get(key, lambda key=key, made=made: made.append(key) or key) == key
            assert made == ([] if present else [key])
        else:
            cache.put(key, key)
        if present or how != "find":
            order = [other for other in order if other != key] + [key]
            order = order[-capacity:]
        assert len(cache) == len(order)


def test_forgets_nothing_of_the_latest_two_plans():
    cache = Cache(3)
    calls = Counter()
    for _ in range(3):
        cache.begin_plan()
        for key in range(10):
            cache.get(key, lambda key=key: calls.update([key]) or -key)
    assert set(calls.values()) == {1}
    cache.begin_plan()
    assert cache.find(4) == -4
    cache.put(10, -10)
    assert len(cache) == 11
    cache.begin_plan()
    cache.put(11, -11)
    assert (len(cache), cache.find(4), cache.find(9), cache.find(10)) == (3, -4, None, -10)


def test_what_cannot_be_made_is_not_remembered():
    cache = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.find("a") is None
    assert cache.get("a", lambda: 3) == 3


def test_clearing_programs_clears_all_that_is_remembered():
    cache = remembered(4)
    cache.put("a", 1)
    search.clear_programs()
    assert len(cache) == 0
