"""Type hints read into their structure."""

import collections.abc
import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar, Union

import jax
import numpy as np
import pytest
import typing_extensions
from annotated_types import Gt, Le
from jaxtyping import Array, Float

from symjax.types.hints import (
    Anything,
    ClassOf,
    Constrained,
    Either,
    Entries,
    FixedTuple,
    Instance,
    Items,
    Members,
    Nothing,
    OneOf,
    Scalar,
    Text,
    evaluate,
    means_list,
    mentions_array,
    mentions_float,
    names_numpy_scalars,
    parse,
    resolve,
    show,
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
    (Literal["a", 1], OneOf(("a", 1)), "Literal['a', 1]"),
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


def test_what_is_read_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse(int).kind = float


def test_functions_are_shown_as_they_are_written():
    assert show(Callable[[int], str]) == "Callable[[int], str]"
    assert show(typing.Callable) == "Callable"


def test_an_alias_may_mention_itself():
    class Nested:  # as `type Nested = list[Nested]` is, from Python 3.12 on
        pass

    Nested.__value__ = list[Nested]
    assert parse(Nested) == Items(list, Anything(str(Nested)))
    assert not mentions_float(parse(Nested))


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        (
            means_list,
            [list, list[int], list[int] | None, Annotated[list[int], "a"], collections.abc.MutableSequence],
            [tuple[list[int], ...], Sequence[int], dict[str, list[int]], Any],
        ),
        (
            mentions_float,
            [float, complex, float | None, dict[str, tuple[float, int]], Alias, Annotated[float, Gt(0)]],
            [int, Any, Callable[[float], float], type[float], Literal[1], Node[float], list],
        ),
        (
            mentions_array,
            [jax.Array, np.ndarray, np.ndarray | None, Float[Array, "3"], Annotated[jax.Array, "a"]],
            [float, list[jax.Array], Any],
        ),
        (
            names_numpy_scalars,
            [np.float32, np.floating | None, list[np.int64]],
            [float, jax.typing.ArrayLike, Any, np.ndarray, type[np.float32]],
        ),
    ],
)
def test_questions(question, yes, no):
    assert [hint for hint in yes if not question(parse(hint))] == []
    assert [hint for hint in no if question(parse(hint))] == []


def test_a_hint_is_resolved_where_its_owner_stands():
    class Owner:
        Inner = int

    assert resolve("Inner | Owner", Owner) == int | Owner
    assert resolve("Nowhere", Owner) is Any
    with pytest.raises(NameError, match="Nowhere"):
        evaluate("Nowhere", Owner)
