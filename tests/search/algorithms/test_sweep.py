"""Sweeps: all points of a space in order."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings

from symjax import search
from symjax.search.algorithms import Exhausted, Sweep
from symjax.search.algorithms.sweep import Walk
from symjax.search.spaces.dna import DNA

from ..spaces import generated
from ..test_new_kind import Experiment, PowerOfTwo

KEY = jax.random.key(0)


def swept(algorithm, space, n):
    state, batches = algorithm.init(space, KEY), []
    while True:
        try:
            dnas, state = algorithm.ask(state, KEY, n)
        except Exhausted:
            return batches
        batches.append(dnas)
        state = algorithm.tell(state, dnas, np.zeros(len(dnas)))


@settings(max_examples=40, deadline=None)
@given(generated.finite_spaces)
def test_the_order_is_that_of_enumerate_from_any_point_on(space):
    points = list(space.enumerate())
    walk = Walk(space.spec, {})
    assert walk.size == len(points) == space.size
    for start in {0, 1, len(points) // 2, len(points) - 1, len(points)}:
        assert list(walk.points(start)) == points[start:]


def test_batches_and_the_end():
    space = search.space([search.oneof([1, search.oneof([2, 3])]), search.permutate([1, 2, 3])])
    batches = swept(Sweep(), space, 5)
    assert [len(batch) for batch in batches] == [5, 5, 5, 3]
    assert DNA.concat(batches) == DNA.concat(space.enumerate())
    _, state = Sweep().ask(Sweep().init(space, KEY), KEY, 18)
    with pytest.raises(Exhausted, match="all 18 points"):
        Sweep().ask(state, KEY, 9)


def test_floats_are_swept_as_a_grid():
    space = search.space({"x": search.floatv(1e-3, 1e-1, "log"), "n": search.oneof([1, 2])})
    assert DNA.concat(swept(Sweep(3), space, 4)) == space.grid(3)
    assert DNA.concat(swept(Sweep({"x": 2}), space, 4)) == space.grid({"x": 2})
    with pytest.raises(ValueError, match="x is a float, of which there is no last one; Sweep"):
        Sweep().init(space, KEY)


def test_large_spaces_are_swept_from_anywhere():
    tree = [search.permutate(list(range(12))), search.intv(0, 2**30), search.manyof(5, list(range(40)))]
    space = search.space(tree)
    walk = Walk(space.spec, {})
    assert walk.size == space.size
    last = next(walk.points(walk.size - 1))
    assert space.decode(last) == [list(range(11, -1, -1)), 2**30, [39, 38, 37, 36, 35]]


@pytest.mark.parametrize(("distinct", "sorted"), [(False, False), (False, True), (True, False), (True, True)])
def test_selections_from_one_on(distinct, sorted):
    choice = search.manyof(2, [1, 2, 3, 4], distinct, sorted)
    rows = list(choice.enumerate(None))
    for start in range(len(rows) + 1):
        assert list(choice.enumerate_from(start, None)) == rows[start:]


def test_a_new_kind_is_swept():
    space = search.space(Experiment(PowerOfTwo(4, 16), PowerOfTwo(1, 8)))
    assert list(Walk(space.spec, {}).points(5)) == list(space.grid(1))[5:]


def test_only_what_a_constraint_allows():
    space = search.space([search.oneof([1, 2, 3]), search.oneof([1, 2, 3])])
    allowed = space.constrain(lambda tree: tree[0] < tree[1])
    batches = swept(Sweep(), allowed, 2)
    assert [space.decode(batch) for batch in batches] == [[[1, 2], [1, 3]], [[2, 3]]]
    with pytest.raises(ValueError, match="nothing to sweep"):
        Sweep().init(space.constrain(lambda tree: False), KEY)
