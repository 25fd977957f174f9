"""`Choice`: what all kinds of decisions have in common."""

import copy
import pickle

import numpy as np
import pytest

import symjax as sj
from symjax import search
from symjax.search.spaces.choice import Brief, text_of

KINDS = [
    search.oneof([8, {"a": search.floatv(0, 1)}], hints=[1, 2]),
    search.manyof(2, ["relu", print, np.ones(3)]),
    search.permutate({"x": 1, "y": 2}),
    search.floatv(1e-4, 0.1, "log", hints={"a": 1}),
    search.intv(1, 9, 2, name="n"),
]


class Layer(sj.Object):
    width: int
    rate: float = 0.5


def test_stands_in_any_field_and_is_checked_against_its_hint():
    layer = Layer(width=search.oneof([1, 2]), rate=search.floatv(0, 1))
    assert layer.width.candidates == (1, 2)
    with pytest.raises(TypeError, match=r"\(path=width\)"):
        Layer(width=search.oneof([1, "a"]))


def test_is_a_value():
    assert search.floatv(0, 1) == search.floatv(0.0, 1.0)
    assert search.oneof([1]) != search.oneof([1.0])
    assert hash(search.oneof([1, 2])) == hash(search.oneof([1, 2]))
    wider = sj.rebind(Layer(search.oneof([1, 2])), {"width.candidates[1]": 4})
    assert wider.width == search.oneof([1, 4])


@pytest.mark.parametrize("choice", KINDS, ids=repr)
def test_a_bare_choice_is_data(choice):
    bare = choice.bare()
    assert bare.hints is None
    assert (bare.width, bare.count, bare.is_single) == (choice.width, choice.count, choice.is_single)
    assert bare.least() == choice.least()
    for again in (pickle.loads(pickle.dumps(bare)), copy.deepcopy(bare), copy.copy(bare)):
        assert (again, hash(again)) == (bare, hash(bare))
    assert hash(bare) == hash(choice.bare())


@pytest.mark.parametrize("choice", KINDS, ids=repr)
def test_its_least_genes_are_valid(choice):
    genes = np.array(choice.least(), "int32" if choice.array == "choices" else "float32")
    choice.check(genes, "x")
    assert choice.genes(choice.numbers(genes), "x") == choice.least()


def test_a_bare_choice_prints_its_candidates_without_quotes_of_its_own():
    assert repr(search.oneof([8, "relu"]).bare()) == "oneof([8, 'relu'])"


def test_a_text_tells_long_values_apart():
    one, other = text_of("a" * 100), text_of("a" * 99 + "b")
    assert len(one) == len(other) <= 60
    assert one != other
    assert text_of(object()) == text_of(object())  # without the address, which changes with each process


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-4, "1e-4"), (0.1, "0.1"), (-2.5e-7, "-2.5e-7"), (3e10, "3e10"), (100.0, "1e2"), (0.0, "0.0")],
)
def test_a_float_prints_briefly(value, text):
    assert repr(Brief(value)) == text


# As written before the room had floors.
SAVED = """{"format": 1, "versions": {"jax": "0.10.2", "symjax": "0.1.0", "flax": "0.12.8"}, "tree": {"$dict": {
"a": {"$type": "symjax.search.choices.OneOf", "candidates": [8, {"$type": "symjax.search.choices.FloatV",
"lo": 0.0001, "hi": 0.1, "scale": "log"}]},
"b": {"$type": "symjax.search.choices.FloatV", "lo": 0.0, "hi": 1.0, "scale": "linear"}}}}"""


def test_files_that_name_choices_as_they_always_did_are_read():
    tree = {"a": search.oneof([8, search.floatv(1e-4, 0.1, "log")]), "b": search.floatv(0, 1)}
    assert sj.eq(sj.from_json(SAVED), tree)
    assert sj.from_json(sj.to_json(tree)) == sj.from_json(SAVED)
