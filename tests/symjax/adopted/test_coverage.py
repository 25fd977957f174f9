"""Every public name is covered by the laws, or left out for a reason; nothing is forgotten, nothing stale."""

import functools
from typing import Any

import flax.linen
import pytest

import symjax as sj
import symjax.linen
import symjax.optax

from . import linen_examples, names, optax_examples
from .subjects import MAKERS
from .table import table


@pytest.mark.parametrize("room", names.ROOMS, ids=lambda room: room.title)
def test_every_name_is_covered_or_left_out_for_a_reason(room: names.Room) -> None:
    left_out = names.exceptions(room)
    forgotten = []
    for name, value in names.members(room).items():
        if name not in left_out and not names.is_value(room, value):
            try:
                MAKERS[room.title](name, value)
            except LookupError as error:
                forgotten.append(str(error))
    assert not forgotten, "\n".join(forgotten)


@pytest.mark.parametrize("room", names.ROOMS, ids=lambda room: room.title)
def test_the_exceptions_are_names_that_exist(room: names.Room) -> None:
    listed = [name for left_out in names.EXCEPTIONS[room.title].values() for name in left_out]
    assert set(listed) <= names.members(room).keys()
    assert len(listed) == len(set(listed))


def test_a_new_name_is_told_what_to_add() -> None:
    class NewLayer(flax.linen.Module):
        wings: int

    def new_transformation(wings: int) -> Any: ...

    with pytest.raises(LookupError, match=r"NewLayer is new here and requires wings: add a Layer"):
        linen_examples.example("NewLayer", NewLayer)
    with pytest.raises(LookupError, match=r"requires wings: add an Example"):
        optax_examples.example("new_transformation", new_transformation)


@pytest.mark.parametrize("room", names.ROOMS, ids=lambda room: room.title)
def test_two_names_of_one_object_are_one_symbol(room: names.Room) -> None:
    view = sj.linen.initializers if room is names.INITIALIZERS else getattr(sj, room.view.rpartition(".")[2])
    for first, other in names.aliases(room):
        if not other.startswith("jax."):  # the home of the initializers, which has no view
            assert _get(view, first) is _get(view, other), (first, other)


@pytest.mark.parametrize("room", names.ROOMS, ids=lambda room: room.title)
def test_the_view_lists_all_names(room: names.Room) -> None:
    view = sj.linen.initializers if room is names.INITIALIZERS else getattr(sj, room.view.rpartition(".")[2])
    for prefix, module in room.modules.items():
        if prefix != "jax":
            assert set(names.public(module)) <= set(dir(_get(view, prefix) if prefix else view))


FUNCTIONS = names.members(names.LINEN_FUNCTIONS)
VALUES = [name for name, value in FUNCTIONS.items() if names.is_value(names.LINEN_FUNCTIONS, value)]


@pytest.mark.parametrize("name", VALUES)
def test_a_function_that_is_a_value_stays_itself(name: str) -> None:
    value = getattr(symjax.linen, name)
    assert value is FUNCTIONS[name]
    layer = symjax.linen.Sequential([value])
    assert sj.from_json(sj.to_json(layer)).layers == (value,)
    scope: dict[str, Any] = {}
    exec(sj.to_python(layer, imports=True), scope)
    assert sj.eq(scope["tree"], layer)


def test_the_table_has_every_public_name_and_nothing_uncovered() -> None:
    text = table()
    assert "NOT COVERED" not in text
    for room in names.ROOMS:
        for prefix, module in room.modules.items():
            for name, value in names.public(module).items():
                assert not room.belongs(value) or f" {name} " in text, (prefix, name)


def _get(view: Any, name: str) -> Any:
    return functools.reduce(getattr, name.split("."), view)
