"""Type hints read into their structure."""

import collections.abc
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar, Union

import jax
import numpy as np
import pytest
import typing_extensions
from annotated_types import Gt, Le

from symjax.types.hint_reading import evaluate, parse, resolve, show
from symjax.types.hints import (
    Anything,
    ClassOf,
    Constrained,
    Either,
    Entries,
    FixedTuple,
    Instance,
    Items,
    LiteralOf,
    Members,
    Nothing,
    Scalar,
    Text,
    mentions_float,
)

T = TypeVar("T")
Bounded = TypeVar("Bounded", bound=int)
UserId = NewType("UserId", int)
Alias = typing_extensions.TypeAliasType("Alias", list[float])


class Node(Generic[T]):
    pass


INT, FLOAT, STR = Scalar(int), Scalar(float), Text(str)

PARSED = [
    (Any, Anything(), "Any"),
    ("Later", Anything("Later"), "Later"),
    (typing.ForwardRef("Later"), Anything("Later"), "Later"),
    (3, Anything("3"), "3"),
    (None, Nothing(), "None"),
    (int, INT, "int"),
    (bytes, Text(bytes), "bytes"),
    (Optional[int], Either((INT, Nothing())), "int | None"),  # noqa: UP045
    (Union[int, str], Either((INT, STR)), "int | str"),  # noqa: UP007
    (Literal["a", 1], LiteralOf(("a", 1)), "Literal['a', 1]"),
    (Annotated[int, Gt(0), "note"], Constrained(INT, (Gt(0), "note")), "Annotated[int, Gt(gt=0), 'note']"),
    (Annotated[float, Gt(0), Le(1)], Constrained(FLOAT, (Gt(0), Le(1))), "float (> 0, ≤ 1)"),
    (jax.Array, Instance(jax.Array), "jax.Array"),
    (list, Items(list, bare=True), "list"),
    (typing.List, Items(list, bare=True), "list"),  # noqa: UP006
    (list[int], Items(list, INT), "list[int]"),
    (Sequence[int], Items(Sequence, INT), "Sequence[int]"),
    (Sequence, Instance(Sequence), "Sequence"),
    (collections.abc.MutableSequence, Items(collections.abc.MutableSequence, bare=True), "MutableSequence"),
    (tuple, Items(tuple, bare=True), "tuple"),
    (typing.Tuple, Items(tuple, bare=True), "tuple"),  # noqa: UP006
    (tuple[int, ...], Items(tuple, INT), "tuple[int, ...]"),
    (tuple[int, str], FixedTuple((INT, STR)), "tuple[int, str]"),
    (tuple[()], FixedTuple(()), "tuple[()]"),
    (tuple[int, *tuple[str, ...]], Items(tuple, bare=True), "tuple"),
    (set[int], Members(set, INT), "set[int]"),
    (frozenset, Members(frozenset, bare=True), "frozenset"),
    (dict[str, int], Entries(dict, STR, INT), "dict[str, int]"),
    (Mapping, Entries(Mapping, bare=True), "Mapping"),
    (type, ClassOf(), "type"),
    (type[int], ClassOf(INT), "type[int]"),
    (UserId, INT, "int"),
    (T, Anything(), "Any"),
    (Bounded, INT, "int"),
    (typing.Final[int], INT, "int"),
    (Alias, Items(list, FLOAT), "list[float]"),
    (Node[int], Instance(Node, (INT,)), "Node[int]"),
    (np.ndarray, Instance(np.ndarray), "ndarray"),
]


@pytest.mark.parametrize(("hint", "parsed", "text"), PARSED, ids=str)
def test_a_hint_is_read_into_its_structure_and_shown(hint, parsed, text):
    assert parse(hint) == parsed
    assert show(hint) == str(parsed) == text


def test_functions_are_shown_as_they_are_written():
    assert show(Callable[[int], str]) == "Callable[[int], str]"
    assert show(typing.Callable) == "Callable"


def test_an_alias_may_mention_itself():
    class Nested:  # as `type Nested = list[Nested]` is, from Python 3.12 on
        pass

    Nested.__value__ = list[Nested]
    assert parse(Nested) == Items(list, Anything(str(Nested)))
    assert not mentions_float(parse(Nested))


def test_a_hint_is_resolved_where_its_owner_stands():
    class Owner:
        Inner = int

    assert resolve("Inner | Owner", Owner) == int | Owner
    assert resolve("Nowhere", Owner) is Any
    with pytest.raises(NameError, match="Nowhere"):
        evaluate("Nowhere", Owner)
