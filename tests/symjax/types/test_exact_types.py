"""What passes a hint by its exact type: it must pass the whole check too, and come out as it went in."""

import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Optional, TypeVar, Union

import jax
import numpy as np
import pytest
from annotated_types import Gt, MinLen

import symjax as sj
from symjax import linen as nn
from symjax.types.exact_types import exact_items, exact_types
from symjax.types.hint_reading import parse
from symjax.types.translation import adapter, with_floats

from ..trees import Box, Color, Level, Rate, SubBox, double

UserId = typing.NewType("UserId", int)
Share = typing.NewType("Share", float)
Bounded = TypeVar("Bounded", bound=int)

HINTS = [
    Any,
    None,
    int,
    bool,
    float,
    complex,
    str,
    bytes,
    type,
    type[int],
    Callable,
    Callable[[int], int],
    Color,
    Box,
    Rate,
    sj.Object,
    sj.Placeholder,
    nn.Module,
    nn.Dense,
    UserId,
    Bounded,
    typing.Final[int],
    int | None,
    Optional[float],  # noqa: UP045
    Union[str, bool],  # noqa: UP007
    int | float,
    Share | int,
    Annotated[float, Gt(0)] | int,
    int | Rate,
    Any | float,
    Literal[1] | str,
    Literal["a", "b"],
    Literal[True] | int,
    Annotated[int, "a note"],
    Annotated[int, Gt(3)],
    list,
    tuple,
    tuple[()],
    tuple[int, int],
    tuple[int, str],
    tuple[float, ...],
    list[int],
    list[bool | None],
    list[Rate],
    list[sj.Object],
    Sequence[str],
    Sequence[Any],
    Annotated[tuple[int, ...], MinLen(2)],
    int | Sequence[int],
    Sequence[float] | Sequence[int],
    tuple[Annotated[int, Gt(3)], ...],
    list[list[int]],
    dict[str, int],
    "Nowhere",
]

SCALARS = [
    None,
    True,
    1,
    -1,
    2**70,
    0.5,
    float("nan"),
    1j,
    "a",
    b"a",
    int,
    double,
    len,
    jax.nn.relu,
    np.int64(1),
]
SCALARS += [
    Color.RED,
    Level.ONE,
    np.dtype("int8"),
    jax.numpy.float32,
    Box(),
    SubBox(),
    Rate(0.1),
    nn.Dense(3),
]
VALUES = [
    *SCALARS,
    (),
    *[(one,) for one in SCALARS],
    *[(one, one) for one in SCALARS],
    (1, 0.5),
    (1, "a"),
    ((1,),),
]


def passes_exactly(hint, value):
    hint = parse(hint)
    items = exact_items(hint) if type(value) is tuple else None
    return type(value) in exact_types(hint) or (items is not None and items.match(value))


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_what_passes_exactly_passes_the_whole_check_unchanged(hint):
    for value in VALUES:
        if passes_exactly(hint, value):
            assert with_floats(value, adapter(hint).validate_python(value)) is value


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, 3),
        (float, 0.5),
        (bool, True),
        (str | None, None),
        (Annotated[int, "a note"], 3),
        (Callable[..., Any], jax.nn.relu),
        (Any, double),
        (Rate, Rate(0.1)),
        (nn.Dense, nn.Dense(3)),
        (tuple[int, int], (3, 3)),
        (Sequence[int], (1, 2, 3)),
        (int | Sequence[int], (3,)),
        (list[Rate], (Rate(0.1), Rate(0.2))),
    ],
)
def test_common_values_pass_exactly(hint, value):
    assert passes_exactly(hint, value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, True),  # a bool is no int here
        (float, 1),  # to be made a float
        (Share | int, 1),  # the first arm makes a float of it
        (Sequence[float] | Sequence[int], (1,)),
        (tuple[int, int], (1,)),
        (Annotated[int, Gt(3)], 5),
        (Literal[1], 1),
        (sj.Placeholder, sj.ref("a")),
    ],
)
def test_what_needs_a_look_does_not_pass_exactly(hint, value):
    assert not passes_exactly(hint, value)


def test_a_list_that_passes_exactly_becomes_a_tuple():
    class Sizes(sj.Object):
        sizes: Sequence[int]
        name: str = "x"

    given = [1, 2]
    made = Sizes(given)
    given.append("x")
    assert made.sizes == (1, 2)
    assert type(made.rebind(sizes=[3]).sizes) is tuple
    assert Sizes.partial(sizes=[1]) == Sizes([1])
    with pytest.raises(TypeError, match=r"\(path=sizes\[1\]\)$"):
        Sizes([1, "x"])
    with pytest.raises(TypeError, match=r"\(path=name\)$"):
        Sizes([1], name=2)


def test_static_false_takes_the_whole_check():
    class Count(sj.Object):
        steps: Any = sj.field(static=False)

    assert jax.tree.leaves(Count(3)) == [3]
    with pytest.raises(TypeError, match="static=False holds numbers and arrays only"):
        Count("three")
