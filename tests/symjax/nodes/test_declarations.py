"""What the body of an `Object` subclass declares."""

import functools
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.core.marks import MISSING
from symjax.core.schema import ATTRIBUTE
from symjax.nodes.declarations import collect_fields

names = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)


def declared(body: dict[str, Any], *bases: type) -> list[tuple[str, Any]]:
    cls = type("Declared", bases or (sj.Object,), {"__module__": __name__, **body})
    return [(field.name, field.default) for field in collect_fields(cls)]


@given(names, st.data())
def test_fields_are_the_annotations_in_their_order_with_their_defaults(fields, data):
    count = data.draw(st.integers(0, len(fields)))
    defaults = {name: i for i, name in enumerate(fields) if i >= count}
    body = {"__annotations__": dict.fromkeys(fields, int), **defaults}
    assert declared(body) == [(name, defaults.get(name, MISSING)) for name in fields]


@given(names, names)
def test_those_of_the_base_come_first_and_keep_their_place(base, own):
    parent = type(
        "Parent", (sj.Object,), {"__module__": __name__, "__annotations__": dict.fromkeys(base, int)}
    )
    collected = [name for name, _ in declared({"__annotations__": dict.fromkeys(own, int)}, parent)]
    assert collected == base + [name for name in own if name not in base]


def test_what_is_no_field():
    class Base(sj.Object):
        a: int = 1
        b: int = 2
        c: int = 3

    class Sub(Base):
        KIND: ClassVar[str] = "sub"
        TEXT: "ClassVar[str]" = "sub"
        plain = 5

        @property
        def b(self):
            return 7

        @functools.cached_property
        def c(self):
            return 8

    assert [field.name for field in collect_fields(Sub)] == ["a"]
    assert (Sub(1).b, Sub(1).c, Sub.KIND, Sub.plain) == (7, 8, "sub", 5)


def test_a_subclass_gives_a_default_or_a_mark_without_an_annotation():
    class Base(sj.Object):
        rate: float = sj.field(default=0.1, doc="The rate.")

    class Sub(Base):
        rate = 0.5

    class Marked(Base):
        rate = sj.field(static=True)

    plain, marked = (getattr(cls, ATTRIBUTE).fields["rate"] for cls in (Sub, Marked))
    assert (plain.default, plain.doc, plain.static) == (0.5, "The rate.", None)
    assert (marked.default, marked.doc, marked.static) == (0.1, "The rate.", True)


@pytest.mark.parametrize("name", ["rebind", "partial", "_sj_flat", "__hidden"])
def test_names_of_the_library_are_refused(name):
    with pytest.raises(TypeError, match="this name is the library's"):
        declared({"__annotations__": {name: int}})


def test_a_required_field_after_one_with_a_default_is_refused():
    with pytest.raises(TypeError, match=r"the required field 'b' comes after 'a'.*\(path=b\)$"):
        declared({"__annotations__": {"a": int, "b": int}, "a": 1})


def test_a_field_that_widens_its_base_class_s_is_refused():
    class Base(sj.Object):
        size: int = 1

    with pytest.raises(TypeError, match="size"):
        declared({"__annotations__": {"size": str}, "size": "a"}, Base)
