"""`MISSING` and `Insertion`: marks that stand instead of a value."""

import copy
import pickle

import pytest
from hypothesis import given

import symjax as sj
from symjax.core.marks import Missing

from .. import trees


def test_there_is_one_missing():
    for same in (
        copy.copy(sj.MISSING),
        copy.deepcopy(sj.MISSING),
        pickle.loads(pickle.dumps(sj.MISSING)),
        Missing(),
    ):
        assert same is sj.MISSING
    assert sj.from_json(sj.to_json([sj.MISSING]))[0] is sj.MISSING
    assert not sj.MISSING
    assert repr(sj.MISSING) == "MISSING"


@given(trees.recipes())
def test_insertions_are_values(recipe):
    one, other = sj.Insertion(recipe()), sj.Insertion(recipe())
    assert one == other
    assert hash(one) == hash(other)
    assert one != recipe()
    assert repr(one).startswith("Insertion(")
    assert sj.Insertion(1) != sj.Insertion(True)


def test_insertions_are_immutable():
    with pytest.raises(AttributeError, match="immutable"):
        sj.Insertion(1).value = 2


@pytest.mark.parametrize("place", ["rate", "steps"])
def test_an_insertion_is_no_value_of_a_field(place):
    with pytest.raises(TypeError, match=rf"\(path={place}\)$"):
        trees.Rate(0.1).rebind({place: sj.Insertion(1)})
