"""What dataclasses and attrs classes declare, as the arguments of their constructors."""

import dataclasses
import inspect
import types
from typing import Any

import attrs
import pytest
from flax import struct

import symjax as sj
from symjax.adoption.records import arguments_of, computes, has_derived_fields, imposed, record_fields


@dataclasses.dataclass(kw_only=True)
class Base:
    last: int = 3


@dataclasses.dataclass
class Record(Base):
    first: int
    items: list[int] = dataclasses.field(default_factory=list, metadata={"doc": "Some items."})


@attrs.define
class Private:
    _width: int
    sizes: list[int] = attrs.Factory(list)
    own: Any = attrs.Factory(lambda self: self.sizes, takes_self=True)


def test_fields_come_in_the_order_of_the_constructor():
    fields = record_fields(Record)
    assert [f.argument for f in fields] == ["first", "items", "last"]
    assert [f.owner for f in fields] == [Record, Record, Base]
    assert [f.default for f in fields] == [inspect.Parameter.empty, inspect.Parameter.empty, 3]
    assert [f.factory for f in fields] == [None, list, None]
    assert fields[1].doc == "Some items."


def test_private_attributes_have_two_names():
    width, *_ = record_fields(Private)
    assert (width.argument, width.attribute) == ("width", "_width")
    assert arguments_of(Private(3, [1]), record_fields(Private)) == {"width": 3, "sizes": [1], "own": [1]}
    assert sj.symbolize(Private)(3).rebind(width=4)._width == 4


def test_what_is_its_default_itself_is_no_argument():
    assert arguments_of(Record(1), record_fields(Record)) == {"first": 1, "items": []}


def test_symbolic_records_make_their_defaults_anew():
    symbolic = sj.symbolize(Record)
    assert symbolic(1) == symbolic(1, [])
    assert symbolic(1, [2]).rebind(items=sj.MISSING).items == []
    assert '"items": []' in sj.to_json(symbolic(1))


def test_the_marks_of_flax_struct_are_read():
    @struct.dataclass
    class Marked:
        rate: float = 0.5
        fixed: float = struct.field(pytree_node=False, default=0.5)

    assert [f.static for f in record_fields(Marked)] == [None, True]


def test_a_class_with_a_constructor_of_its_own_is_none():
    @dataclasses.dataclass(init=False)
    class OwnInit:
        width: int

        def __init__(self, half):
            self.width = 2 * half

    @dataclasses.dataclass
    class WithInitVar:
        width: dataclasses.InitVar[int]

    for cls in (OwnInit, WithInitVar, int, types.SimpleNamespace):
        assert record_fields(cls) is None


@pytest.mark.parametrize("cls", [Record, Private])
def test_records_that_only_keep_their_arguments(cls):
    assert not computes(cls)
    assert not has_derived_fields(cls)


def test_records_that_compute():
    @attrs.define
    class Converting:
        width: int = attrs.field(converter=int)
        derived: int = attrs.field(init=False, default=3)

    assert computes(Converting)
    assert has_derived_fields(Converting)


@pytest.mark.parametrize(
    ("computed", "own"),
    [
        (lambda value: 8, 3),
        (lambda value: 0.5, 0.25),
        (lambda value: "same", "relu"),
        (lambda value: (1, 2), (3,)),
        (lambda value: 8, None),
    ],
)
def test_what_is_overridden_whatever_is_given_is_imposed(computed, own):
    assert _imposed(computed, own) == computed(own)


@pytest.mark.parametrize(
    ("computed", "own"),
    [
        (lambda value: value, 3),
        (lambda value: min(value, 64), 64),
        (lambda value: min(value, 64), 100),
        (lambda value: max(value, 8), 1),
        (lambda value: 8 * round(value / 8), 16),
        (lambda value: 8 if value is None else value, None),
        (lambda value: min(max(value, 0.0), 1.0), 1.0),
        (lambda value: value.lower(), "Relu"),
        (lambda value: getattr(types, value), "MethodType"),
        (lambda value: value[:2], (1, 2)),
        (lambda value: value or (4,), (4,)),
        (lambda value: False, True),
    ],
)
def test_what_depends_on_what_is_given_is_not(computed, own):
    assert _imposed(computed, own) is sj.MISSING


def _imposed(computed, own):
    @dataclasses.dataclass
    class Computing:
        value: Any = None

        def __post_init__(self):
            self.value = computed(self.value)

    return imposed(Computing, {"value": own}, *record_fields(Computing))
