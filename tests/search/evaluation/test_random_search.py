"""`random_search`: draws and evaluates, from one key."""

import jax
import numpy as np
import pytest

from symjax import search

SPACE = search.space({"x": search.floatv(-1.0, 1.0), "n": search.oneof([1, 2])})


def run(exp, key, offset=0.0):
    return {"y": -((exp["x"] - offset) ** 2) * exp["n"], "noise": jax.random.normal(key)}


def test_is_what_sample_and_evaluate_do():
    key = jax.random.key(4)
    draw, root = jax.random.split(key)
    results = search.random_search(run, SPACE, key, 12, 0.25, width=2)
    same = search.evaluate(run, SPACE, SPACE.sample(draw, 12), root, 0.25, width=2)
    assert results.dnas == same.dnas
    for name in ("y", "noise"):
        assert results.metrics[name].tolist() == same.metrics[name].tolist()


def test_comes_near():
    best = search.random_search(run, SPACE, jax.random.key(0), 256, 0.25).best("y").experiment
    assert abs(best["x"] - 0.25) < 0.05


def test_is_the_same_in_one_piece_or_in_several():
    key = jax.random.key(2)
    whole = search.random_search(run, SPACE, key, 10)
    parts = [search.random_search(run, SPACE, key, 6), search.random_search(run, SPACE, key, 4, first_id=6)]
    assert [trial.dna for part in parts for trial in part] == [trial.dna for trial in whole]
    assert [trial.id for part in parts for trial in part] == list(range(10))
    for name in ("y", "noise"):
        assert [value for part in parts for value in part[name]] == whole[name].tolist()


def test_takes_what_evaluate_takes():
    told = []
    how = {"objective": "y", "constraints": {"noise": 0.5}, "repeats": 2, "devices": jax.devices()[0]}
    results = search.random_search(run, SPACE, jax.random.key(2), 6, on_result=told.append, **how)
    assert sum(map(len, told)) == 6
    assert results.samples["noise"].shape == (6, 2)
    assert results.best().index == results.rank("y")[0]
    assert np.array_equal(results.feasible, results["noise"] <= 0.5)
    again = search.random_search(run, SPACE, jax.random.key(2), 6, resume=results, **how)
    assert again.compiled + again.reused == 0


def test_needs_something_to_do():
    with pytest.raises(ValueError, match="at least one configuration"):
        search.random_search(run, SPACE, jax.random.key(0), 0)
    with pytest.raises(ValueError, match="counted from 0, got first_id=-1"):
        search.random_search(run, SPACE, jax.random.key(0), 1, first_id=-1)
