"""Decisions as columns of numbers."""

import jax
import numpy as np
import pytest

from symjax import optax, search
from symjax.search.results.plotting.coordinates import coordinates, numbers_of

KEY = jax.random.key(0)


def test_the_kinds_of_decisions():
    space = search.space(
        {
            "act": search.oneof({"r": "relu", "g": "gelu"}),
            "ops": search.manyof(2, ["flip", "crop", "blur"]),
            "lr": search.floatv(1e-4, 0.1, "reverse_log"),
            "width": search.intv(8, 30, step=8),
        }
    )
    columns = coordinates(space)
    assert [each.name for each in columns] == ["act", "ops[0]", "ops[1]", "lr", "width"]
    assert columns[0].labels == ("r", "g")
    assert columns[2].labels == ("flip", "crop", "blur")
    assert [(each.low, each.high) for each in columns] == [(0, 1), (0, 2), (0, 2), (1e-4, 0.1), (8, 24)]
    assert [each.scale for each in columns[3:]] == ["reverse_log", "linear"]


@pytest.mark.parametrize("n", [1, 5])
def test_numbers_are_those_of_a_dna(n):
    space = search.space([search.manyof(2, list("abcd")), search.floatv(0.0, 1.0), search.intv(3, 9)])
    dnas = space.sample(KEY, n)
    assert numbers_of(dnas, coordinates(space)).tolist() == dnas.numbers()


def test_what_does_not_matter_is_a_gap():
    space = search.space(
        {
            "optimizer": search.oneof(
                [
                    optax.adam(search.floatv(1e-4, 1e-2, "log")),
                    optax.sgd(search.floatv(0.1, 1.0)),
                ]
            )
        }
    )
    columns = coordinates(space)
    assert columns[0].labels == ("adam", "sgd")  # not the whole text of what may be decided in them
    names = [each.name for each in columns]
    assert names == ["optimizer", "optimizer.learning_rate (adam)", "optimizer.learning_rate (sgd)"]
    numbers = numbers_of(search.DNA.from_numbers(space.spec, [[0, 0.001, 0.1], [1, 0.001, 0.5]]), columns)
    np.testing.assert_array_equal(numbers, [[0, 0.001, np.nan], [1, np.nan, 0.5]])


def test_candidates_are_told_apart():
    space = search.space(search.oneof([lambda x: x, lambda x: -x, "1", 1]))
    (column,) = coordinates(space)
    assert len(set(column.labels)) == 4


def test_decisions_of_one_name_are_told_apart():
    deep = [[search.oneof([[search.floatv(0, 1)], [search.floatv(0, 2)]])], [search.floatv(0, 3)], 0]
    space = search.space([search.oneof(deep), search.floatv(0, 1)])
    columns = coordinates(space)
    assert len({each.name for each in columns}) == len(columns) == 6
    assert columns[-1].name == "[1]"
