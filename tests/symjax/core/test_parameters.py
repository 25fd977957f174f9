"""`Parameters`: calls bound by name, as Python binds them."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symjax.core.fields import Field
from symjax.core.marks import MISSING
from symjax.core.parameters import Parameters

KINDS = inspect.Parameter


def simple(a, b, c=3):
    return {"a": a, "b": b, "c": c}


def variadic(a, /, b, *rest, c=3, **more):
    return {"a": a, "b": b, "rest": rest, "c": c, "more": more}


def of(function) -> Parameters:
    fields = [
        Field(p.name, default=MISSING if p.default is p.empty else p.default, kind=p.kind)
        for p in inspect.signature(function).parameters.values()
    ]
    cls = type(function.__name__, (), {})
    return Parameters(cls, tuple(fields))


names = st.sampled_from(["a", "b", "c", "rest", "more", "x"])


@given(
    st.sampled_from([simple, variadic]),
    st.lists(st.integers(), max_size=5).map(tuple),
    st.dictionaries(names, st.integers(), max_size=4),
)
def test_a_call_is_bound_as_python_binds_it(function, args, kwargs):
    parameters = of(function)

    def bound():
        values = dict(parameters.bind(args, kwargs))
        if unknown := set(values) - set(parameters.names):
            raise TypeError(f"no field {unknown}")  # of simple classes, the validator says so
        if holes := parameters.holes(values):
            raise TypeError(f"misses {holes}")
        return {"rest": (), "more": {}, "c": 3, **values}

    try:
        expected = {"rest": (), "more": {}, **function(*args, **kwargs)}
    except TypeError:
        with pytest.raises(TypeError):
            bound()
    else:
        assert bound() == expected


def test_messages_name_the_parameters():
    with pytest.raises(TypeError, match=r"simple takes 3 positional arguments \(a, b, c\), got 4"):
        of(simple).bind((1, 2, 3, 4), {})
    with pytest.raises(TypeError, match="simple got two values for 'a'"):
        of(simple).bind((1,), {"a": 2})
    assert "no field 'aa'; did you mean 'a'? its fields: a, b, c" in of(simple).unknown_field("aa")


def test_fields_that_collect():
    assert of(variadic).field_of_kind(KINDS.VAR_POSITIONAL) == "rest"
    assert of(variadic).field_of_kind(KINDS.VAR_KEYWORD) == "more"
    assert of(simple).field_of_kind(KINDS.VAR_POSITIONAL) is None


@pytest.mark.parametrize("function", [simple, variadic])
def test_the_signature_is_that_of_the_call(function):
    ours, own = (s.parameters.values() for s in (of(function).signature(), inspect.signature(function)))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in own]
