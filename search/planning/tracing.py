"""Which leaves a function cannot trace: found by abstract traces, before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import jax

from .arguments import Arguments
from .programs import Metrics, Program, Task


class CannotTrace(Exception):
    """A function that fails even where every leaf is concrete: for a reason of its own."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


def untraceable(
    task: Task, arguments: Arguments, frozen: frozenset[int], program: Callable[[frozenset[int]], Program]
) -> dict[int, str]:
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
        The leaves that must be structure besides the frozen ones, with the type of the error that
        tracing them gave. Mostly empty, after one trace.

    Raises:
        CannotTrace: The function fails with every leaf concrete too.
    """
    culprits: dict[int, str] = {}
    while True:
        structural = frozen.union(culprits)
        wanted = program(structural)
        try:
            wanted.trace()
        except Exception as error:  # noqa: BLE001 - any failure that tracing causes makes a culprit
            culprits[_culprit(task, arguments, structural, error)] = type(error).__name__
        else:
            return culprits


def _culprit(task: Task, arguments: Arguments, frozen: frozenset[int], error: Exception) -> int:
    """One leaf whose being traced is the reason for this error."""
    suspects = arguments.traced(frozen)

    def fails(abstract: int) -> bool:
        try:
            _trace(task, arguments, suspects[:abstract])
        except Exception as other:  # noqa: BLE001 - another error has another reason
            return type(other) is type(error)
        return False

    if not suspects or fails(0):
        raise CannotTrace(error) from error
    fine, broken = 0, len(suspects)
    while broken - fine > 1:
        middle = (fine + broken) // 2
        if fails(middle):
            broken = middle
        else:
            fine = middle
    return suspects[fine]


def _trace(task: Task, arguments: Arguments, abstract: list[int]) -> None:
    """Traces the function for one configuration; leaves that are not `abstract` have their values."""

    def call(values: list[jax.Array], key: jax.Array) -> Metrics:
        replaced = zip(abstract, values, strict=True)
        return task.call(arguments.treedef, arguments.leaves, replaced, key)

    avals = [arguments.avals[index] for index in abstract]
    jax.eval_shape(call, [aval.batched() for aval in avals if aval is not None], task.key.batched())
