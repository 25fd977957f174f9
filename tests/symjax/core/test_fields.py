"""`field`: one argument of a class, as a user describes it."""

import dataclasses
import inspect

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax.core.fields import Field


@pytest.mark.parametrize(
    ("changes", "required"),
    [
        ({}, True),
        ({"kind": inspect.Parameter.KEYWORD_ONLY}, True),
        ({"default": None}, False),
        ({"factory": list}, False),
        ({"kind": inspect.Parameter.VAR_POSITIONAL}, False),
        ({"kind": inspect.Parameter.VAR_KEYWORD}, False),
    ],
)
def test_an_argument_is_required_that_nothing_stands_in_for(changes, required):
    assert dataclasses.replace(Field("a"), **changes).required is required


def test_a_field_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Field("a").name = "b"


@given(st.floats(allow_nan=False), st.integers())
def test_a_mark_decides_what_jax_traces_and_no_mark_leaves_it_to_the_value(rate, steps):
    class Marked(sj.Object):
        rate: float = sj.field(static=True)
        steps: int = sj.field(static=False)

    class Plain(sj.Object):
        rate: float = sj.field()
        steps: int = sj.field()

    assert jax.tree.leaves(Marked(rate, steps)) == [steps]
    assert jax.tree.leaves(Plain(rate, steps)) == [rate]


def test_a_keyword_only_field_is_given_by_name():
    class Noise(sj.Object):
        rate: float = sj.field(kw_only=True)

    assert Noise(rate=0.5).rate == 0.5
    with pytest.raises(TypeError, match="takes 0 positional arguments"):
        Noise(0.5)
