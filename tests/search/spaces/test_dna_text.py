"""The text forms of a DNA: whatever a text holds, it is read or refused, and soon."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search import DNA
from symjax.search.spaces.dna_text import parse_json, parse_numbers, write_json, write_numbers
from symjax.search.spaces.points import Spec

SPEC = search.space({"d": search.oneof([1, 2]), "lr": search.floatv(1e-4, 0.1, "log")}).spec
EMPTY = Spec(())
LONG = 10**6

numbers = st.integers() | st.floats(allow_nan=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["d", "lr", "x"]), inner),
    max_leaves=8,
)


@given(st.lists(numbers))
def test_numbers_lead_back_exactly(values):
    again = parse_numbers(write_numbers(values))
    assert again == values
    assert list(map(type, again)) == list(map(type, values))


rows = st.dictionaries(st.text(max_size=3), numbers, max_size=3)


@given(rows | st.lists(rows, max_size=3))
def test_json_leads_back_exactly(genes):
    assert parse_json(write_json(genes)) == genes


@given(anything)
def test_json_of_anything_is_a_dna_or_a_load_error(value):
    for text in (json.dumps(value), json.dumps({"format": 1, "dna": value})):
        try:
            dna = DNA.from_json(SPEC, text)
        except sj.LoadError:
            continue
        assert DNA.from_json(SPEC, dna.to_json()) == dna


@given(st.text(st.sampled_from("0123456789,.e-+ \nnaif_x²"), max_size=12))
def test_any_text_is_a_dna_or_a_load_error(text):
    try:
        dna = DNA.from_string(SPEC, text)
    except sj.LoadError:
        return
    assert DNA.from_string(SPEC, str(dna)) == dna


def one(d="0", lr="0.01"):
    return f'{{"format": 1, "dna": {{"d": {d}, "lr": {lr}}}}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "expected the JSON of a DNA"),
        ("", "is no JSON"),
        ("[" * 10**5, "is no JSON"),
        ('{"a":' * 10**5, "is no JSON"),
        ("1" * LONG, "is no JSON"),
        ('"' + "a" * LONG + '"', "expected the JSON of a DNA"),
        ("\ud800", "is no JSON"),
        ('{"format": 1, "dna": null}', "expected the JSON of a DNA"),
        ('{"format": 1, "dna": 0}', "expected the JSON of a DNA"),
        ('{"format": 1, "dna": "ab"}', "expected the JSON of a DNA"),
        ('{"format": 1, "dna": [[0, 0.01]]}', "expected the JSON of a DNA"),
        (one(d="null"), "d is one of 2 candidates, given by its index; got None"),
        (one(d="[]"), "d is one of 2 candidates"),
        (one(d="true"), "d is one of 2 candidates"),
        (one(d="1e0"), "d is one of 2 candidates"),
        (one(d="1" + "0" * 400), "d has 2 candidates, 0 to 1; got 10000"),
        (one(lr="1" + "0" * 400), r"lr lies in \[0.0001, 0.1\], got 10000"),
        (one(lr="-1" + "0" * 400), "lr lies in"),
        (one(lr="1e400"), "lr lies in"),
        (one(lr="1e39"), "lr lies in"),
        (one(lr="NaN"), "lr lies in"),
        (one(lr="null"), "lr is a float, got None"),
        (one(lr="{}"), "lr is a float"),
        ('{"format": 1, "dna": {"d": 0}}', "the decision lr is missing"),
        ('{"format": 1, "dna": {"d": 0, "lr": 0.01, "' + "a" * LONG + '": 0}}', "no decision 'aaa"),
        ('{"format": 1, "dna": [{"d": 0, "lr": 0.01}, {"d": 7, "lr": 0.01}]}', "DNA 1: d has 2 candidates"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_json_is_refused_in_a_short_message(text, message):
    with pytest.raises(sj.LoadError, match=message) as caught:
        DNA.from_json(SPEC, text)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "is no DNA"),
        ("[" * 10**5, "is no DNA"),
        ("1" * LONG + ",0.01", "is no DNA"),
        ("," * LONG, "is no DNA"),
        ("0," * LONG, "is no DNA"),
        ("0,0.01," * (LONG // 7) + "0", r"expected 2 numbers \(d, lr\)"),
        ("0,1" + "0" * 400, "lr lies in"),
        ("0,1e400", "lr lies in"),
        ("0,-inf", "lr lies in"),
        ("1" + "0" * 400 + ",0.01", "d has 2 candidates"),
        ("0.0,0.01", "d is one of 2 candidates"),
        ("", "expected 2 numbers"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_string_is_refused_in_a_short_message(text, message):
    with pytest.raises(sj.LoadError, match=message) as caught:
        DNA.from_string(SPEC, text)
    assert len(str(caught.value)) < 600


def test_numbers_are_refused_without_a_warning():
    for number in (10**400, -(10**5000), 1e39, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="lr lies in"):
            DNA.from_numbers(SPEC, [0, number])
    with pytest.raises(ValueError, match="d has 2 candidates"):
        DNA.from_numbers(SPEC, [10**5000, 0.01])


def test_a_text_in_the_place_of_numbers_is_no_batch():
    with pytest.raises(TypeError, match="from_string reads a text"):
        DNA.from_numbers(search.space([search.oneof([1, 2])]).spec, "0")
    with pytest.raises(ValueError, match="has no candidate '0'; its candidates: 1, 2"):
        DNA.from_numbers(search.space([search.oneof([1, 2])]).spec, ["0"])


def test_a_space_of_one_tree_has_the_empty_dna():
    dna = DNA.from_numbers(EMPTY, [])
    assert DNA.from_json(EMPTY, dna.to_json()) == dna == DNA.from_string(EMPTY, str(dna))
