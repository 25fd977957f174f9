"""`Bucket`: the configurations of a batch that run through one program."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.verbs.tree import child

from .arguments import Arguments, flatten
from .cache import Cache, remembered
from ..spaces.dna import DNA
from .leaf_decisions import Lane
from .programs import Program, Task, program_for
from ..spaces.space import Space
from .tracing import CannotTrace, untraceable

Rows = npt.NDArray[np.intp]

# The leaves that a function cannot trace, by program; found by many traces, so worth remembering.
_culprits: Cache[Mapping[int, str]] = remembered(1024)


@dataclass(frozen=True)
class Bucket:
    """Configurations of one structure.

    Attributes:
        rows: Their places in the batch, int[n].
        arguments: The arguments of the function; the leaves of lanes hold a stand-in.
        lanes: The values of each leaf that has a lane axis, [n, ...], by the leaf's index.
        frozen: The leaves that the function cannot trace.
        program: What they run through.
    """

    rows: Rows
    arguments: Arguments
    lanes: Mapping[int, npt.NDArray[Any]]
    frozen: frozenset[int]
    program: Program

    def with_lanes(self, task: Task, lanes: int) -> Bucket:
        """The same with a program of another number of lanes on each device."""
        program = program_for(task, self.arguments, tuple(self.lanes), self.frozen, lanes)
        return dataclasses.replace(self, program=program)


@dataclass(frozen=True)
class Sorted:
    """A batch, sorted into buckets.

    Attributes:
        buckets: In the order in which their first configurations come in the batch.
        lanes: The decisions that have a lane axis in a bucket, by their index in the spec.
        errors: Why a configuration cannot run, by its place in the batch.
        demoted: The names of the leaves that are structure because the function cannot trace them, and
            the error that tracing them gave.
    """

    buckets: tuple[Bucket, ...]
    lanes: frozenset[int]
    errors: Mapping[int, Exception]
    demoted: Mapping[str, str]


@dataclass(frozen=True)
class _Group:
    """Configurations that agree in all decisions that are not lanes."""

    rows: Rows
    demoted: frozenset[int] = frozenset()  # lanes that are decisions on structure here
    frozen: frozenset[str] = frozenset()  # names of leaves that are structure here


def sort(
    task: Task,
    space: Space,
    lanes: Mapping[int, Lane],
    dnas: DNA,
    broadcast: tuple[Any, ...],
    rung: Callable[[int], int],
) -> Sorted:
    """Sorts a batch into buckets, and finds out what cannot be traced.

    Args:
        task: The function and its devices.
        space: The space.
        lanes: The lanes of the space.
        dnas: The batch, in NumPy arrays int32[n, C] and float32[n, F].
        broadcast: The arguments that all configurations share.
        rung: The lanes on each device for a bucket of a size.
    """
    return _Sorter(task, space, lanes, dnas, broadcast, rung).sort()


class _Sorter:
    """A batch while it is sorted; see `sort`."""

    def __init__(
        self,
        task: Task,
        space: Space,
        lanes: Mapping[int, Lane],
        dnas: DNA,
        broadcast: tuple[Any, ...],
        rung: Callable[[int], int],
    ) -> None:
        self._task = task
        self._space = space
        self._lanes = lanes
        self._dnas = dnas
        self._broadcast = broadcast
        self._rung = rung
        self._buckets: list[Bucket] = []
        self._used: set[int] = set()
        self._errors: dict[int, Exception] = {}
        self._demoted: dict[str, str] = {}

    def sort(self) -> Sorted:
        groups = deque(self._split(_Group(np.arange(len(self._dnas)))))
        while groups:
            groups.extend(self._place(groups.popleft()))
        self._buckets.sort(key=lambda bucket: int(bucket.rows[0]))
        return Sorted(tuple(self._buckets), frozenset(self._used), self._errors, self._demoted)

    def _place(self, group: _Group) -> Iterable[_Group]:
        """Makes a bucket of a group, or parts it: a lane that cannot be traced splits it after all."""
        points = self._lanes_in(group)
        arguments = self._arguments(group.rows, points)
        if arguments is None:
            return ()
        rows = np.array([row for row in group.rows if row not in self._errors], np.intp)
        names = {point: str(self._space.spec.points[point].path) for point in points}
        positions = {point: arguments.position(name) for point, name in names.items()}
        lanes = {i: self._lanes[point] for point, i in positions.items() if i is not None}
        arguments = arguments.replace({i: lane.standard for i, lane in lanes.items()})
        frozen = frozenset(i for i, name in enumerate(arguments.names) if name in group.frozen)
        height = self._rung(len(rows))
        try:
            culprits = _find_culprits(self._task, arguments, frozenset(lanes), frozen, height)
        except CannotTrace as failure:
            self._errors.update(dict.fromkeys(map(int, rows), failure.reason))
            return ()
        self._demoted.update({arguments.names[i]: why for i, why in culprits.items()})
        frozen = frozen.union(culprits)
        structural = {point for point, i in positions.items() if i is None or i in culprits}
        if structural:
            held = frozenset(arguments.names[i] for i in frozen)
            return self._split(_Group(rows, group.demoted | structural, held))
        columns = {
            i: lane.column(self._space, self._dnas, rows, arguments.avals[i])
            for i, lane in sorted(lanes.items())
        }
        program = program_for(self._task, arguments, tuple(columns), frozen, height)
        self._buckets.append(Bucket(rows, arguments, columns, frozen, program))
        self._used |= points
        return ()

    def _split(self, group: _Group) -> Iterable[_Group]:
        """Parts a group by the decisions that matter and are no lanes; in the order of the batch."""
        spec = self._space.spec
        choices, floats = self._dnas.choices[group.rows], self._dnas.floats[group.rows]
        genes = {"choices": choices, "floats": floats.view(np.int32)}  # floats by their bits
        marks = [np.zeros(len(choices), np.int32)]
        for index, active in enumerate(spec.active(choices)):
            if index not in self._lanes or index in group.demoted:
                gene = genes[spec.points[index].array][:, spec.columns[index]]
                marks.append(np.where(active, gene, -1))
        _, first, part = np.unique(np.stack(marks, 1), axis=0, return_index=True, return_inverse=True)
        part = part.reshape(-1)
        for index in np.argsort(first):
            yield dataclasses.replace(group, rows=group.rows[part == index])

    def _lanes_in(self, group: _Group) -> frozenset[int]:
        """The lanes that matter in a group; all its configurations agree on that."""
        active = self._space.spec.active(self._dnas.choices[group.rows[0]])
        return frozenset(i for i in self._lanes if active[i] and i not in group.demoted)

    def _arguments(self, rows: Rows, points: frozenset[int]) -> Arguments | None:
        """The arguments of a group's first valid configuration; None if there is none.

        What differs between the configurations are leaves, which no tree is made for: but where a node
        checks itself, its leaves decide whether a configuration is valid, so there each is decoded.
        """
        arguments = None
        for row in rows:
            try:
                tree = self._space.decode(self._dnas[int(row)])
                if arguments is None:
                    arguments = flatten(tree, self._broadcast)
                    if not _checks_itself(tree, [self._space.spec.points[i].path for i in points]):
                        break
            except Exception as error:  # noqa: BLE001 - user code decides what is valid; results hold it
                self._errors[int(row)] = error
                if not points:  # the same tree for all of them
                    self._errors.update(dict.fromkeys(map(int, rows), error))
                    break
        return arguments


def _checks_itself(tree: Any, paths: Iterable[Path]) -> bool:
    """Whether a node on the way to one of these leaves has an invariant."""
    for path in paths:
        value = tree
        for key in path:
            schema = schema_of(value)
            if schema is not None and schema.checks:
                return True
            value = child(value, key, path)
    return False


def _find_culprits(
    task: Task,
    arguments: Arguments,
    lanes: frozenset[int],
    frozen: frozenset[int],
    height: int,
) -> Mapping[int, str]:
    """The leaves that must be structure, besides the frozen ones, and why."""
    key: Hashable = (task.identity(), arguments.structure(frozen), lanes, frozen)
    known = _culprits.find(key)
    if known is not None:
        return known

    def program(frozen: frozenset[int]) -> Program:
        return program_for(task, arguments, tuple(sorted(lanes - frozen)), frozen, height)

    found = untraceable(task, arguments, frozen, program)
    return _culprits.get(key, lambda: found)
