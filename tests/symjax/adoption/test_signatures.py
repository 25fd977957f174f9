"""Signatures of foreign code as fields, and recorded arguments as a call."""

import functools
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.adoption.signatures import call_arguments, fields_of, preset, refuse_unknown
from symjax.core.marks import MISSING
from symjax.core.schema import ATTRIBUTE, Schema


def variadic(a, /, b, c=3, *rest, d: float = 0.5, **more):
    return a, b, c, rest, d, more


@sj.symbolize
def symbolic(a, /, b, c=3, *rest, d: float = 0.5, **more):
    return variadic(a, b, c, *rest, d=d, **more)


SCHEMA: Schema = getattr(symbolic, ATTRIBUTE)
numbers = st.integers(-9, 9)


@given(st.lists(numbers, min_size=2, max_size=5), st.dictionaries(st.sampled_from("dxyz"), numbers))
def test_a_recorded_call_is_the_call(args, kwargs):
    args_again, kwargs_again = call_arguments(SCHEMA, {**SCHEMA.defaults, **SCHEMA.bind(args, kwargs)})
    assert variadic(*args_again, **kwargs_again) == variadic(*args, **kwargs)
    assert symbolic(*args, **kwargs)() == variadic(*args, **kwargs)


def test_fields_are_the_parameters():
    fields = fields_of(variadic, ["d"])
    own = inspect.signature(variadic).parameters.values()
    assert [(f.name, f.kind) for f in fields] == [(p.name, p.kind) for p in own]
    assert [f.name for f in fields if f.required] == ["a", "b"]
    assert [f.name for f in fields if f.static] == ["d"]
    assert fields[-2].default == 0.5
    assert [f.name for f in fields_of(variadic, (), skip=2)] == ["c", "rest", "d", "more"]


def test_those_of_a_partial_stand_in_the_namespace_of_its_function():
    (field, *_) = fields_of(functools.partial(variadic, d=1.0), ())
    assert field.owner is variadic


def test_what_cannot_be_read_is_refused():
    with pytest.raises(TypeError, match="its signature cannot be read"):
        fields_of(1, ())
    with pytest.raises(ValueError, match=r"static names no argument of variadic: e; .*its arguments: a, b"):
        fields_of(variadic, ["e"])
    with pytest.raises(ValueError, match="did you mean 'rate'"):
        refuse_unknown(["raet"], ["rate"], "f")


def test_presets_are_defaults_that_are_given_by_name():
    a, b, *_ = preset(fields_of(variadic, ()), {"b": 5})
    assert (a.default, a.kind) == (MISSING, inspect.Parameter.POSITIONAL_ONLY)
    assert (b.default, b.kind) == (5, inspect.Parameter.KEYWORD_ONLY)


def test_foreign_code_gets_lists_and_dicts_where_it_asks_for_them():
    @sj.symbolize
    def kinds(a: list[int], b: tuple[int, ...], c: dict[str, object]):
        return type(a), type(b), type(c)

    assert kinds([1], [2], {"x": "y"})() == (list, tuple, dict)
