"""`Namespace`: foreign modules whose classes come out symbolic, each at its first use."""

import threading
import types

import flax.linen
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.names.views import VIEWS, Namespace, first_name


def view():
    original = types.ModuleType("original")
    original.number, original.sub = 1, types.ModuleType("sub")
    adopted = []

    def adopt(name, value):
        adopted.append(name)
        return [name, value]

    return Namespace("ours", original, adopt, {"extra": 7}), adopted


def test_a_name_is_adopted_once_at_its_first_use():
    ours, adopted = view()
    assert adopted == []
    assert ours.number is ours.number
    assert ours.number == ["ours.number", 1]
    assert adopted == ["ours.number"]


def test_threads_that_ask_at_once_get_one():
    ours, adopted = view()
    start = threading.Barrier(4)
    seen = []

    def ask():
        start.wait()
        seen.append(ours.number)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in seen}) == len(adopted) == 1


def test_modules_and_further_names_are_shown_as_they_are():
    ours, adopted = view()
    assert ours.extra == 7
    assert isinstance(ours.sub, types.ModuleType)
    assert adopted == []
    assert {"number", "sub", "extra"} <= set(dir(ours))
    assert repr(ours) == "<symbolic view of original>"


def test_a_name_that_is_not_there_is_said_as_the_view_s():
    ours, _ = view()
    with pytest.raises(
        AttributeError, match=r"module 'ours' has no attribute 'nubmer'; .* names of original"
    ):
        ours.nubmer
    assert ours.known("nubmer") is None
    assert ours.known("__name__") is None
    assert ours.known("number") is ours.number


def test_what_a_module_makes_when_asked_is_not_known_beforehand():
    ours, _ = view()
    ours.original.__getattr__ = lambda name: 5  # as a module that imports at an access
    assert ours.known("late") is None
    assert ours.late == ["ours.late", 5]


def test_the_library_s_views_are_known_by_name():
    assert set(VIEWS) == {"symjax.linen", "symjax.nnx", "symjax.optax"}
    assert VIEWS["symjax.linen"]() is sj.linen is nn


def test_one_object_has_the_first_of_its_names():
    assert first_name("other.Dense", flax.linen.Dense, {"symjax.linen": flax.linen}) == "symjax.linen.Dense"
    assert first_name("other.thing", object(), {"symjax.linen": flax.linen}) == "other.thing"
