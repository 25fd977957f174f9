"""`Bucket`: the configurations of a batch that run through one program."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from symjax.core.errors import note
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.verbs.tree import child

from ..compiling.cache import Cache, remembered
from ..compiling.executables import Array
from ..compiling.lanes import Layout
from ..results.failures import Failure
from ..spaces.dna import DNA
from ..spaces.space import Space
from .arguments import Arguments, flatten
from .grouping import Rows, diverse, group_rows
from .leaf_decisions import LeafDecision
from .metrics import Metrics
from .patched_leaves import PatchedLeaf, patched_leaves, possible_leaves
from .programs import Program, Task, program_for
from .splits import described
from .tracing import PROBES, CannotTrace, Demotion, Failures, untraceable

# What tracing a structure came to: the leaves that the function cannot trace, or that it raises. Found by
# many traces, so worth remembering.
_outcomes: Cache[Mapping[int, Demotion] | CannotTrace] = remembered(4096)

_INACTIVE = -(2**31) - 1  # in the place of the gene of a decision that does not matter

_DIVERSE = 256  # structures among which those are sought that differ most


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
    values: Mapping[int, Array]
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
    errors: Mapping[int, Exception | Failure]
    demoted: Mapping[str, Demotion]


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
        check: Called with the metrics of the first structure, as shapes, as soon as they are known.
    """

    task: Task
    space: Space
    decisions: Mapping[int, LeafDecision]
    dnas: DNA
    broadcast: tuple[Any, ...]
    layout_for: Callable[[int], Layout]
    check: Callable[[Metrics], object] | None = None

    def __post_init__(self) -> None:
        self._buckets: list[Bucket] = []
        self._varying: set[int] = set()
        self._errors: dict[int, Exception | Failure] = {}
        self._raised: dict[Hashable, Exception | Failure] = {}  # by the key of an outcome
        self._recalls = True  # what raised in an earlier call
        self._is_valid = np.ones(len(self.dnas), bool)
        self._demoted: dict[str, Demotion] = {}
        self._loose = possible_leaves(self.space, self.decisions)
        self._paths = [str(point.path) for point in self.space.spec.points]

    def sort(self) -> Sorted:
        """The batch in buckets.

        Where the first structures differ in all that they can and raise the same, so will the others: these
        are not traced, and have that error, too.
        """
        groups = deque(self._split(_Group(np.arange(len(self.dnas)))))
        failures = Failures()
        while groups and (self._buckets or not failures.are_shared):
            group = groups.popleft()
            parts, failure = self._try(group)
            groups.extend(parts)
            if failure is not None:
                failures.add(failure)
                if len(failures) == 1 and not self._buckets:
                    groups = self._diverse_first(group, groups)
        if self._buckets:
            self._remember()
        elif self._errors:
            self._fail_all(groups)
        self._buckets.sort(key=lambda bucket: int(bucket.rows[0]))
        return Sorted(tuple(self._buckets), frozenset(self._varying), self._errors, self._demoted)

    def _remember(self) -> None:
        """Saves the next call from tracing again what raised. Where all did, it will be another function."""
        for key, error in self._raised.items():
            _outcomes.put(key, CannotTrace(error if isinstance(error, Failure) else Failure.of(error)))

    def _fail_all(self, groups: Iterable[_Group]) -> None:
        """Gives the configurations that were not tried the first error, and that one its own traceback."""
        first = min(self._errors)
        if isinstance(self._errors[first], Failure):
            self._recalls = False
            self._is_valid[first] = True
            self._try(_Group(np.array([first])))
        for group in groups:
            self._fail(group.rows, self._errors[first])

    def _diverse_first(self, failed: _Group, others: Iterable[_Group]) -> deque[_Group]:
        """The groups in an order in which the first ones differ from a failed one, and from each other."""
        groups = [failed, *others]
        few = groups[:: max(1, len(groups) // _DIVERSE)]  # for speed
        dnas = self.dnas[np.array([group.rows[0] for group in few])]
        columns = list(self._structure(dnas, frozenset()))
        if not columns:
            return deque(groups[1:])
        chosen = [few[index] for index in diverse(np.stack(columns, 1), PROBES)]
        first = {id(group) for group in chosen}
        return deque([*chosen[1:], *(group for group in groups if id(group) not in first)])

    def _try(self, group: _Group) -> tuple[Iterable[_Group], Exception | Failure | None]:
        """Makes a bucket of a group, or parts it, or tells what the function raised."""
        try:
            return self._place(group), None
        except CannotTrace as failure:
            rows = group.rows[self._is_valid[group.rows]]
            structural = [i for i in range(len(self.space.spec)) if not self._is_lane(i, group.demoted)]
            where = described(self.space, self.dnas[int(rows[0])], structural)
            if isinstance(failure.reason, Exception) and where:
                note(failure.reason, f"raised {where}")
            self._fail(rows, failure.reason)
            return (), failure.reason

    def _place(self, group: _Group) -> Iterable[_Group]:
        """Makes a bucket of a group, or parts it: a leaf that cannot be traced splits it after all.

        Raises:
            CannotTrace: The function raises for this structure.
        """
        varying = self._varying_in(group)
        arguments = self._arguments(group.rows, varying)
        if arguments is None:
            return ()
        leaves, movers, structural = self._leaves(group, arguments, varying)
        rows = group.rows[self._is_valid[group.rows]]
        if not rows.size:
            return ()
        arguments = arguments.replace({leaf: decision.standard for leaf, decision in leaves.items()})
        frozen = frozenset(i for i, name in enumerate(arguments.names) if name in group.frozen)
        layout = self.layout_for(len(rows))
        culprits: Mapping[int, Demotion] = {}
        if not structural:
            culprits = self._culprits(arguments, frozenset(leaves), frozen, layout)
            self._demoted.update({arguments.names[leaf]: why for leaf, why in culprits.items()})
            frozen = frozen.union(culprits)
            structural = frozenset().union(*(movers[leaf] for leaf in culprits if leaf in movers))
        if structural:
            names = frozenset(arguments.names[leaf] for leaf in frozen)
            return self._split(_Group(rows, group.demoted | structural, names))
        values = {
            leaf: decision.values(self.space, self.dnas, rows, arguments.avals[leaf])
            for leaf, decision in sorted(leaves.items())
        }
        program = program_for(self.task, arguments, tuple(values), frozen, layout)
        if self.check is not None and not self._buckets:
            self.check(program.trace())
        self._buckets.append(Bucket(rows, arguments, values, frozen, program))
        self._varying |= varying
        return ()

    def _leaves(
        self, group: _Group, arguments: Arguments, varying: frozenset[int]
    ) -> tuple[dict[int, LeafDecision | PatchedLeaf], Mapping[int, frozenset[int]], frozenset[int]]:
        """The leaves that vary in a group, what moves each, and the decisions that move more than leaves."""
        if self.space.patches:
            return self._patched_leaves(group, varying)
        traced = arguments.positions()
        positions = {i: traced.get(self._paths[i]) for i in varying}
        leaves: dict[int, LeafDecision | PatchedLeaf] = {
            leaf: self.decisions[i] for i, leaf in positions.items() if leaf is not None
        }
        movers = {leaf: frozenset({i}) for i, leaf in positions.items() if leaf is not None}
        return leaves, movers, frozenset(i for i, leaf in positions.items() if leaf is None)

    def _patched_leaves(
        self, group: _Group, varying: frozenset[int]
    ) -> tuple[dict[int, LeafDecision | PatchedLeaf], Mapping[int, frozenset[int]], frozenset[int]]:
        """The same where patches stand between decisions and leaves: tried in the trees of this group."""
        rows = group.rows[self._is_valid[group.rows]]
        tried = patched_leaves(self.space, self.dnas[int(rows[0])], varying)
        leaves: dict[int, LeafDecision | PatchedLeaf] = dict(tried.decided)
        if tried.computed and not tried.structural:
            trees = []
            for row in rows:
                try:
                    trees.append(flatten(self.space.decode(self.dnas[int(row)])))
                except Exception as error:  # noqa: BLE001 - user code decides what is valid; results hold it
                    self._fail(np.array([row]), error)
            leaves |= {
                leaf: PatchedLeaf(leaf, trees[0].leaves[leaf], trees) for leaf in tried.computed if trees
            }
        return leaves, tried.movers, tried.structural

    def _fail(self, rows: Rows, error: Exception | Failure) -> None:
        self._errors.update(dict.fromkeys(map(int, rows), error))
        self._is_valid[rows] = False

    def _culprits(
        self, arguments: Arguments, varying: frozenset[int], frozen: frozenset[int], layout: Layout
    ) -> Mapping[int, Demotion]:
        """The leaves that must be structure, besides the frozen ones, and why.

        Raises:
            CannotTrace: The function raises, now or at the last time.
        """
        key: Hashable = (self.task.identity(), arguments.structure(frozen), varying, frozen)
        outcome = _outcomes.find(key)
        if isinstance(outcome, CannotTrace) and self._recalls:
            raise CannotTrace(outcome.reason)
        if outcome is not None and not isinstance(outcome, CannotTrace):
            return outcome

        def program(structural: frozenset[int]) -> Program:
            return program_for(self.task, arguments, tuple(sorted(varying - structural)), structural, layout)

        try:
            outcome = untraceable(self.task, arguments, frozen, program)
        except CannotTrace as failure:
            self._raised[key] = failure.reason
            raise
        _outcomes.put(key, outcome)
        return outcome

    def _split(self, group: _Group) -> Iterable[_Group]:
        """Parts a group by the decisions on structure that matter; in the order of the batch."""
        n = len(group.rows)
        dnas = self.dnas if n == len(self.dnas) else self.dnas[group.rows]
        columns = self._structure(dnas, group.demoted)
        return [dataclasses.replace(group, rows=group.rows[part]) for part in group_rows(columns, n)]

    def _structure(self, dnas: DNA, demoted: frozenset[int]) -> Iterator[npt.NDArray[Any]]:
        """What decides on the structure of each configuration: whole numbers, int[n] each."""
        spec = self.space.spec
        genes = {"choices": dnas.choices, "floats": dnas.floats.view(np.int32)}  # floats by their bits
        for index, active in enumerate(spec.active(dnas.choices)):
            if not self._is_lane(index, demoted):
                point = spec.points[index]
                for gene in genes[point.array][:, spec.columns[index]].T:
                    yield gene if point.parent < 0 else np.where(active, gene, np.int64(_INACTIVE))

    def _is_lane(self, index: int, demoted: frozenset[int]) -> bool:
        """Whether a decision may vary between lanes."""
        return (index in self.decisions or index in self._loose) and index not in demoted

    def _varying_in(self, group: _Group) -> frozenset[int]:
        """The decisions on leaves that matter in a group; all its configurations agree on that."""
        active = self.space.spec.active(self.dnas.choices[group.rows[0]])
        return frozenset(i for i in (*self.decisions, *self._loose) if active[i] and i not in group.demoted)

    def _arguments(self, rows: Rows, varying: frozenset[int]) -> Arguments | None:
        """The arguments of a group's first valid configuration; None if there is none.

        What differs between the configurations are leaves, which no tree is made for: but where a node
        checks itself, or the space is constrained, leaves decide whether a configuration is valid, so there
        each is decoded.
        """
        arguments = None
        for row in rows:
            try:
                tree = self.space.decode(self.dnas[int(row)])
                if arguments is None:
                    arguments = flatten(tree, self.broadcast)
                    if not self.space.predicates and not checks_itself(
                        tree, [self.space.spec.points[i].path for i in varying]
                    ):
                        break
            except Exception as error:  # noqa: BLE001 - user code decides what is valid; results hold it
                if not varying:  # the same tree for all of them
                    self._fail(rows, error)
                    break
                self._fail(rows[rows == row], error)
        return arguments


def checks_itself(tree: Any, paths: Iterable[Path]) -> bool:
    """Whether a node on the way to one of these leaves has an invariant."""
    for path in paths:
        value = tree
        for key in path:
            schema = schema_of(value)
            if schema is not None and schema.checks:
                return True
            try:
                value = child(value, key, path)
            except KeyError:  # a patch stands between
                break
    return False
