"""`Cohort`: configurations in training, with their states."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from ..compiling.executables import Array
from ..evaluation.jobs import Job
from ..evaluation.outcomes import Lanes, Outcomes
from ..evaluation.pace import Pace
from ..evaluation.progress import Reporter
from ..evaluation.requests import Request
from ..evaluation.running.runner import Runner
from ..evaluation.steps import State, Steps
from ..planning.arguments import Arguments, Aval, aval_of
from ..planning.buckets import Bucket
from ..planning.grouping import Rows
from ..planning.plan import Plan
from ..planning.programs import Task, program_for
from ..results.columns import Metrics
from ..spaces.dna import DNA
from .parts import Leaves, Segment, Start, state_of


@dataclass(frozen=True)
class States:
    """The states of a bucket's members, as plain arrays: NumPy's on a host, else on the devices.

    Attributes:
        leaves: The leaves of the state, [members, ...].
        avals: What programs know of each array of one member; a number that Python wrote is weakly typed.
    """

    leaves: Leaves
    avals: tuple[Aval, ...]

    def __getitem__(self, places: Rows) -> States:
        return States(_at(self.leaves, places), self.avals)


@dataclass(frozen=True)
class Cohort:
    """Configurations in training: a plan of them, and the state of each.

    Attributes:
        steps: The training.
        request: What is asked of them; its DNAs are the n members.
        plan: How they run.
        states: For each bucket of the plan its members' states.
        width: The lanes side by side that were asked for; None for as many as fit into memory.
    """

    steps: Steps
    request: Request
    plan: Plan
    states: tuple[States, ...]
    width: int | None

    def __len__(self) -> int:
        return len(self.request.dnas)

    def taken(self, places: Rows) -> Cohort:
        """Some members, in this order: their states are compacted, and so are the lanes that they run in."""
        new = np.full(len(self), -1)
        new[places] = np.arange(len(places))
        buckets, states = [], []
        for bucket, own in zip(self.plan.buckets, self.states, strict=True):
            mine = np.flatnonzero(new[bucket.rows] >= 0)
            if mine.size:
                mine = mine[np.argsort(new[bucket.rows[mine]])]
                buckets.append(_part(bucket, mine, new[bucket.rows[mine]]))
                states.append(own[mine])
        dnas, ids = self.request.dnas[places], self.request.ids[places]
        plan = dataclasses.replace(self.plan, dnas=dnas, ids=ids, errors={}).with_buckets(buckets)
        request = dataclasses.replace(self.request, dnas=dnas, ids=ids)
        return dataclasses.replace(self, request=request, plan=plan, states=tuple(states))

    def copied(self, sources: Rows) -> Cohort:
        """The same members, each with the state and the decisions of another one of its structure.

        Args:
            sources: For each member the place of the one that it takes after, int[n].
        """
        buckets, states = [], []
        for bucket, own in zip(self.plan.buckets, self.states, strict=True):
            place = np.full(len(self), -1)
            place[bucket.rows] = np.arange(len(bucket.rows))
            mine = place[sources[bucket.rows]]
            buckets.append(_part(bucket, mine, bucket.rows))
            states.append(own[mine])
        copied = dataclasses.replace(self, states=tuple(states))
        return copied.decided(self.request.dnas[sources], buckets)

    def decided(self, dnas: DNA, buckets: Sequence[Bucket]) -> Cohort:
        """The same members with other decisions.

        Args:
            dnas: Theirs, of the same structures.
            buckets: Those of the plan, with the values of leaves that belong to them.
        """
        plan = dataclasses.replace(self.plan, dnas=dnas).with_buckets(buckets)
        request = dataclasses.replace(self.request, dnas=dnas)
        return dataclasses.replace(self, plan=plan, request=request)

    def leaves(self, place: int) -> Leaves:
        """The leaves of a member's state.

        Raises:
            IndexError: There is no such member.
        """
        for bucket, own in zip(self.plan.buckets, self.states, strict=True):
            for row in np.flatnonzero(bucket.rows == place):
                return tuple(jnp.asarray(leaf[row]) for leaf in own.leaves)
        raise IndexError(f"there is no member {place} among {len(self)}")


@final
class FinalStates(Mapping[int, State]):
    """The states of members after their last step, by trial id; each is put together when it is asked for.

    Args:
        cohort: The members.
        data: Arguments that all members share.
    """

    def __init__(self, cohort: Cohort, data: tuple[Any, ...]) -> None:
        self._cohort = cohort
        self._data = data
        self._places = {int(id): place for place, id in enumerate(cohort.request.ids)}

    def __getitem__(self, trial_id: int) -> State:
        """The state of a trial, as `Steps.measure` and `Steps.segment` take it.

        Raises:
            KeyError: It was stopped before its last step, or there is no such trial.
        """
        if trial_id not in self._places:
            raise KeyError(f"trial {brief(trial_id)} has no state: it was stopped, or never there")
        cohort, place = self._cohort, self._places[trial_id]
        experiment = cohort.plan.space.decode(cohort.request.dnas[place])
        key = jax.random.fold_in(cohort.request.key, trial_id)
        return state_of(cohort.steps, experiment, cohort.leaves(place), key, self._data)

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"<FinalStates of trials {', '.join(map(str, self))}>"


@final
class Stage(Outcomes):
    """What comes of a stage of training: metrics as outcomes are, and states, which stay where they are.

    Args:
        request: What is evaluated.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._leaves: list[tuple[Rows, Leaves]] = []

    def keep(self, lanes: Lanes, metrics: Metrics, program: int, seconds: npt.ArrayLike) -> Rows:
        """Takes the states and the metrics of lanes."""
        leaves, own = metrics
        self._leaves.append((lanes.rows, leaves))
        return super().keep(lanes, jax.tree.map(np.asarray, own), program, seconds)

    def leaves(self, bucket: Bucket, before: Leaves | None = None) -> Leaves:
        """The leaves of the states of a bucket's members.

        Args:
            bucket: The bucket.
            before: Those before, which members keep that raised.
        """
        own = set(bucket.rows.tolist())
        parts = [(rows, leaves) for rows, leaves in self._leaves if int(rows[0]) in own]
        left = own.difference(*(rows.tolist() for rows, _ in parts))
        if left and before is not None:
            places = np.flatnonzero(np.isin(bucket.rows, list(left)))
            parts.append((bucket.rows[places], _at(before, places)))
        rows = np.concatenate([rows for rows, _ in parts])
        whole = tuple(_joined(column) for column in zip(*(leaves for _, leaves in parts), strict=True))
        if np.array_equal(rows, bucket.rows):
            return whole
        order = np.argsort(rows)
        return _at(whole, order[np.searchsorted(rows, bucket.rows, sorter=order)])


def begin(
    steps: Steps,
    request: Request,
    plan: Plan,
    stage: Stage,
    bar: Reporter,
    pace: Pace,
    width: int | None,
) -> Cohort:
    """Starts training: the state before the first step, of each configuration.

    Args:
        steps: The training.
        request: What is asked for.
        plan: How ``steps`` would run as a whole.
        stage: Takes what comes of it: no metrics, but what is raised.
        bar: Is told of progress.
        pace: Measures how long it takes.
        width: The lanes side by side that were asked for; None for as many as fit into memory.

    Returns:
        Those that started.
    """
    task = dataclasses.replace(_task(plan), fn=Start(steps))
    buckets = [_with_program(bucket, task, 1) for bucket in plan.buckets]
    starting = dataclasses.replace(plan, task=task).with_buckets(buckets)
    Runner(Job(starting, stage, (), 1, bar, None, pace, width)).run()
    alive = np.setdiff1d(np.arange(len(request.dnas)), list(stage.errors))
    own, states = [], []
    for bucket, started in zip(plan.buckets, buckets, strict=True):
        places = np.flatnonzero(np.isin(bucket.rows, alive))
        if places.size:
            own.append(_part(bucket, places, bucket.rows[places]))
            shapes: Leaves = started.program.lane.trace().metrics[0]
            states.append(States(stage.leaves(own[-1]), tuple(map(aval_of, shapes))))
    cohort = Cohort(steps, request, plan.with_buckets(own), tuple(states), width)
    return cohort.taken(alive)


def advance(cohort: Cohort, m: int, stage: Stage, bar: Reporter, pace: Pace) -> Cohort:
    """Trains all members for `m` more steps, in one program for each structure, and measures them.

    Args:
        cohort: The members.
        m: How many steps, at least one.
        stage: Takes what comes of it.
        bar: Is told of progress.
        pace: Measures how long it takes.
    """
    plan = cohort.plan
    task = dataclasses.replace(_task(plan), fn=Segment(cohort.steps))
    segments = [
        _segment(bucket, states, task, m) for bucket, states in zip(plan.buckets, cohort.states, strict=True)
    ]
    running = dataclasses.replace(plan, task=task).with_buckets(segments)
    Runner(Job(running, stage, (), 1, bar, None, pace, cohort.width)).run()
    states = []
    for bucket, before in zip(plan.buckets, cohort.states, strict=True):
        leaves = stage.leaves(bucket, before.leaves)
        states.append(States(leaves, tuple(map(_aval_after, before.avals, leaves))))
    return dataclasses.replace(cohort, states=tuple(states))


def reads(cohort: Cohort) -> list[frozenset[int]]:
    """For each bucket which of the experiment's leaves that vary the steps or the metrics read.

    Also by what the form of the state holds, such as the optimizer of a `TrainState`.
    """
    task = dataclasses.replace(_task(cohort.plan), fn=Segment(cohort.steps))
    read = []
    for bucket, states in zip(cohort.plan.buckets, cohort.states, strict=True):
        program = _segment(bucket, states, task, 1).program
        jaxpr = program.lane.trace().program.jaxpr
        alive = set(map(id, jaxpr.outvars))
        for equation in reversed(jaxpr.eqns):  # what the start computes is dead code
            if equation.effects or not alive.isdisjoint(map(id, equation.outvars)):
                alive.update(map(id, equation.invars))
        varying = zip(program.varying, jaxpr.invars, strict=False)
        own = [leaf for leaf, variable in varying if id(variable) in alive]
        read.append(frozenset(own).intersection(bucket.values))
    return read


def _segment(bucket: Bucket, states: States, task: Task, m: int) -> Bucket:
    """The bucket of the next steps, which takes the experiment's leaves, the states, and how many steps."""
    old, leaves = bucket.arguments, states.leaves
    experiment, broadcast = old.treedef.children()
    own, shift = experiment.num_leaves, len(leaves) + 1
    inner = jtu.treedef_tuple([experiment, jtu.tree_structure(leaves), jtu.tree_structure(m)])
    count = Aval((), np.dtype(np.int32), False)
    arguments = Arguments(
        jtu.treedef_tuple([inner, broadcast]),
        (*old.names[:own], *(f"state[{i}]" for i in range(len(leaves))), "steps", *old.names[own:]),
        (*old.leaves[:own], *leaves, np.int32(m), *old.leaves[own:]),
        (*old.avals[:own], *states.avals, count, *old.avals[own:]),
    )
    values = {**bucket.values, **{own + index: leaf for index, leaf in enumerate(leaves)}}
    frozen = frozenset(index if index < own else index + shift for index in bucket.frozen)
    moved = dataclasses.replace(bucket, arguments=arguments, values=values, frozen=frozen)
    return _with_program(moved, task, m)


def _with_program(bucket: Bucket, task: Task, work: int) -> Bucket:
    """The bucket with the program of a part, which leaves on an accelerator what it computes there."""
    layout = bucket.program.layout
    resident = layout.mode == "vmap" or task.devices[0].platform != "cpu"
    program = program_for(task, bucket.arguments, tuple(bucket.values), bucket.frozen, layout)
    return dataclasses.replace(bucket, program=dataclasses.replace(program, work=work, resident=resident))


def _part(bucket: Bucket, places: Rows, rows: Rows) -> Bucket:
    """Some members of a bucket, and where they are now."""
    values = {index: value[places] for index, value in bucket.values.items()}
    return dataclasses.replace(bucket, rows=rows, values=values)


def _aval_after(before: Aval, leaf: Array) -> Aval:
    """A number that Python wrote may have become one of another type in its first step."""
    return before if before.dtype == leaf.dtype else Aval(before.shape, leaf.dtype, False)


def _task(plan: Plan) -> Task:
    if plan.task is None:
        raise ValueError("a plan that was pickled has no function, and cannot run again")
    return plan.task


def _at(leaves: Leaves, places: Rows) -> Leaves:
    return tuple(leaf[places] for leaf in leaves)


def _joined(leaves: Sequence[Array]) -> Array:
    if len(leaves) == 1:
        return leaves[0]
    return jnp.concatenate(leaves) if isinstance(leaves[0], jax.Array) else np.concatenate(leaves)
