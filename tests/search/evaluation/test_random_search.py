"""`random_search`: draws and evaluates, from one key."""

import jax
import pytest

from symjax import search

SPACE = search.space({"x": search.floatv(-1.0, 1.0), "n": search.oneof([1, 2])})


def run(exp, key, offset=0.0):
    return {"y": -((exp["x"] - offset) ** 2) * exp["n"], "noise": jax.random.normal(key)}


def test_is_what_sample_and_evaluate_do():
    key = jax.random.key(4)
    draw, root = jax.random.split(key)
    results = search.random_search(run, SPACE, key, 12, 0.25, lanes=2)
    same = search.evaluate(run, SPACE, SPACE.sample(draw, 12), root, 0.25, lanes=2)
    assert results.dnas == same.dnas
    for name in ("y", "noise"):
        assert results.metrics[name].tolist() == same.metrics[name].tolist()


def test_comes_near():
    best = search.random_search(run, SPACE, jax.random.key(0), 256, 0.25).best("y").experiment
    assert abs(best["x"] - 0.25) < 0.05


def test_needs_something_to_do():
    with pytest.raises(ValueError, match="at least one configuration"):
        search.random_search(run, SPACE, jax.random.key(0), 0)
