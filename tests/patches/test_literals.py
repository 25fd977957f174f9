"""Values in URIs: what they are written as, and what a hint makes of a text."""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import jax
import numpy as np
import pytest
from annotated_types import Gt

from symjax import linen as nn
from symjax.patches.literals import Text, read, write


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (-0.0, "-0.0"),
        (1e-05, "1e-05"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ("gelu", "gelu"),
        ("", "''"),
        ("10", "'10'"),
        ("None", "'None'"),
        ("nan", "'nan'"),
        ("a b&c=d", "a%20b%26c%3Dd"),
        (r".*rate$", ".*rate$"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ((), "[]"),
        ((1,), "[1]"),
        ([1, 2], "1:2"),
        (((1, 2), ()), "[1:2]:[]"),
        (np.float32(0.5), "0.5"),
        (np.int64(3), "3"),
    ],
)
def test_written(value, text):
    assert write(value) == text


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (jax.nn.gelu, "<jax._src.nn.functions.gelu>"),
        (nn.Dense, "<symjax.linen.Dense>"),
        (Color.RED, "<<Color.RED: 'red'>>"),
        ({"a": 1}, "<{'a': 1}>"),
    ],
)
def test_what_has_no_notation_is_described(value, text):
    assert write(value) == text


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("2", Any, 2),
        ("2.0", Any, 2.0),
        ("two", Any, "two"),
        ("None", Any, None),
        ("True", Any, True),
        ("true", Any, "true"),
        ("2", float, 2.0),
        ("2", int, 2),
        ("2", str, "2"),
        ("None", str, "None"),
        ("None", str | None, None),
        ("true", bool, True),
        ("false", bool | None, False),
        ("inf", float, float("inf")),
        ("inf", str, "inf"),
        ("2", Annotated[float, Gt(0)], 2.0),
        ("2", int | str, 2),
        ("2", Literal["1", "2"], "2"),
        ("2", Literal[1, 2], 2),
        ("64", Sequence[int], (64,)),
        ("64", int | Sequence[int], 64),
        ("gelu", tuple[str, ...], ("gelu",)),
    ],
)
def test_the_hint_types_a_text(text, hint, value):
    assert repr(read(Text(text), hint)) == repr(value)


@pytest.mark.parametrize(
    ("texts", "hint", "value"),
    [
        (("1", "2"), Any, (1, 2)),
        (("1", "2"), Sequence[str], ("1", "2")),
        (("1", "2"), list[float], (1.0, 2.0)),
        (("1", "2"), tuple[int, str], (1, "2")),
        (("1", "2"), Annotated[Sequence[str] | None, "doc"], ("1", "2")),
        (("1", "x"), Sequence[int] | Sequence[str], ("1", "x")),
        (("1", "2"), int | str, (1, 2)),
    ],
)
def test_the_hint_types_the_items_of_a_list(texts, hint, value):
    assert repr(read(tuple(map(Text, texts)), hint)) == repr(value)


def test_nested_lists_are_typed_to_the_bottom():
    token = ((Text("1"), Text("2")), (Text("3"),))
    assert repr(read(token, Sequence[Sequence[float]])) == "((1.0, 2.0), (3.0,))"


def test_quoted_text_is_never_anything_but_text():
    assert read(Text("2", quoted=True)) == "2"
    assert read(Text("2", quoted=True), float) == "2"  # which the validation of the argument refuses


def test_a_text_that_suits_no_type_is_left_to_the_validation():
    assert read(Text("many"), int) == "many"
    assert read(Text("-1"), Annotated[int, Gt(0)]) == -1
