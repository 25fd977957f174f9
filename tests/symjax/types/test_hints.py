"""What hints say: questions about their structure."""

import collections.abc
import dataclasses
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

import jax
import numpy as np
import pytest
import typing_extensions
from annotated_types import Gt
from jaxtyping import Array, Float

from symjax.types.hint_reading import parse
from symjax.types.hints import (
    means_list,
    mentions_array,
    mentions_float,
    names_numpy_scalars,
)

T = TypeVar("T")
Alias = typing_extensions.TypeAliasType("Alias", list[float])


class Node(Generic[T]):
    pass


def test_what_is_read_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse(int).kind = float


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


@pytest.mark.parametrize("hint", [int, list[int], dict[str, int], tuple[int, str], set[int], int | None])
def test_parts_are_what_may_lie_in_a_value(hint):
    parts = typing.get_args(hint)
    assert parse(hint).parts == tuple(map(parse, parts))
