"""Values in URIs: what they are written as, and what a hint makes of a text."""

import enum
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from annotated_types import Gt
from hypothesis import given
from hypothesis import strategies as st

from symjax import eq
from symjax import linen as nn
from symjax.patches.uri.grammar import parse
from symjax.patches.uri.literals import Text, read, write
from symjax.types.translation import adapter


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
    GREEN = "green"


class Fruit(enum.Enum):
    APPLE = 1
    GREEN = 2


class Access(enum.IntFlag):
    READ = 4
    WRITE = 2
    RUN = 1
    ALL = 7


class Style(enum.Flag):
    BOLD = 1
    SLANTED = 2


Odd = enum.Enum("Odd", {"None": 1, "1": 2, "a b|c": 3, "yes": 4})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (jax.nn.gelu, "<jax._src.nn.functions.gelu>"),
        (nn.Dense, "<symjax.linen.Dense>"),
        (Color.RED, "<<Color.RED: 'red'>>"),
        ({"a": 1}, "<{'a': 1}>"),
        ((1, ...), "<(1, Ellipsis)>"),
    ],
)
def test_what_has_no_notation_is_described(value, text):
    assert write(value) == text


def test_an_int_of_more_digits_than_python_prints_is_described():
    assert write(10**5000) == "<<int whose repr raised ValueError>>"


@pytest.mark.parametrize(
    ("value", "hint", "text"),
    [
        (Color.RED, Color, "RED"),
        (Color.RED, Color | None, "RED"),
        (Color.RED, Annotated[Color, "doc"], "RED"),
        (Color.RED, Literal[Color.RED], "RED"),
        (Color.RED, Fruit, "<<Color.RED: 'red'>>"),
        ("RED", Color | str, "'RED'"),
        ("BLUE", Color | str, "BLUE"),
        (Fruit.GREEN, Fruit | Color, "GREEN"),
        (Color.GREEN, Fruit | Color, "<<Color.GREEN: 'green'>>"),  # it would be read as the fruit
        (Access.READ | Access.RUN, Access, "READ:RUN"),
        (Access.ALL, Access, "ALL"),
        (Access(0), Access, "[]"),
        (Access(8), Access, "<<Access: 8>>"),
        (Style.BOLD | Style.SLANTED, Style, "BOLD:SLANTED"),
        ((Access.READ | Access.RUN, Access.ALL), Sequence[Access], "[READ:RUN]:ALL"),
        ((), Access | Sequence[int], "<()>"),  # it would be read as the flag
        (Odd["a b|c"], Odd, "a%20b%7Cc"),
        (Odd["1"], Odd, "1"),
        (Odd["None"], Odd, "None"),
        (Odd["None"], Odd | None, "<<Odd.None: 1>>"),
        (Odd["yes"], Odd, "yes"),
        (10**4000, Any, "1" + "0" * 4000),
    ],
)
def test_members_of_enums_are_written_by_name_where_the_hint_reads_them_back(value, hint, text):
    assert write(value, hint) == text
    if not text.startswith("<"):
        assert eq(read(token_of(text), hint), value)


def token_of(text):
    (step,) = parse(f"f?{text}")
    return step.target.args[0]


members = (
    st.sampled_from([*Color, *Fruit, *Odd]) | st.integers(0, 7).map(Access) | st.integers(0, 3).map(Style)
)
atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
names = st.sampled_from(["RED", "GREEN", "READ", "None", "1", "yes", "true"])
hints = st.sampled_from(
    [Color, Fruit | Color, Access, Style | None, Odd | str, Color | str | int, Access | Sequence[Access]]
)
values = st.recursive(
    atoms | names | members, lambda items: st.lists(items, max_size=3).map(tuple), max_leaves=5
)


@given(values, hints | hints.map(lambda hint: Sequence[hint]) | st.just(Any))
def test_what_is_written_is_read_back_under_every_hint_that_admits_it(value, hint):
    text = write(value, hint)
    if text.startswith("<") or not admits(hint, value):
        return
    assert eq(read(token_of(text), hint), value)


def admits(hint, value):
    try:
        adapter(hint).validate_python(value)
    except ValueError:
        return False
    return True


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
        ("yes", bool, True),
        ("no", bool | None, False),
        ("yes", Any, "yes"),
        ("no", str | bool, "no"),
        ("yes", Literal["yes", "no"], "yes"),
        ("RED", Color, Color.RED),
        ("RED", str | Color, Color.RED),
        ("RED", Sequence[Color], (Color.RED,)),
        ("red", Color, "red"),
        ("RED", Any, "RED"),
        ("1e999", float, "1e999"),
        ("inf", float | str, float("inf")),
        ("false", bool | None, False),
        ("inf", float, float("inf")),
        ("inf", str, "inf"),
        ("2", Annotated[float, Gt(0)], 2.0),
        ("2", int | str, 2),
        ("2", Literal["1", "2"], "2"),
        ("2", Literal[1, 2], 2),
        ("True", Literal[True], True),
        ("1", Literal[1], 1),
        ("1", Literal[True], 1),  # which is not what is asked for, as the validation says
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


@pytest.mark.parametrize(
    ("texts", "hint", "value"),
    [
        (("READ", "RUN"), Access, Access.READ | Access.RUN),
        ((), Style, Style(0)),
        (("READ", "SLEEP"), Access, ("READ", "SLEEP")),
        (("RED", "GREEN"), Color, ("RED", "GREEN")),
    ],
)
def test_a_list_of_names_is_a_combined_flag(texts, hint, value):
    assert read(tuple(map(Text, texts)), hint) == value


def test_quoted_names_are_no_flag():
    assert read((Text("READ", quoted=True), Text("RUN")), Access) == ("READ", "RUN")


@pytest.mark.parametrize("hint", [Any, int, float, str, bool, Color, Access, Sequence[int]])
@pytest.mark.parametrize(
    "text", ["9" * 10**6, "1" * 10**6 + "x", "0." + "1" * 10**6, "x" * 10**6, f"{10**400}"]
)
def test_long_texts_are_values_of_the_hint_or_read_as_without_one(text, hint):
    value = read(Text(text), hint)
    assert admits(hint, value) or value == read(Text(text))


def test_a_text_that_suits_no_type_is_left_to_the_validation():
    assert read(Text("many"), int) == "many"
    assert read(Text("-1"), Annotated[int, Gt(0)]) == -1


@pytest.mark.parametrize(
    ("value", "hint", "text"),
    [
        (jax.nn.gelu, Callable[..., Any], "jax.nn.gelu"),
        (jax.nn.gelu, Callable[..., Any] | None, "jax.nn.gelu"),
        (len, Callable[..., Any], "builtins.len"),
        (nn.Dense, type[nn.Module], "symjax.linen.Dense"),
        (nn.Dense, type | tuple[type, ...], "symjax.linen.Dense"),
        (flax.linen.Dense, type, "flax.linen.Dense"),
        (jnp.bfloat16, np.dtype | None, "jax.numpy.bfloat16"),
        (jax.nn.gelu, Callable[..., Any] | str, "<jax._src.nn.functions.gelu>"),  # it would be read as a text
        (nn.Dense, Callable[..., Any], "<symjax.linen.Dense>"),
        (nn.Dense, Any, "<symjax.linen.Dense>"),
    ],
)
def test_functions_classes_and_dtypes_are_written_by_name_where_the_hint_asks_for_one(value, hint, text):
    assert write(value, hint) == text
    if not text.startswith("<"):
        assert read(token_of(text), hint) is value


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("gelu", Callable[..., Any], jax.nn.gelu),
        ("Dense", type, flax.linen.Dense),
        ("float32", np.dtype | None, jnp.float32),
        ("None", Callable[..., Any] | None, None),
        ("gelo", Callable[..., Any], "gelo"),  # which the validation of the argument refuses
        ("gelu", str | Callable[..., Any], "gelu"),
        ("os.system", Callable[..., Any], "os.system"),
    ],
)
def test_names_are_read_where_the_hint_asks_for_one(text, hint, value):
    assert read(Text(text), hint) == value
