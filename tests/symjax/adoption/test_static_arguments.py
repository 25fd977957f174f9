"""`static_arguments.STATIC` names the floats on which Python control flow depends: all of them, and no others."""

import inspect
import typing
from collections.abc import Iterator
from typing import Any

import jax
import pytest

from symjax.adoption.static_arguments import STATIC

from ..adopted import names
from ..adopted.laws import Floats, Place
from ..adopted.subjects import Subject, subjects

SUBJECTS = subjects()
VIEWS = tuple({room.view for room in names.ROOMS})
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")


@pytest.mark.parametrize("subject", SUBJECTS, ids=repr)
def test_floats_that_are_not_listed_can_be_traced(subject: Subject) -> None:
    """Also where other branches run: each flag turned over, each option chosen, each optional float given."""
    for instead in ({}, *_variants(subject)):
        broken = _untraceable(subject, instead)
        assert not broken, (
            f"with {instead}, Python control flow depends on {broken}: add to STATIC in static_arguments.py"
        )


LISTED = [
    (owner, argument)
    for owner, arguments in STATIC.items()
    for argument in arguments
    if owner.startswith(tuple(f"{view}." for view in VIEWS))
]


@pytest.mark.parametrize(("owner", "argument"), LISTED, ids=".".join)
def test_floats_that_are_listed_cannot_be_traced(owner: str, argument: str) -> None:
    subject = next(s for s in SUBJECTS if f"{s.room.view}.{s.name}" == owner)
    found = Floats(subject.make, subject.original, lambda place: place != (subject.name, argument))
    assert found.values, f"the example of {owner} has no float at {argument}"
    assert not _is_traced(subject, found)


def _untraceable(subject: Subject, instead: dict[Place, Any]) -> list[Place]:
    """The places of floats that break when they are traced, one at a time; none where all can be."""
    try:
        everything = Floats(subject.make, subject.original, subject.is_static, instead)
    except Exception:  # noqa: BLE001 - the original refuses this combination of arguments in its own way
        return []
    if _is_traced(subject, everything) or not _runs(subject, everything.made):
        return []
    alone = {
        place: Floats(subject.make, subject.original, lambda other, place=place: other != place, instead)
        for place in everything.places
    }
    return [place for place, found in alone.items() if not _is_traced(subject, found)] or [
        ("together", "all")
    ]


def _is_traced(subject: Subject, found: Floats) -> bool:
    try:
        jax.eval_shape(lambda numbers: subject.use(found.make(numbers)), found.values)
    except Exception:  # noqa: BLE001 - control flow on a tracer raises many kinds, assertions too
        return False
    return True


def _runs(subject: Subject, made: Any) -> bool:
    try:
        jax.eval_shape(lambda: subject.use(made))
    except Exception:  # noqa: BLE001 - see above
        return False
    return True


def _variants(subject: Subject) -> Iterator[dict[Place, Any]]:
    """Other arguments than those of the example, one at a time."""
    original: Any = subject.original
    for part in subject.name.split("."):
        original = getattr(original, part)
    for name, parameter in inspect.signature(original).parameters.items():
        for other in _others(parameter):
            yield {(subject.name, name): other}


def _others(parameter: inspect.Parameter) -> list[Any]:
    hints = list(_flat(parameter.annotation))
    default = parameter.default
    if isinstance(default, bool):
        return [not default]
    if float in hints and default is None:
        return [0.5]
    if float in hints and isinstance(default, int):
        return [float(default)]
    return [
        choice
        for hint in hints
        if typing.get_origin(hint) is typing.Literal
        for choice in typing.get_args(hint)
    ]


def _flat(hint: Any) -> Iterator[Any]:
    """The members of a union."""
    if typing.get_origin(hint) is typing.Union or isinstance(hint, type(int | str)):
        for part in typing.get_args(hint):
            yield from _flat(part)
    else:
        yield hint
