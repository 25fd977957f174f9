"""Sorting a batch into buckets."""

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search import DNA
from symjax.search.compiling.lanes import Layout
from symjax.search.planning.arguments import aval_of
from symjax.search.planning.buckets import Sorter
from symjax.search.planning.leaf_decisions import leaf_decisions
from symjax.search.planning.programs import Task

TASK = Task(lambda exp, key: 0.0, aval_of(jax.random.key(0)), tuple(jax.devices()[:1]))
SPACE = search.space(
    {
        "kind": search.oneof(["a", {"n": search.oneof([1, 2]), "x": search.floatv(0, 1)}]),
        "y": search.oneof([0.1, 0.2, 0.3]),
    }
)


def sort(space, dnas, fn=None):
    task = TASK if fn is None else Task(fn, TASK.key, TASK.devices)
    return Sorter(task, space, leaf_decisions(space), dnas.host(), (), lambda n: Layout("vmap", 2)).sort()


def leaf_at(bucket, name, row):
    """What the lane of a row has for a leaf."""
    index = bucket.arguments.names.index(name)
    return bucket.values[index][bucket.rows.tolist().index(row)]


genes = st.tuples(st.integers(0, 1), st.integers(0, 1), st.floats(0, 1, width=32), st.integers(0, 2)).map(
    list
)


@given(st.lists(genes, min_size=1, max_size=12))
def test_every_row_is_in_the_bucket_of_its_structure_with_its_leaves(rows):
    dnas = DNA.from_numbers(SPACE.spec, rows)
    result = sort(SPACE, dnas)
    assert sorted(row for bucket in result.buckets for row in bucket.rows) == list(range(len(rows)))
    assert [bucket.rows[0] for bucket in result.buckets] == sorted(
        bucket.rows[0] for bucket in result.buckets
    )
    structures = [(kind, n if kind else None) for kind, n, _, _ in rows]
    assert len(result.buckets) == len(set(structures))
    for bucket in result.buckets:
        assert bucket.rows.tolist() == sorted(bucket.rows)
        assert len({structures[row] for row in bucket.rows}) == 1
        for row in bucket.rows:
            tree = SPACE.decode(dnas[int(row)])
            assert leaf_at(bucket, "y", row) == np.float32(tree["y"])
            if tree["kind"] != "a":
                assert leaf_at(bucket, "kind.x", row) == np.float32(tree["kind"]["x"])
    assert not result.errors
    assert not result.demoted


def test_an_empty_batch_has_no_buckets():
    result = sort(SPACE, SPACE.sample(jax.random.key(0), 2)[:0])
    assert (result.buckets, result.varying, result.errors) == ((), frozenset(), {})


def test_names_the_decisions_whose_leaf_varies():
    rows = [[0, 0, 0.5, 0], [0, 0, 0.5, 1]]
    ids = {SPACE.spec.points[i].id for i in sort(SPACE, DNA.from_numbers(SPACE.spec, rows)).varying}
    assert ids == {"y"}
    rows += [[1, 0, 0.5, 1]]
    ids = {SPACE.spec.points[i].id for i in sort(SPACE, DNA.from_numbers(SPACE.spec, rows)).varying}
    assert ids == {"y", "kind[=1/2].x"}


def test_a_leaf_that_cannot_be_traced_splits_a_bucket():
    traces = []

    def run(exp, key):
        traces.append(1)
        return exp["x"] if exp["y"] > 0.15 else -exp["x"]

    space = search.space({"x": search.floatv(0, 1), "y": search.oneof([0.1, 0.2, 0.3])})
    dnas = DNA.from_numbers(space.spec, [[0.1 * i, i % 3] for i in range(9)])
    search.clear_programs()
    result = sort(space, dnas, run)
    assert [bucket.rows.tolist() for bucket in result.buckets] == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert list(result.demoted) == ["y"]
    assert result.demoted["y"].line == 'exp["y"] > 0.15'
    assert [[b.arguments.names[i] for i in b.frozen] for b in result.buckets] == [["y"]] * 3
    before = len(traces)
    assert len(sort(space, dnas[3:], run).buckets) == 3
    assert len(traces) == before  # what cannot be traced is remembered


class Ordered(sj.Object):
    low: float
    high: float
    tag: Any = None

    def __check__(self):
        if not sj.contains(self, type=sj.Placeholder) and not self.low < self.high:
            raise ValueError("not ordered")


def test_rows_that_break_an_invariant_are_left_out():
    space = search.space(Ordered(search.floatv(0, 1), search.floatv(0, 1), search.oneof(["s", "t"])))
    rows = [[0.9, 0.1, 0], [0.1, 0.9, 0], [0.9, 0.1, 1], [0.2, 0.3, 0], [0.8, 0.1, 0]]
    result = sort(space, DNA.from_numbers(space.spec, rows))
    assert [bucket.rows.tolist() for bucket in result.buckets] == [[1, 3]]
    assert sorted(result.errors) == [0, 2, 4]


def test_a_function_that_always_fails_gives_its_error_to_the_whole_bucket():
    def run(exp, key):
        if exp["kind"] == "a":
            raise KeyError("no a")
        return 0.0

    rows = [[0, 0, 0.5, 0], [1, 0, 0.5, 1], [0, 1, 0.5, 2]]
    result = sort(SPACE, DNA.from_numbers(SPACE.spec, rows), run)
    assert [bucket.rows.tolist() for bucket in result.buckets] == [[1]]
    assert {row: type(error) for row, error in result.errors.items()} == {0: KeyError, 2: KeyError}


@pytest.mark.parametrize("lanes", [2, 8])
def test_a_bucket_takes_another_number_of_lanes(lanes):
    (bucket,) = sort(SPACE, DNA.from_numbers(SPACE.spec, [[0, 0, 0.5, 0]])).buckets
    other = bucket.with_layout(Layout("vmap", lanes))
    assert other.program.width == lanes
    assert (other.program == bucket.program) == (lanes == 2)
    assert (other.rows, other.values, other.arguments) == (bucket.rows, bucket.values, bucket.arguments)
