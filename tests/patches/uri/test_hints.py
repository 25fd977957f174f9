"""What hints say to a reader of texts."""

import enum
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest

from symjax.patches.uri.hints import (
    arms_of,
    enums_in,
    flags_of,
    item_hint_of,
    member_names,
    members_named,
    parsed,
)


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Style(enum.Flag):
    BOLD = 1


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
    assert arms_of(parsed(hint)) == list(map(parsed, arms))


@pytest.mark.parametrize(
    ("hint", "items"),
    [
        (Sequence[int], [int, int, int]),
        (tuple[int, ...], [int, int, int]),
        (tuple[int, str], [int, str, Any]),
        (Annotated[list[str], "doc"], [str, str, str]),
        (list, [Any, Any, Any]),
        (Sequence, [Any, Any, Any]),
    ],
)
def test_items(hint, items):
    item_hint = item_hint_of(parsed(hint))
    assert [item_hint(i) for i in range(3)] == list(map(parsed, items))


@pytest.mark.parametrize("hint", [int, str, Any, dict[str, int], int | list[int], Color])
def test_what_is_no_sequence_has_no_items(hint):
    assert item_hint_of(parsed(hint)) is None


def test_the_enums_of_a_hint():
    assert enums_in(parsed(dict[str, Sequence[Color] | Fruit | None])) == (Color, Fruit)
    assert enums_in(parsed(Literal[Color.RED, 1, Fruit.GREEN])) == (Color, Fruit)
    assert not any(enums_in(parsed(hint)) for hint in (int, Any, Literal["RED"], type[Color]))


def test_the_flags_among_the_arms_of_a_hint():
    assert flags_of(parsed(Color | Style | None)) == [Style]
    assert flags_of(parsed(Sequence[Style])) == []


def test_members_by_name():
    assert members_named("GREEN", parsed(Fruit | Color)) == [Fruit.GREEN, Color.GREEN]
    assert members_named("RED", parsed(Literal[Color.RED] | None)) == [Color.RED]
    assert members_named("RED", parsed(Sequence[Color])) == []  # a list of them is no member


def test_the_names_of_the_members_that_a_hint_admits():
    assert member_names(parsed(Color | None)) == ("RED", "GREEN")
    assert member_names(parsed(int | Sequence[str])) == ()
