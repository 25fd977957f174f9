"""Which leaves a function cannot trace: found by abstract traces, before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import jax

from symjax.core.tracebacks import line_at_fault

from ..results.failures import Failure
from .arguments import Arguments
from .programs import Metrics, Program, Task


@dataclass(frozen=True)
class Demotion:
    """Why a leaf is structure although it could be a leaf.

    Attributes:
        error: The type of the error that tracing it gave.
        place: Where the function needs its value: ``'model.py:12'``; empty where that is not known.
        line: What is computed there: ``'self.rate > 0'``.
    """

    error: str
    place: str
    line: str

    @classmethod
    def of(cls, error: Exception) -> Demotion:
        """The reason that an error with its traceback gives."""
        return cls(type(error).__name__, *line_at_fault(error))

    def __str__(self) -> str:
        where = f" at {os.path.basename(self.place)}: {self.line}" if self.place else ""
        return f"{self.error}{where}"


class CannotTrace(Exception):
    """A function that fails even where every leaf is concrete: for a reason of its own.

    Args:
        reason: What it raised; without its traceback, if that was in an earlier call.
    """

    def __init__(self, reason: Exception | Failure) -> None:
        super().__init__(reason)
        self.reason = reason


def untraceable(
    task: Task, arguments: Arguments, frozen: frozenset[int], program: Callable[[frozenset[int]], Program]
) -> dict[int, Demotion]:
    """Finds the leaves that the function cannot trace, such as a float in Python control flow.

    Traces with fewer and fewer leaves abstract, halving the suspects each time: k culprits among n
    leaves take about k log2(n) traces.

    Args:
        task: The function.
        arguments: Its arguments; leaves that vary between configurations have a value that does not depend
            on the batch, so that neither does the outcome.
        frozen: Leaves known to be structure.
        program: The program with these leaves frozen.

    Returns:
        The leaves that must be structure besides the frozen ones, and why. Mostly empty, after one trace.

    Raises:
        CannotTrace: The function fails with every leaf concrete too.
    """
    culprits: dict[int, Demotion] = {}
    while True:
        structural = frozen.union(culprits)
        wanted = program(structural)
        try:
            wanted.trace()
        except Exception as error:  # noqa: BLE001 - any failure that tracing causes makes a culprit
            culprit, reason = _culprit(task, arguments, structural, error)
            culprits[culprit] = Demotion.of(reason)
        else:
            return culprits


def _culprit(
    task: Task, arguments: Arguments, frozen: frozenset[int], error: Exception
) -> tuple[int, Exception]:
    """One leaf whose being traced is the reason for this error, and the error that it alone gives."""
    suspects = arguments.traced(frozen)

    def failure(abstract: int) -> Exception | None:
        try:
            _trace(task, arguments, suspects[:abstract])
        except Exception as other:  # noqa: BLE001 - another error has another reason
            return other if type(other) is type(error) else None
        return None

    if not suspects or failure(0) is not None:
        raise CannotTrace(error) from error
    fine, broken, reason = 0, len(suspects), error
    while broken - fine > 1:
        middle = (fine + broken) // 2
        other = failure(middle)
        if other is not None:
            broken, reason = middle, other
        else:
            fine = middle
    return suspects[fine], reason


def _trace(task: Task, arguments: Arguments, abstract: list[int]) -> None:
    """Traces the function for one configuration; leaves that are not `abstract` have their values."""

    def call(values: list[jax.Array], key: jax.Array) -> Metrics:
        replaced = zip(abstract, values, strict=True)
        return task.call(arguments.treedef, arguments.leaves, replaced, key)

    avals = [arguments.avals[index] for index in abstract]
    jax.eval_shape(call, [aval.batched() for aval in avals if aval is not None], task.key.batched())
