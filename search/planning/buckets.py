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

from ..compiling.cache import Cache, remembered
from ..compiling.lanes import Layout
from ..spaces.dna import DNA
from ..spaces.space import Space
from .arguments import Arguments, flatten
from .leaf_decisions import LeafDecision
from .programs import Program, Task, program_for
from .tracing import CannotTrace, untraceable

Rows = npt.NDArray[np.intp]

# The leaves that a function cannot trace, by program; found by many traces, so worth remembering.
_culprits: Cache[Mapping[int, str]] = remembered(1024)


@dataclass(frozen=True)
class Bucket:
    """Configurations of one structure.

    Attributes:
        rows: Their places in the batch, int[n].
        arguments: The arguments of the function; where a leaf varies they have a stand-in.
        values: What each leaf that varies is, [n, ...], by the leaf's index.
        frozen: The leaves that the function cannot trace.
        program: What they run through.
    """

    rows: Rows
    arguments: Arguments
    values: Mapping[int, npt.NDArray[Any]]
    frozen: frozenset[int]
    program: Program

    def with_layout(self, layout: Layout) -> Bucket:
        """The same with a program whose lanes run in another way."""
        return dataclasses.replace(self, program=dataclasses.replace(self.program, layout=layout))


@dataclass(frozen=True)
class Sorted:
    """A batch, sorted into buckets.

    Attributes:
        buckets: In the order in which their first configurations come in the batch.
        varying: The decisions whose leaf varies in a bucket, by their index in the spec.
        errors: Why a configuration cannot run, by its place in the batch.
        demoted: The names of the leaves that are structure because the function cannot trace them, and
            the error that tracing them gave.
    """

    buckets: tuple[Bucket, ...]
    varying: frozenset[int]
    errors: Mapping[int, Exception]
    demoted: Mapping[str, str]


@dataclass(frozen=True)
class _Group:
    """Configurations that agree in all decisions on structure."""

    rows: Rows
    demoted: frozenset[int] = frozenset()  # decisions on leaves that are structure here
    frozen: frozenset[str] = frozenset()  # names of leaves that are structure here


@dataclass
class Sorter:
    """Sorts a batch into buckets, and finds out what cannot be traced.

    Attributes:
        task: The function and its devices.
        space: The space.
        decisions: Those of the space that land on leaves.
        dnas: The batch, in NumPy arrays int32[n, C] and float32[n, F].
        broadcast: The arguments that all configurations share.
        layout_for: How the lanes of a bucket of a size run.
    """

    task: Task
    space: Space
    decisions: Mapping[int, LeafDecision]
    dnas: DNA
    broadcast: tuple[Any, ...]
    layout_for: Callable[[int], Layout]

    def __post_init__(self) -> None:
        self._buckets: list[Bucket] = []
        self._varying: set[int] = set()
        self._errors: dict[int, Exception] = {}
        self._demoted: dict[str, str] = {}

    def sort(self) -> Sorted:
        """The batch in buckets."""
        groups = deque(self._split(_Group(np.arange(len(self.dnas)))))
        while groups:
            groups.extend(self._place(groups.popleft()))
        self._buckets.sort(key=lambda bucket: int(bucket.rows[0]))
        return Sorted(tuple(self._buckets), frozenset(self._varying), self._errors, self._demoted)

    def _place(self, group: _Group) -> Iterable[_Group]:
        """Makes a bucket of a group, or parts it: a leaf that cannot be traced splits it after all."""
        varying = self._varying_in(group)
        arguments = self._arguments(group.rows, varying)
        if arguments is None:
            return ()
        rows = np.array([row for row in group.rows if row not in self._errors], np.intp)
        positions = {i: arguments.position(str(self.space.spec.points[i].path)) for i in varying}
        leaves = {leaf: self.decisions[i] for i, leaf in positions.items() if leaf is not None}
        arguments = arguments.replace({leaf: decision.standard for leaf, decision in leaves.items()})
        frozen = frozenset(i for i, name in enumerate(arguments.names) if name in group.frozen)
        layout = self.layout_for(len(rows))
        try:
            culprits = _find_culprits(self.task, arguments, frozenset(leaves), frozen, layout)
        except CannotTrace as failure:
            self._errors.update(dict.fromkeys(map(int, rows), failure.reason))
            return ()
        self._demoted.update({arguments.names[leaf]: why for leaf, why in culprits.items()})
        frozen = frozen.union(culprits)
        structural = {i for i, leaf in positions.items() if leaf is None or leaf in culprits}
        if structural:
            names = frozenset(arguments.names[leaf] for leaf in frozen)
            return self._split(_Group(rows, group.demoted | structural, names))
        values = {
            leaf: decision.values(self.space, self.dnas, rows, arguments.avals[leaf])
            for leaf, decision in sorted(leaves.items())
        }
        program = program_for(self.task, arguments, tuple(values), frozen, layout)
        self._buckets.append(Bucket(rows, arguments, values, frozen, program))
        self._varying |= varying
        return ()

    def _split(self, group: _Group) -> Iterable[_Group]:
        """Parts a group by the decisions on structure that matter; in the order of the batch."""
        spec = self.space.spec
        choices, floats = self.dnas.choices[group.rows], self.dnas.floats[group.rows]
        genes = {"choices": choices, "floats": floats.view(np.int32)}  # floats by their bits
        marks = [np.zeros(len(choices), np.int32)]
        for index, active in enumerate(spec.active(choices)):
            if index not in self.decisions or index in group.demoted:
                own = genes[spec.points[index].array][:, spec.columns[index]]
                marks += list(np.where(active[:, None], own, -1).T)
        # By columns, for speed: hashing a decoded tree for each configuration would cost a tree each.
        _, first, part = np.unique(np.stack(marks, 1), axis=0, return_index=True, return_inverse=True)
        part = part.reshape(-1)
        for index in np.argsort(first):
            yield dataclasses.replace(group, rows=group.rows[part == index])

    def _varying_in(self, group: _Group) -> frozenset[int]:
        """The decisions on leaves that matter in a group; all its configurations agree on that."""
        active = self.space.spec.active(self.dnas.choices[group.rows[0]])
        return frozenset(i for i in self.decisions if active[i] and i not in group.demoted)

    def _arguments(self, rows: Rows, varying: frozenset[int]) -> Arguments | None:
        """The arguments of a group's first valid configuration; None if there is none.

        What differs between the configurations are leaves, which no tree is made for: but where a node
        checks itself, its leaves decide whether a configuration is valid, so there each is decoded.
        """
        arguments = None
        for row in rows:
            try:
                tree = self.space.decode(self.dnas[int(row)])
                if arguments is None:
                    arguments = flatten(tree, self.broadcast)
                    if not _checks_itself(tree, [self.space.spec.points[i].path for i in varying]):
                        break
            except Exception as error:  # noqa: BLE001 - user code decides what is valid; results hold it
                self._errors[int(row)] = error
                if not varying:  # the same tree for all of them
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
    varying: frozenset[int],
    frozen: frozenset[int],
    layout: Layout,
) -> Mapping[int, str]:
    """The leaves that must be structure, besides the frozen ones, and why."""
    key: Hashable = (task.identity(), arguments.structure(frozen), varying, frozen)
    culprits = _culprits.find(key)
    if culprits is None:

        def program(structural: frozenset[int]) -> Program:
            return program_for(task, arguments, tuple(sorted(varying - structural)), structural, layout)

        culprits = untraceable(task, arguments, frozen, program)
        _culprits.put(key, culprits)
    return culprits
