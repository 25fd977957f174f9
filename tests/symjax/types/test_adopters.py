"""Foreign values that a symbolic node is given: adopted by whoever registered for their type."""

import gc
import weakref

import flax.linen
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax
from symjax.core.containers import Map
from symjax.types import adopters
from symjax.types.adopters import Memo, adopted, register_adopter

from ..trees import Box, Pair, Rate


class Celsius:
    def __init__(self, degrees):
        self.degrees = degrees


class Kelvin:
    pass


@pytest.fixture
def celsius_rates(monkeypatch):
    """An adopter that makes rates of Celsius, for one test; the types that it was asked about."""
    monkeypatch.setattr(adopters, "_adopters", list(adopters._adopters))
    asked = []

    def is_celsius(cls):
        asked.append(cls)
        return cls is Celsius

    def adopt(value, memo):
        return memo.setdefault(id(value), Rate(value.degrees))

    assert adopted(Celsius(0.5), Memo()).degrees == 0.5  # an answer from before is forgotten
    register_adopter(is_celsius, adopt)
    yield asked
    adopters._known.clear()


def test_a_registered_adopter_is_given_the_values_of_its_types(celsius_rates):
    box = Box([Celsius(0.5), {"a": Celsius(0.25)}])
    assert box == Box([Rate(0.5), {"a": Rate(0.25)}])
    assert Box(1).rebind(content=Celsius(0.5)) == Box(Rate(0.5))


def test_named_tuples_are_entered_and_nodes_that_are_some_are_not(celsius_rates):
    pair = adopted(Pair(Celsius(0.5), 1), {})
    assert pair == Pair(Rate(0.5), 1)
    assert type(pair) is Pair
    optimizer = optax.adam(0.1)
    assert adopted((optimizer, pair), {})[0] is optimizer


def test_one_instance_stays_one(celsius_rates):
    warm = Celsius(0.5)
    first, second = adopted((warm, Map({"a": warm})), Memo())
    assert first is second["a"]


def test_a_type_is_asked_about_once_and_common_values_never(celsius_rates):
    for _ in range(2):
        Box([Kelvin(), 1, "a", None, 0.5, len, int, Rate(0.5), (1, {"a": 2})])
    assert celsius_rates == [Kelvin]


def test_what_nobody_adopts_is_kept():
    value = (Kelvin(), Map({"a": (1, Kelvin())}), Rate(0.1))
    assert adopted(value, Memo()) is value


def test_the_answer_for_a_class_does_not_keep_it_alive():
    cls = type("Passing", (), Memo())
    adopted(cls(), Memo())
    reference = weakref.ref(cls)
    del cls
    gc.collect()
    assert reference() is None


def test_plain_modules_become_symbolic_ones():
    plain = flax.linen.Dense(3)
    box = Box([plain, {"a": plain}])
    assert sj.is_symbolic(box.content[0])
    assert box.content[0] == nn.Dense(3)
    assert box.content[0] is box.content[1]["a"]
