"""Metrics of trials as bytes."""

import jax
import numpy as np
import pytest

from symjax.search.studies.storage.contents import NOTHING, names_of, read_contents, write_contents


def through(metrics, costs, empty):
    """What comes back of metrics."""
    contents = write_contents(metrics, costs, np.array(empty))
    texts = list(dict.fromkeys(text for text, _ in contents))
    numbers = [texts.index(text) for text, _ in contents]
    return read_contents(numbers, [content for _, content in contents], dict(enumerate(texts)))


def same(one, other):
    """Whether two pytrees are the same to the last bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


def test_a_pytree_comes_back_to_the_last_bit():
    weird = np.array([0x7FC00001, 0xFF800000, 0x80000000], np.uint32).view(np.float32)
    metrics = {"b": (weird, [np.arange(6).reshape(3, 2)]), "a": {"x.y": np.array([True, False, True])}}
    same(through(metrics, {}, [False] * 3)[0], metrics)


def test_a_bare_number_comes_back():
    same(through(np.array([1.0, 2.0]), {}, [False, False])[0], np.array([1.0, 2.0]))


def test_what_failed_has_no_metrics_and_may_have_costs():
    flops = np.array([3.0, 4.0, np.nan])
    metrics, costs = through({"y": np.array([1.0, 2.0, 3.0])}, {"cost.flops": flops}, [False, True, False])
    assert np.isnan(metrics["y"][1])
    assert metrics["y"][[0, 2]].tolist() == [1.0, 3.0]
    same(costs, {"cost.flops": flops})


def test_shapes_may_differ_between_trials():
    ragged = np.empty(3, object)
    ragged[:] = [np.arange(2.0), np.arange(3.0), np.arange(2.0) + 5]
    metrics, _ = through({"path": ragged, "y": np.arange(3)}, {}, [False] * 3)
    assert [row.tolist() for row in metrics["path"]] == [[0, 1], [0, 1, 2], [5, 6]]
    assert metrics["y"].tolist() == [0, 1, 2]


def test_nothing_is_nothing():
    assert through(None, {}, [True, True]) == (None, {})
    assert write_contents(None, {}, np.array([True])) == [(NOTHING, b"")]


def test_the_names_of_a_layout():
    ((text, _),) = write_contents({"a": np.zeros(1), "b": [np.zeros(1)]}, {}, np.array([False]))
    assert names_of(text) == ("['a']", "['b'][0]")
    assert names_of(NOTHING) is None


def test_damaged_bytes_are_refused():
    ((text, content),) = write_contents({"a": np.zeros(1)}, {}, np.array([False]))
    with pytest.raises(ValueError, match="rows of 8 bytes"):
        read_contents([0], [content[:-1]], {0: text})
