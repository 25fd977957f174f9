"""Hints as pydantic checks them: what it is asked, and what is taken from its answers."""

import collections.abc
from typing import Any

import flax.linen
import pydantic
import pytest

import symjax as sj
from symjax import linen as nn
from symjax.core.containers import Map
from symjax.types.hint_reading import parse
from symjax.types.hints import Instance
from symjax.types.translation import adapter, compile_fields, with_floats

from ..trees import Rate


class Unreadable(type):
    def __instancecheck__(cls, instance):
        raise RuntimeError("no instance can be checked")


class Odd(metaclass=Unreadable):
    pass


def accepts(hint, value):
    try:
        adapter(hint).validate_python(value)
    except pydantic.ValidationError:
        return False
    return True


def test_a_hint_may_be_parsed_already():
    for hint in (tuple[int, ...], parse(tuple[int, ...])):
        assert accepts(hint, (1, 2))
        assert not accepts(hint, (1, "x"))


def test_tuples_of_several_lengths():
    assert accepts(tuple[()], ())
    assert not accepts(tuple[()], (1,))
    assert accepts(tuple, (1, "x"))
    assert accepts(tuple[int, *tuple[str, ...]], (1, "x", "y"))


def test_a_sequence_written_without_items_takes_any_and_a_mutable_one_is_a_list():
    assert accepts(collections.abc.Sequence, (1,))
    assert accepts(collections.abc.MutableSequence, (1,))
    assert not accepts(collections.abc.MutableSequence, "ab")


def test_only_ints_that_became_floats_are_taken_from_what_pydantic_makes():
    kept, pair = (1, "a"), (2, 3)
    value = (kept, Map({"a": pair}), True)
    output = ((1, "a"), {"a": (2.0, 3)}, 1)
    merged = with_floats(value, output)
    assert merged == (kept, Map({"a": (2.0, 3)}), True)
    assert type(merged[1]["a"][0]) is float
    assert merged[0] is kept
    assert merged[2] is True
    assert with_floats(value, ((1, "a"), {"a": (2, 3)}, True)) is value


def test_a_hint_that_pydantic_cannot_build_spoils_no_other():
    hints = {"a": Instance(Odd), "b": parse(int), "c": parse(Any)}
    check = compile_fields("Mixed", hints)
    assert check({"a": 1, "b": 2})["b"] == 2
    with pytest.raises(pydantic.ValidationError):
        check({"a": 1, "b": "x"})
    assert accepts(Odd, 3)


def test_nodes_count_as_what_they_build_as_instances_and_as_classes():
    @sj.symbolize
    class Table:
        def __init__(self, size: int):
            self.size = size

    assert accepts(Table.__mro__[1], Table(3))
    assert accepts(flax.linen.Module, nn.Dense(3))
    assert accepts(type[flax.linen.Module], nn.Dense)
    assert not accepts(type[flax.linen.Module], Rate)
