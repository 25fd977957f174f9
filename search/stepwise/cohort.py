"""`Cohort`: configurations in training, with their states."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
import numpy.typing as npt

from ..compiling.executables import Array
from ..evaluation.jobs import Job
from ..evaluation.outcomes import Lanes, Outcomes
from ..evaluation.pace import Pace
from ..evaluation.progress import Reporter
from ..evaluation.requests import Request
from ..evaluation.running.runner import Runner
from ..evaluation.steps import Run, State, Steps
from ..planning.arguments import Arguments, Aval, aval_of
from ..planning.buckets import Bucket
from ..planning.grouping import Rows
from ..planning.plan import Plan
from ..planning.programs import Task, program_for
from ..results.columns import Metrics
from ..spaces.dna import DNA
from .parts import Raw, Segment, Start


@dataclass(frozen=True)
class States:
    """The states of a bucket's members, as plain arrays: NumPy's on a host, else on the devices.

    Attributes:
        raw: The state, its arrays being [members, ...].
        avals: What programs know of each array of one member; a number that Python wrote is weakly typed.
    """

    raw: Raw
    avals: tuple[Aval, ...]

    def __getitem__(self, places: Rows) -> States:
        return States(jax.tree.map(lambda leaf: leaf[places], self.raw), self.avals)

    def one(self, place: int) -> State:
        """The state of one member."""
        one: Raw = jax.tree.map(lambda leaf: jnp.asarray(leaf[place]), self.raw)
        return one.state()


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

    def state(self, place: int) -> State:
        """The state of a member, as `Steps.segment` takes it."""
        for bucket, own in zip(self.plan.buckets, self.states, strict=True):
            for row in np.flatnonzero(bucket.rows == place):
                state = own.one(int(row))
                if self.steps.methods:
                    return Run(self.plan.space.decode(self.request.dnas[place]), state)
                return state
        raise IndexError(f"there is no member {place} among {len(self)}")


@final
class Stage(Outcomes):
    """What comes of a stage of training: metrics as outcomes are, and states, which stay where they are.

    Args:
        request: What is evaluated.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._raw: list[tuple[Rows, Raw]] = []

    def keep(self, lanes: Lanes, metrics: Metrics, program: int, seconds: npt.ArrayLike) -> Rows:
        """Takes the states and the metrics of lanes."""
        raw, own = metrics
        self._raw.append((lanes.rows, raw))
        return super().keep(lanes, jax.tree.map(np.asarray, own), program, seconds)

    def raw(self, bucket: Bucket, before: Raw | None = None) -> Raw:
        """The states of a bucket's members.

        Args:
            bucket: The bucket.
            before: Their states before, which those keep that raised.
        """
        own = set(bucket.rows.tolist())
        parts = [(rows, raw) for rows, raw in self._raw if int(rows[0]) in own]
        left = own.difference(*(rows.tolist() for rows, _ in parts))
        if left and before is not None:
            places = np.flatnonzero(np.isin(bucket.rows, list(left)))
            parts.append((bucket.rows[places], jax.tree.map(lambda leaf: leaf[places], before)))
        rows = np.concatenate([rows for rows, _ in parts])
        whole: Raw = jax.tree.map(lambda *leaves: _joined(leaves), *(raw for _, raw in parts))
        if np.array_equal(rows, bucket.rows):
            return whole
        order = np.argsort(rows)
        places = order[np.searchsorted(rows, bucket.rows, sorter=order)]
        ordered: Raw = jax.tree.map(lambda leaf: leaf[places], whole)
        return ordered


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
            shapes: Raw = started.program.lane.trace().metrics[0]
            states.append(States(stage.raw(own[-1]), tuple(map(aval_of, shapes.leaves))))
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
        _segment(bucket, states, task, m, cohort.steps.methods)
        for bucket, states in zip(plan.buckets, cohort.states, strict=True)
    ]
    running = dataclasses.replace(plan, task=task).with_buckets(segments)
    Runner(Job(running, stage, (), 1, bar, None, pace, cohort.width)).run()
    states = []
    for bucket, before in zip(plan.buckets, cohort.states, strict=True):
        raw = stage.raw(bucket, before.raw)
        avals = map(_aval_after, before.avals, raw.leaves)
        states.append(States(raw, tuple(avals)))
    return dataclasses.replace(cohort, states=tuple(states))


def reads(cohort: Cohort) -> list[frozenset[int]]:
    """For each bucket which of the experiment's leaves that vary the steps or the metrics read.

    Where the steps are functions, there are none: their experiment enters at the start only.
    """
    task = dataclasses.replace(_task(cohort.plan), fn=Segment(cohort.steps))
    read = []
    for bucket, states in zip(cohort.plan.buckets, cohort.states, strict=True):
        program = _segment(bucket, states, task, 1, cohort.steps.methods).program
        jaxpr = program.lane.trace().program.jaxpr
        used = {id(atom) for equation in jaxpr.eqns for atom in equation.invars}
        varying = zip(program.varying, jaxpr.invars, strict=False)
        own = [leaf for leaf, variable in varying if id(variable) in used]
        read.append(frozenset(own).intersection(bucket.values))
    return read


def _segment(bucket: Bucket, states: States, task: Task, m: int, methods: bool) -> Bucket:
    """The bucket of the next steps, which takes the experiment's leaves, the states, and how many steps."""
    old, raw = bucket.arguments, states.raw
    experiment, broadcast = old.treedef.children()
    own = experiment.num_leaves
    kept = own if methods else 0  # of the experiment's leaves
    context = experiment if methods else jtu.tree_structure(None)
    inner = jtu.treedef_tuple([context, jtu.tree_structure(raw), jtu.tree_structure(m)])
    count = Aval((), np.dtype(np.int32), False)
    arguments = Arguments(
        jtu.treedef_tuple([inner, broadcast]),
        (*old.names[:kept], *(f"state[{i}]" for i in range(len(raw.leaves))), "steps", *old.names[own:]),
        (*old.leaves[:kept], *raw.leaves, np.int32(m), *old.leaves[own:]),
        (*old.avals[:kept], *states.avals, count, *old.avals[own:]),
    )
    shift = kept + len(raw.leaves) + 1 - own  # of what is broadcast
    values = {index: value for index, value in bucket.values.items() if index < kept}
    values |= {kept + index: leaf for index, leaf in enumerate(raw.leaves)}
    frozen = frozenset(i if i < own else i + shift for i in bucket.frozen if i < kept or i >= own)
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


def _joined(leaves: Sequence[Array]) -> Array:
    if len(leaves) == 1:
        return leaves[0]
    return jnp.concatenate(leaves) if isinstance(leaves[0], jax.Array) else np.concatenate(leaves)
