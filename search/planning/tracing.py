"""Which leaves, and which structures, a function cannot trace: found by abstract traces beforehand."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import jax

from symjax.core.schema import is_symbolic
from symjax.core.tracebacks import line_at_fault
from symjax.verbs.walk import walk

from ..compiling.cache import Cache, remembered
from ..compiling.type_questions import asked_for_type
from ..results.failures import Failure
from .arguments import Arguments
from .metrics import Metrics
from .programs import Program, Task
from .purity import may_ask


@dataclass(frozen=True)
class Demotion:
    """Why a leaf is structure although it could be a leaf.

    Attributes:
        error: The type of the error that tracing it gave; empty if the function asks whether it is a float.
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

    @property
    def is_question(self) -> bool:
        """Whether tracing it raised nothing, but the function asks whether it is a float."""
        return not self.error

    def __str__(self) -> str:
        where = f" at {os.path.basename(self.place)}: {self.line}" if self.place else ""
        return f"{self.error or 'asked for its type'}{where}"


PROBES = 16
"""So many structures must fail with one and the same error before it counts as the function's own."""

_MISTAKES = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)
_ADDRESS = re.compile(r"0x[0-9a-f]+")


@final
class Failures:
    """What the structures of a batch raised, the first ones of which tell whether the others will, too.

    An error with the same type, text and line for structures that differ wherever they can is the
    function's own, and tracing hundreds of others would tell nothing new. For the errors of mistakes in
    code, such as a `NameError`, two such structures suffice; a `ValueError` may well mean that a structure
    is refused, so that `PROBES` are asked.

    Example:
        >>> failures = Failures()
        >>> for _ in range(2):
        ...     failures.add(NameError("name 'optimiser' is not defined"))
        >>> len(failures), failures.are_shared
        (2, True)
    """

    def __init__(self) -> None:
        self._count = 0
        self._kinds: set[tuple[type, str, str]] = set()
        self._enough = PROBES

    def __len__(self) -> int:
        return self._count

    def add(self, failure: Exception | Failure) -> None:
        """Takes note of what one more structure raised, with its traceback."""
        error, place = (
            (failure.error, failure.traceback)
            if isinstance(failure, Failure)
            else (failure, line_at_fault(failure)[0])
        )
        self._count += 1
        self._kinds.add((type(error), _ADDRESS.sub("", str(error)), place))
        if isinstance(error, _MISTAKES):
            self._enough = 2

    @property
    def are_shared(self) -> bool:
        """Whether all structures can be taken to fail with the same error."""
        return len(self._kinds) == 1 and self._count >= self._enough


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
            return culprits | _questioned(task, arguments, structural)


def _questioned(task: Task, arguments: Arguments, frozen: frozenset[int]) -> dict[int, Demotion]:
    """The floats that the function asks whether they are some, which they are not while it is traced."""
    key = task.identity()
    asks = _asks.find(key)
    if asks is None:  # the code is read but once
        nodes = walk(arguments.experiment())
        asks = may_ask(task.fn, {type(value) for _, value, _ in nodes if is_symbolic(value)})
        _asks.put(key, asks)
    if not asks:
        return {}
    floats = [index for index in arguments.traced(frozen) if isinstance(arguments.leaves[index], float)]

    def call(values: list[Any], key: jax.Array) -> Metrics:
        return task.call(arguments.treedef, arguments.leaves, zip(floats, values, strict=True), key)

    avals = [aval.batched() for i in floats if (aval := arguments.avals[i]) is not None]
    asked = asked_for_type(call, avals, task.key.batched())
    return {floats[place]: Demotion("", *where) for place, where in asked.items()}


_asks: Cache[bool] = remembered(256)


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
