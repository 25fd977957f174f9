"""`oneof` and `maybe`: one of several candidates."""

import pytest

import symjax as sj
from symjax import search
from symjax.search import DNA


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (search.oneof([8, 16, 32]), "oneof([8, 16, 32])"),
        (search.oneof(["relu", None]), "oneof(['relu', None])"),
        (search.oneof(n for n in (1, 2)), "oneof([1, 2])"),
        (search.oneof([search.floatv(0, 1), 2]), "oneof([floatv(0.0, 1.0), 2])"),
        (search.oneof({"small": 8, "big": 16}), "oneof({'small': 8, 'big': 16})"),
        (search.oneof([1, 2], name="w", hints=3), "oneof([1, 2], name='w', hints=3)"),
        (search.maybe(3), "oneof({'off': None, 'on': 3})"),
    ],
)
def test_prints_as_it_is_written(choice, text):
    assert repr(choice) == sj.format(choice) == text


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: search.oneof(3, 4), TypeError, r"as one list: oneof\(\[3, 4\]\)"),
        (lambda: search.oneof([3, 4]) * 2, TypeError, r"oneof\(\[3, 4\]\) is not decided yet .*decode"),
        (lambda: search.oneof([3, 4]) < 2, TypeError, "is not decided yet"),
        (lambda: search.oneof([3, 4], name=5), TypeError, "name expects str"),
    ],
)
def test_refuses_nonsense(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_label_stands_for_its_candidate_wherever_a_value_does():
    space = search.space({"width": search.oneof({"small": 8, "big": 16})})
    dna = DNA.from_dict(space.spec, {"width": "big"})
    assert space.decode(dna) == {"width": 16}
    assert space.values(dna) == {"width": "big"}
    assert space.from_values({"width": "big"}) == space.from_values({"width": 16}) == dna
    assert dna.to_dict(as_="label") == {"width": "big"}
    assert sj.from_json(sj.to_json(space.tree)) == space.tree


def test_a_text_is_its_own_label():
    space = search.space({"act": search.oneof(["relu", "gelu"])})
    assert DNA.from_dict(space.spec, {"act": "gelu"}) == space.from_values({"act": "gelu"})


def test_the_first_candidate_that_fits_is_taken():
    space = search.space([search.oneof([[0, search.intv(1, 3)], [0, search.intv(2, 9)]])])
    assert space.encode([[0, 3]]).nested() == [(0, 3)]
    assert space.encode([[0, 4]]).nested() == [(1, 4)]


def test_a_name_is_what_people_call_it():
    space = search.space({"a": {"b": search.oneof([1, 2], name="width")}})
    dna = DNA.from_dict(space.spec, {"width": 1})
    assert space.values(dna) == {"width": 2}
    assert DNA.from_dict(space.spec, {"a.b": 1}) == dna == space.from_values({"a.b": 2})
    assert repr(dna) == "DNA(width=1)"
    with pytest.raises(ValueError, match=r"^width has 2 candidates"):
        DNA.from_numbers(space.spec, [2])


def test_hints_are_of_no_effect():
    mine, theirs = (search.space([search.oneof([1, 2], hints=hints)]) for hints in (None, {"prior": [1, 9]}))
    assert mine.spec == theirs.spec
    assert mine != theirs
    assert theirs.choices[0].hints == {"prior": (1, 9)}
