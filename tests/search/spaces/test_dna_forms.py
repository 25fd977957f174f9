"""The forms of a DNA as plain data; that they lead back in every space stands in `test_exactness.py`."""

import pytest

from symjax import search
from symjax.search import DNA

SPACE = search.space(
    {
        "opt": search.oneof({"sgd": ["sgd"], "adam": ["adam", search.floatv(0.0, 1.0)]}),
        "layers": search.manyof(2, [4, [8, search.intv(1, 3)], search.oneof(["x", "y"])]),
    }
)
SPEC = SPACE.spec
# opt, its rate; layers: two numbers; then what is decided in the first place, and in the second.
NUMBERS = [1, 0.5, 1, 2, 3, 0, 1, 1]
DNA_ = DNA.from_numbers(SPEC, NUMBERS)


def test_ids_name_the_place_and_the_candidate():
    assert list(DNA_.to_dict()) == [
        "opt",
        "opt[=1/2][1]",
        "layers",
        "layers[0][=1/3][1]",
        "layers[0][=2/3]",
        "layers[1][=1/3][1]",
        "layers[1][=2/3]",
    ]


def test_the_nested_form_has_what_matters():
    assert DNA_.nested() == [(1, 0.5), [(1, 3), (2, 1)]]
    assert DNA.from_nested(SPEC, [0, [0, (1, 2)]]).nested() == [0, [0, (1, 2)]]


def test_a_dict_by_path_has_what_matters():
    assert DNA_.to_dict(by="path") == {
        "opt": 1,
        "opt[1]": 0.5,
        "layers": [1, 2],
        "layers[0][1]": 3,
        "layers[1]": 1,
    }
    assert DNA_.to_dict(by="path", as_="label")["opt"] == "adam"
    assert DNA_.to_dict(by="path", as_="label")["layers[1]"] == "y"


def test_what_does_not_matter_may_be_left_out():
    dna = DNA.from_dict(SPEC, {"opt": "sgd", "layers": [0, 2], "layers[1]": "y"})
    assert dna.nested() == [0, [0, (2, 1)]]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (NUMBERS[:3], r"expected 8 numbers \(opt, .*got 3: too few, none for layers$"),
        ([*NUMBERS, 0], r"got 9: too many, the last decision is layers\[1\]\[=2/3\]"),
        ([], "too few, none for opt"),
    ],
)
def test_too_few_and_too_many_numbers_name_the_decision(numbers, message):
    with pytest.raises(ValueError, match=message):
        DNA.from_numbers(SPEC, numbers)


@pytest.mark.parametrize(
    ("nested", "error", "message"),
    [
        ([0], ValueError, r"the space has 2 decisions \(opt, layers\), got 1"),
        ([0, [0, 1], 3], ValueError, "the space has 2 decisions"),
        ([1, [0, 1]], ValueError, r"candidate 1 of opt has 1 decisions \(opt\[=1/2\]\[1\]\), got 0"),
        ([(1, 0.5, 0.5), [0, 1]], ValueError, "candidate 1 of opt has 1 decisions .*, got 2"),
        ([(0, 0.5), [0, 1]], ValueError, "candidate 0 of opt has 0 decisions"),
        ([0, 1], TypeError, "layers takes several candidates: a list of them, got 1"),
        ([0, [0]], ValueError, "layers takes 2 candidates, got 1"),
        ([0, [0, 0]], ValueError, "layers takes distinct candidates"),
        ([7, [0, (1, 1)]], ValueError, "opt has 2 candidates"),
        ([[0], [0, (1, 1)]], TypeError, "opt is one of 2 candidates"),
        ([(1, 2.0), [0, (1, 1)]], ValueError, r"opt\[=1/2\]\[1\] lies in \[0.0, 1.0\], got 2.0"),
        ([0, [0, (1, 4)]], ValueError, r"layers\[1\]\[=1/3\]\[1\] lies in \[1, 3\], got 4"),
    ],
)
def test_a_malformed_nested_form_is_refused_by_name(nested, error, message):
    with pytest.raises(error, match=message):
        DNA.from_nested(SPEC, nested)


GOOD = {"opt": 0, "layers": [0, 2], "layers[1]": 0}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"opt": None}, ValueError, "the decision opt is missing"),
        ({"layers[1]": None}, ValueError, r"the decision layers\[1\]\[=2/3\] is missing"),
        ({"opt": "adma"}, ValueError, "opt has no candidate 'adma'; did you mean 'adam'"),
        ({"layers": 0}, TypeError, "layers takes several candidates"),
        ({"layers": "ab"}, TypeError, "layers takes several candidates"),
        ({"opt[1]": 0.5}, KeyError, r"no decision 'opt\[1\]'.* decisions that matter here"),
        ({"opt": None, "otp": 0}, KeyError, "no decision 'otp'; did you mean 'opt'"),
    ],
)
def test_a_malformed_dict_is_refused_by_name(change, error, message):
    genes = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(error, match=message):
        DNA.from_dict(SPEC, genes)
    assert DNA.from_dict(SPEC, GOOD).nested() == [0, [0, (2, 0)]]
