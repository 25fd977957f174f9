"""Lineages, of a population that is written down by hand."""

import jax
import numpy as np
import pytest

from symjax import search

KEY = jax.random.key(0)
SPACE = search.space({"x": search.floatv(0.0, 10.0)})


def _round(*values):
    dnas = search.DNA.from_numbers(SPACE.spec, [[value] for value in values])
    return search.evaluate(lambda exp, key: {"y": exp["x"]}, SPACE, dnas, KEY)


@pytest.fixture(scope="module")
def results():
    """Member 2 takes over what 0 learnt, then member 1 what 2 has; then nothing happens."""
    rounds = (_round(3.0, 1.0, 2.0), _round(3.0, 1.0, 4.0), _round(3.0, 5.0, 4.0), _round(3.0, 5.0, 4.0))
    parents = np.array([[0, 1, 0], [0, 2, 2], [0, 1, 2]])
    return search.PBTResults(rounds, (2, 4, 6, 7), parents, {0: "a", 1: "b", 2: "c"})


def test_a_lineage_goes_back_through_copies(results):
    assert results.best().id == 1
    assert results.best_state == "b"
    assert [trial.id for trial in results.lineage()] == [0, 2, 1, 1]
    assert [trial.id for trial in results.lineage(0)] == [0, 0, 0, 0]


def test_a_schedule_says_where_values_change(results):
    assert results.schedule() == [(0, {"x": 3.0}), (2, {"x": 4.0}), (4, {"x": 5.0})]
    assert results.schedule(0) == [(0, {"x": 3.0})]
    assert [(end, float(metrics["y"])) for end, metrics in results.measurements()] == [
        (2, 3.0),
        (4, 4.0),
        (6, 5.0),
        (7, 5.0),
    ]


def test_it_says_how_much_was_copied(results):
    assert repr(results) == "<PBTResults: 3 members, 7 steps in 4 rounds, 2 copies>"
    assert len(results) == 3
