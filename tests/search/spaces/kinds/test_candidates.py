"""Candidates: lists or mappings of labels, each of another value."""

import numpy as np
import pytest

from symjax import search
from symjax.search.spaces.kinds.candidates import index_of, label_of, outlined, read_candidates


def test_a_mapping_labels_its_values():
    assert read_candidates("oneof", {"small": 8, "big": 16}) == ((8, 16), ("small", "big"))
    assert read_candidates("oneof", (n for n in (1, 2))) == ((1, 2), None)
    assert read_candidates("oneof", range(3)) == ((0, 1, 2), None)
    assert read_candidates("oneof", np.array([1, 2])) == ((1, 2), None)


@pytest.mark.parametrize("make", [search.oneof, search.permutate, lambda items: search.manyof(1, items)])
@pytest.mark.parametrize(
    ("candidates", "error", "message"),
    [
        ([], ValueError, "needs at least one candidate"),
        ({}, ValueError, "needs at least one candidate"),
        ("abc", TypeError, "takes a list of candidates, got 'abc' of type str"),
        ({1, 2}, TypeError, "takes a list of candidates"),
        (3, TypeError, "takes a list of candidates"),
        (None, TypeError, "takes a list of candidates"),
        ({1: 2}, TypeError, "labels of candidates are texts, got 1"),
        ({"": 2}, TypeError, "labels of candidates are texts, got ''"),
        ([1, 2, 1], ValueError, "the candidates 0 and 2 of .* are equal: 1"),
        ({"a": "x", "b": "x"}, ValueError, "the candidates 0 and 1 of .* are equal: 'x'"),
        ([np.ones(2), np.zeros(2), np.ones(2)], ValueError, "the candidates 0 and 2 of .* are equal"),
        ([search.floatv(0, 1), search.floatv(0.0, 1.0)], ValueError, "are equal"),
    ],
    ids=str,
)
def test_what_is_no_list_of_different_values_is_refused(make, candidates, error, message):
    with pytest.raises(error, match=message):
        make(candidates)


def test_values_of_different_types_are_different():
    assert search.oneof([1, 1.0, True, "1", None]).candidates == (1, 1.0, True, "1", None)


def test_a_candidate_is_known_by_index_label_and_text():
    texts = ("8", "'relu'")
    assert [index_of(number, texts, None, "a") for number in (1, np.int64(1), "relu", "'relu'", "8")] == [
        1,
        1,
        1,
        1,
        0,
    ]
    assert index_of("8", texts, ("x", "8"), "a") == 1  # a label comes first
    assert [label_of(index, texts, None) for index in (0, 1)] == ["8", "relu"]
    assert label_of(1, texts, ("x", "y")) == "y"


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (2, ValueError, "^a has 2 candidates, 0 to 1; got 2"),
        (-1, ValueError, "^a has 2 candidates"),
        (True, TypeError, "^a is one of 2 candidates, given by its index; got True"),
        (0.0, TypeError, "^a is one of 2 candidates"),
        ("rely", ValueError, "^a has no candidate 'rely'; did you mean 'relu'"),
        ("x", ValueError, "^a has no candidate 'x'; its candidates: 8, relu"),
    ],
)
def test_what_is_no_candidate_is_refused(number, error, message):
    with pytest.raises(error, match=message):
        index_of(number, ("8", "'relu'"), None, "a")


def test_an_outline_has_a_line_for_each():
    assert outlined("oneof(", (1, "b"), ("x", "y"), ")") == ["oneof([", "  (0) x: 1", "  (1) y: 'b'", "])"]
    assert outlined("oneof(", (1,), None, ")") == ["oneof([", "  (0): 1", "])"]
