"""`Bucket`: the configurations of a batch that run through one program."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.paths import Path
from symjax.schema import schema_of
from symjax.tree import child

from .arguments import Arguments, flatten
from .cache import Cache, remembered
from .dna import DNA
from .lanes import Lane
from .programs import Program, Task, program_for
from .space import Space
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
    buckets: list[Bucket] = []
    errors: dict[int, Exception] = {}
    demoted: dict[str, str] = {}
    used: set[int] = set()
    # A lane that turns out to be structure splits its group, whose parts are then looked at anew.
    groups = deque(_split(space, lanes, dnas, _Group(np.arange(len(dnas)))))
    while groups:
        group = groups.popleft()
        points = _lanes_in(space, lanes, dnas, group)
        arguments = _arguments(space, dnas, group.rows, points, broadcast, errors)
        if arguments is None:
            continue
        rows = np.array([row for row in group.rows if row not in errors], np.intp)
        positions = {point: arguments.position(str(space.spec.points[point].path)) for point in points}
        where = {index: point for point, index in positions.items() if index is not None}
        arguments = arguments.replace({i: lanes[point].standard for i, point in where.items()})
        frozen = frozenset(i for i, name in enumerate(arguments.names) if name in group.frozen)
        height = rung(len(rows))
        try:
            culprits = _find_culprits(task, arguments, frozenset(where), frozen, height)
        except CannotTrace as failure:
            errors.update(dict.fromkeys(map(int, rows), failure.reason))
            continue
        demoted.update({arguments.names[index]: why for index, why in culprits.items()})
        frozen = frozen.union(culprits)
        structural = {point for point, i in positions.items() if i is None or i in culprits}
        if structural:
            part = _Group(rows, group.demoted | structural, frozenset(arguments.names[i] for i in frozen))
            groups.extend(_split(space, lanes, dnas, part))
            continue
        columns = {
            i: _column(space, dnas, lanes[point], rows, arguments, i) for i, point in sorted(where.items())
        }
        program = program_for(task, arguments, tuple(columns), frozen, height)
        buckets.append(Bucket(rows, arguments, columns, frozen, program))
        used |= points
    buckets.sort(key=lambda bucket: int(bucket.rows[0]))
    return Sorted(tuple(buckets), frozenset(used), errors, demoted)


def _split(space: Space, lanes: Mapping[int, Lane], dnas: DNA, group: _Group) -> Iterable[_Group]:
    """Parts a group by the decisions that matter and are no lanes; in the order of the batch."""
    spec = space.spec
    choices, floats = dnas.choices[group.rows], dnas.floats[group.rows]
    genes = {"choices": choices, "floats": floats.view(np.int32)}  # floats by their bits
    marks = [np.zeros(len(choices), np.int32)]
    for index, active in enumerate(spec.active(choices)):
        if index not in lanes or index in group.demoted:
            gene = genes[spec.points[index].array][:, spec.columns[index]]
            marks.append(np.where(active, gene, -1))
    _, first, part = np.unique(np.stack(marks, 1), axis=0, return_index=True, return_inverse=True)
    part = part.reshape(-1)
    for index in np.argsort(first):
        yield dataclasses.replace(group, rows=group.rows[part == index])


def _lanes_in(space: Space, lanes: Mapping[int, Lane], dnas: DNA, group: _Group) -> frozenset[int]:
    """The lanes that matter in a group; all its configurations agree on that."""
    active = space.spec.active(dnas.choices[group.rows[0]])
    return frozenset(i for i in lanes if active[i] and i not in group.demoted)


def _arguments(
    space: Space,
    dnas: DNA,
    rows: Rows,
    points: frozenset[int],
    broadcast: tuple[Any, ...],
    errors: dict[int, Exception],
) -> Arguments | None:
    """The arguments of a group's first valid configuration; None if there is none.

    What differs between the configurations are leaves, which no tree is made for: but where a node
    checks itself, its leaves decide whether a configuration is valid, so there each one is decoded.
    """
    arguments = None
    for row in rows:
        try:
            tree = space.decode(dnas[int(row)])
            if arguments is None:
                arguments = flatten(tree, broadcast)
                if not _checks_itself(tree, [space.spec.points[point].path for point in points]):
                    break
        except Exception as error:  # noqa: BLE001 - user code decides what is valid; kept in the results
            errors[int(row)] = error
            if not points:  # the same tree for all of them
                errors.update(dict.fromkeys(map(int, rows), error))
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


def _column(
    space: Space, dnas: DNA, lane: Lane, rows: Rows, arguments: Arguments, index: int
) -> npt.NDArray[Any]:
    """The values of a lane, [n, ...]: what the leaf would be in each decoded tree."""
    point, column = space.spec.points[lane.point], space.spec.columns[lane.point]
    if lane.values is not None:
        values: npt.NDArray[Any] = lane.values[dnas.choices[rows, column]]
        return values
    genes: npt.NDArray[Any] = dnas.floats[rows, column]
    aval = arguments.avals[index]
    if aval is None or aval.dtype == genes.dtype:
        return genes
    return np.array([point.number(gene) for gene in genes], aval.dtype)
