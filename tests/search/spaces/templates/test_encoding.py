"""Reading decisions off values; that this inverts decoding in every space stands in `test_exactness.py`."""

from typing import Any

import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.spaces.templates.sameness import same


class Adam(sj.Object):
    rate: float = 1e-3
    decay: Any = 0.9


SPACE = search.space(
    {
        "opt": search.oneof({"sgd": None, "adam": Adam(search.floatv(0.0, 1.0), search.oneof([1, 2]))}),
        "width": search.oneof([8, 16], name="size"),
    }
)


def test_an_int_fits_a_float_and_a_list_a_tuple():
    assert same(1, 1.0)
    assert same((1, (2,)), (1.0, (2.0,)))
    assert not same(1.0, 1)
    assert not same((1,), (1, 2))
    assert same({"a": [1]}, {"a": (1,)})


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"opt": None, "width": 9}, r"9 is no candidate of oneof\(\[8, 16\], name='size'\) \(path=width\)"),
        ({"opt": Adam(0.5, 3), "width": 8}, r"is no candidate of oneof.* \(path=opt\)"),
        ({"opt": None}, r"\(path=width\)"),
        ({"opt": None, "width": 8, "more": 1}, r"\(path=more\)"),
        (3, r"\(path=opt\)"),
    ],
)
def test_a_strange_tree_is_refused_by_its_path(tree, message):
    with pytest.raises(ValueError, match=message):
        SPACE.encode(tree)


def test_what_differs_is_said():
    space = search.space([Adam(0.5), search.oneof([1, 2])])
    with pytest.raises(
        ValueError, match=r"0.25 stands where all trees of the space have 0.5 \(path=\[0\].rate\)"
    ):
        space.encode([Adam(0.25), 1])


def test_values_may_be_decided_ones_or_labels():
    tree = {"opt": Adam(0.5, 2), "width": 16}
    dna = SPACE.encode(tree)
    assert SPACE.values(dna) == {"opt": "adam", "opt.rate": 0.5, "opt.decay": 2, "size": 16}
    assert SPACE.from_values(SPACE.values(dna)) == dna
    assert SPACE.from_values({"opt": Adam(0.5, 2), "size": 16}) == dna
    assert SPACE.from_values({"opt": Adam(0.25, 2), "opt.rate": 0.5, "width": 16}) == dna
    assert SPACE.from_values({"opt": "adam", "opt[=1/2].rate": 0.5, "opt.decay": 2, "size": 16}) == dna


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"opt": "adam", "size": 16}, ValueError, r"the decision opt\[=1/2\].rate is missing"),
        ({"opt": "sgd", "siez": 16}, KeyError, "no decision 'siez'; did you mean 'size'"),
        ({"opt": "sgd", "size": 16, "opt.rate": 0.5}, KeyError, "no decision 'opt.rate'"),
        (
            {"opt": "sgd", "size": 9},
            ValueError,
            r"^the decision size cannot have this value: 9 is no candidate of .* \(path=width\)",
        ),
        ([1], TypeError, r"takes decided values by name, got \[1\]"),
        ({"opt": "adma", "size": 8}, ValueError, "'adma' is no candidate"),
    ],
)
def test_strange_values_are_refused(values, error, message):
    with pytest.raises(error, match=message):
        SPACE.from_values(values)


class Pair(sj.Object):
    first: int
    second: int


def test_what_is_tied_by_a_reference_follows():
    space = search.space(Pair(search.oneof([8, 16]), sj.ref("first")))
    assert len(space) == 1
    for dna in space.enumerate():
        tree = space.decode(dna)
        assert tree.second == tree.first
        assert space.encode(tree) == dna
    with pytest.raises(ValueError, match=r"\(path=second\)"):
        space.encode(Pair(8, 8))


def test_a_reference_may_be_a_candidate():
    space = search.space(Pair(search.oneof([8, 16]), search.oneof([sj.ref("first"), 4])))
    trees = [space.decode(dna) for dna in space.enumerate()]
    assert [(tree.first, tree.second) for tree in trees] == [(8, 8), (8, 4), (16, 16), (16, 4)]
    assert [space.decode(space.encode(tree)) for tree in trees] == trees


def test_arrays_are_candidates():
    space = search.space({"w": search.oneof([np.zeros(2), np.ones(2)])})
    assert space.encode({"w": np.ones(2)}).numbers() == [1]
    assert space.encode({"w": np.zeros(2)}).numbers() == [0]
    with pytest.raises(ValueError, match=r"\(path=w\)"):
        space.encode({"w": np.full(2, 0.5)})
