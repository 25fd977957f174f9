"""A computation that a program repeats, as it does where a loop in Python takes steps of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

_LONG = 400  # equations of a program that is worth a word
_TIMES = 4  # and so many times is no coincidence
_MOST = 0.75  # of the program
_CANDIDATES = 50  # lengths that are tried


class Repetition(NamedTuple):
    """A step that a program repeats.

    Attributes:
        operations: How many equations it has, each time; those of inner programs included.
        times: How many times it comes, one after the other.
    """

    operations: int
    times: int

    def __str__(self) -> str:
        return (
            f"the program repeats one computation of {self.operations:,} operations {self.times:,} times, as "
            "a loop of Python over the steps of training does, and takes so many times as long to compile: "
            "write the loop as jax.lax.scan, or train by search.Steps"
        )


def repetition(program: ClosedJaxpr) -> Repetition | None:
    """The step of training of which most of a long program consists, one after the other.

    Equations count as the same if they do the same to arrays of the same types; with which numbers and on
    which arrays does not count. A step has equations of a gradient's way back and others: the layers of a
    deep model, which repeat as well, have but one kind.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def train(x):
        ...     for _ in range(100):
        ...         x = x - 0.1 * jax.grad(lambda x: jnp.sin(jnp.tanh(x)) / jnp.exp(x))(x)
        ...     return x
        >>> repetition(jax.make_jaxpr(train)(1.0)).times
        100
    """
    eqns = _opened(program.jaxpr).eqns
    sizes = [_size(eqn) for eqn in eqns]
    if sum(sizes) < _LONG:
        return None
    numbers: dict[Any, int] = {}
    kinds = np.array(
        [numbers.setdefault((*_kind(eqn), n), len(numbers)) for eqn, n in zip(eqns, sizes, strict=True)]
    )
    before = np.cumsum([0, *sizes])
    most, longest = _MOST * before[-1], None
    for period in _periods(kinds):
        start, stop = _longest_run(kinds[period:] == kinds[:-period])
        stop += period
        times, covered = (stop - start) // period, before[stop] - before[start]
        if times >= _TIMES and covered > most and _is_step(eqns[start : start + period]):
            operations = int(before[start + period] - before[start])
            most, longest = covered, Repetition(operations, int(times))
    return longest


def _periods(kinds: npt.NDArray[np.intp]) -> list[int]:
    """After how many equations they may come again: as those do that come least often, but often enough."""
    counts = np.bincount(kinds, minlength=1)
    rare = [kind for kind in np.argsort(counts, kind="stable") if counts[kind] >= _TIMES][:_CANDIDATES]
    gaps = [np.bincount(np.diff(np.flatnonzero(kinds == kind))) for kind in rare]
    return sorted({int(np.argmax(gap)) for gap in gaps})


def _is_step(eqns: Sequence[JaxprEqn]) -> bool:
    """Whether some equations go a gradient's way back, and some do not."""
    return {goes_back for eqn in eqns for goes_back in _ways(eqn)} == {False, True}


def _ways(eqn: JaxprEqn) -> Iterator[bool]:
    goes_back = "transpose(" in str(eqn.source_info.name_stack)
    inner = [each for body in _inner(eqn) for each in body.eqns]
    if goes_back or not inner:
        yield goes_back
    else:
        for each in inner:
            yield from _ways(each)


def _opened(body: Jaxpr) -> Jaxpr:
    """What stands in a function that is nothing but a jitted one."""
    while len(body.eqns) == 1:
        inner = list(_inner(body.eqns[0]))
        if body.eqns[0].primitive.name not in ("jit", "pjit") or len(inner) != 1:
            break
        body = inner[0]
    return body


def _longest_run(same: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of true values begins and ends."""
    breaks = np.flatnonzero(~np.concatenate([[False], same, [False]]))
    longest = int(np.argmax(np.diff(breaks)))
    return int(breaks[longest]), int(breaks[longest + 1]) - 1


def _kind(eqn: JaxprEqn) -> tuple[Any, ...]:
    """What an equation does, but for its numbers."""
    return eqn.primitive.name, tuple(str(var.aval) for var in eqn.outvars)


def _size(eqn: JaxprEqn) -> int:
    """How many equations one is, with those of its inner programs."""
    return 1 + sum(_size(inner) for body in _inner(eqn) for inner in body.eqns)


def _inner(eqn: JaxprEqn) -> Iterator[Jaxpr]:
    for value in eqn.params.values():
        for item in value if isinstance(value, tuple | list) else [value]:
            if isinstance(item, ClosedJaxpr):
                yield item.jaxpr
            elif isinstance(item, Jaxpr):
                yield item
