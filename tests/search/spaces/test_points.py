"""`Spec` and its points: genes, numbers, bounds, and which decisions matter."""

import pickle

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax import search
from symjax.core.paths import Path
from symjax.search.spaces.points import ChoicePoint, FloatPoint, Spec

CHOICE = ChoicePoint("c", Path.parse("c"), -1, -1, arity=3)
LINEAR = FloatPoint("x", Path.parse("x"), -1, -1, -0.1, 2 / 3, "linear")
LOG = FloatPoint("", Path.parse("y"), -1, -1, 1e-4, 0.1, "log")
NESTED = search.space(
    search.oneof([search.oneof([1, 2]), [search.floatv(0, 1), search.oneof([search.oneof([3, 4]), 5])]])
).spec


@pytest.mark.parametrize("point", [LINEAR, LOG])
@given(share=st.floats(0, 1))
def test_the_number_of_a_gene_is_in_bounds_and_has_that_gene(point, share):
    number = point.low + share * (point.high - point.low)
    number = min(max(number, point.low), point.high)
    gene = point.gene(number)
    assert gene.dtype == np.float32
    again = point.number(gene)
    assert point.low <= again <= point.high
    assert point.gene(again) == gene


@given(st.integers(0, 2))
def test_the_gene_of_a_choice_is_its_index(index):
    assert CHOICE.number(np.int32(CHOICE.gene(np.int64(index)))) == index
    assert CHOICE.decide(np.int32(index), lambda branch: "abc"[branch]) == "abc"[index]


def test_the_middle_lies_in_the_middle_of_the_scale():
    assert LINEAR.middle == pytest.approx((2 / 3 - 0.1) / 2)
    assert LOG.middle == pytest.approx(10**-2.5)


@pytest.mark.parametrize("point", [CHOICE, LINEAR, LOG])
def test_what_is_in_bounds_passes_and_what_is_beyond_does_not(point):
    low, high = point.bounds
    dtype = point.gene(point.least)
    point.check(np.array([low, high, point.least], type(dtype)))
    for wrong in (
        np.nextafter(np.float32(low), np.float32(-9)),
        np.nextafter(np.float32(high), np.float32(9)),
    ):
        if point is CHOICE:
            wrong = np.int32(np.sign(wrong) * 3)
        with pytest.raises(ValueError, match=f"^{'[(]root[)]' if point is LOG else point.name} "):
            point.check(np.array([low, wrong]))


def test_a_float_that_is_traced_is_weakly_typed():
    assert jax.eval_shape(lambda gene: LOG.decide(gene, None), np.float32(0.01)).weak_type
    assert type(LOG.decide(np.float32(0.01), None)) is float


def test_columns_are_counted_by_kind():
    spec = Spec((LINEAR, CHOICE, LOG))
    assert spec.columns == (0, 0, 1)
    assert (spec.choices, spec.floats) == ((CHOICE,), (LINEAR, LOG))
    assert repr(spec) == "Spec(x, c, (root))"
    assert len(spec) == 3


def test_is_a_value():
    spec, same, other = Spec((LINEAR, CHOICE)), Spec((LINEAR, CHOICE)), Spec((CHOICE, LINEAR))
    assert (spec == same, hash(spec) == hash(same), spec == other, spec == 3) == (True, True, False, False)
    assert pickle.loads(pickle.dumps(NESTED)) == NESTED


def test_a_decision_matters_where_all_candidates_that_it_stands_in_are_taken():
    assert [point.id for point in NESTED.points] == [
        "",
        "[=0/2]",
        "[=1/2][0]",
        "[=1/2][1]",
        "[=1/2][1][=0/2]",
    ]
    choices = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0]], np.int32)
    expected = [[1, 1, 1], [1, 0, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0]]
    assert np.array(NESTED.active(choices)).astype(int).tolist() == expected
    assert np.array(jax.jit(NESTED.active)(choices)).astype(int).tolist() == expected
    assert [bool(active) for active in NESTED.active(choices[2])] == [True, False, True, True, False]


def test_a_check_names_the_first_decision_at_fault():
    spec = Spec((LINEAR, CHOICE))
    spec.check(np.zeros((4, 1), np.int32), np.zeros((4, 1), np.float32))
    with pytest.raises(ValueError, match=r"^c has 3 candidates, 0 to 2; got 3"):
        spec.check(np.array([[0], [3]], np.int32), np.array([[0], [9]], np.float32))
    with pytest.raises(ValueError, match=r"^x lies in"):
        spec.check(np.array([[0], [2]], np.int32), np.array([[0], [np.nan]], np.float32))
