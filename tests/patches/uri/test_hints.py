"""What hints say to a reader of texts."""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest

from symjax.patches.uri.hints import arms_of, enums_in, is_enum, item_hint_of, member_names, members_named


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Fruit(enum.Enum):
    GREEN = 1


@pytest.mark.parametrize(
    ("hint", "arms"),
    [
        (int, [int]),
        (int | None, [int, type(None)]),
        (Annotated[int | str, "doc"] | None, [int, str, type(None)]),
        (Annotated[int, "doc"], [int]),
    ],
)
def test_arms(hint, arms):
    assert arms_of(hint) == arms


@pytest.mark.parametrize(
    ("hint", "items"),
    [
        (Sequence[int], [int, int, int]),
        (tuple[int, ...], [int, int, int]),
        (tuple[int, str], [int, str, Any]),
        (Annotated[list[str], "doc"], [str, str, str]),
        (list, [Any, Any, Any]),
    ],
)
def test_items(hint, items):
    item_hint = item_hint_of(hint)
    assert [item_hint(i) for i in range(3)] == items


@pytest.mark.parametrize("hint", [int, str, Any, dict[str, int], int | list[int], Color])
def test_what_is_no_sequence_has_no_items(hint):
    assert item_hint_of(hint) is None


def test_the_enums_of_a_hint():
    assert enums_in(dict[str, Sequence[Color] | Fruit | None]) == (Color, Fruit)
    assert enums_in(Literal[Color.RED, 1, Fruit.GREEN]) == (Color, Fruit)
    assert enums_in(int) == enums_in(Any) == enums_in(Literal["RED"]) == ()
    assert is_enum(Color)
    assert not any(map(is_enum, [Color.RED, int, Any, list[Color]]))


def test_members_by_name():
    assert members_named("GREEN", Fruit | Color) == [Fruit.GREEN, Color.GREEN]
    assert members_named("RED", Literal[Color.RED] | None) == [Color.RED]
    assert members_named("RED", Sequence[Color]) == []  # a list of them is no member


def test_the_names_of_the_members_that_a_hint_admits():
    assert member_names(Color | None) == ("RED", "GREEN")
    assert member_names(int | Sequence[str]) == member_names(Any) == ()
