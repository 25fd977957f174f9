"""What trials decided, as texts; genes and digests."""

import json

import jax
import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.studies.storage.decision_texts import DecisionTexts, digests, read_genes, write_genes


class Layer(sj.Object):
    width: int
    rate: float = 0.1


def space():
    """A space of decisions of all kinds, one within another."""
    return search.space(
        {
            "rate": search.floatv(1e-4, 0.1, "log"),
            "layer": search.oneof([Layer(search.intv(1, 3)), Layer(8, search.floatv(0.0, 1.0)), None]),
            "order": search.permutate(["a", "b", "c"], name="the order"),
            "some": search.manyof(2, [1, 2, search.oneof([3, 4])]),
            "labelled": search.oneof({"small": 1, "inf": float("inf")}),
            "bare": search.oneof([float("inf"), 0.5, jax.nn.relu]),
        }
    )


def plain(value):
    """What JSON makes of a value."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if value is None or isinstance(value, int | float | str):
        return value if value != float("inf") else "inf"
    return "relu"


def test_texts_are_what_space_values_says():
    own = space()
    dnas = own.sample(jax.random.key(0), 100)
    texts = DecisionTexts(own)
    expected = [{name: plain(value) for name, value in own.values(dna).items()} for dna in dnas]
    assert [json.loads(text) for text in texts.of(dnas)] == expected
    assert [json.loads(text) for text in texts.of(dnas[:3])] == expected[:3]  # what is known already


def test_genes_come_back():
    own = space()
    dnas = own.sample(jax.random.key(1), 7)
    assert read_genes(own.spec, write_genes(dnas)) == dnas
    with pytest.raises(ValueError, match="genes of"):
        read_genes(own.spec, [row[:-1] for row in write_genes(dnas)])


def test_a_digest_is_of_what_matters():
    own = search.space({"x": search.oneof([0, search.floatv(-1.0, 1.0)]), "y": search.floatv(-1.0, 1.0)})
    numbers = [[0, 0.25, 0.0], [0, 0.75, -0.0], [1, 0.25, 0.0], [1, 0.75, 0.0], [0, 0.25, 0.5]]
    dnas = search.DNA.from_numbers(own.spec, numbers)
    texts = digests(dnas)
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4
    np.testing.assert_array_equal(dnas.floats[:, 0], np.float32([0.25, 0.75, 0.25, 0.75, 0.25]))  # untouched
