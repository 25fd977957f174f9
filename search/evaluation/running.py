"""Running a plan: compiling, starting, gathering, and trying again with less."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass

import jax
import numpy as np

from symjax.core.leaves import is_array

from ..planning.buckets import Bucket
from ..planning.grouping import Rows
from ..planning.ladder import below, fitting, free_memory
from ..planning.plan import Plan
from ..planning.programs import Array, Metrics, Program, replicated
from .progress import Report
from .results import Part, Results, stack

# Calls that wait for the device while the host goes on: for speed the device is never to wait for the host,
# and few, for the results of each take memory.
_IN_FLIGHT = 8


@dataclass(eq=False)
class _Run:
    """A bucket on its way through its program."""

    bucket: Bucket
    shared: list[Array]
    parts: list[Part] = dataclasses.field(default_factory=list)
    given_up: bool = False


@dataclass(frozen=True)
class _Call:
    """One call of a run's program: some of the bucket's configurations, int[m], and what they gave."""

    run: _Run
    which: Rows
    metrics: Metrics


class Runner:
    """Carries out a plan.

    Args:
        plan: The plan. Its results hold it as it was carried out: with fewer lanes where memory did not
            suffice.
        report: Called with ``(done, total)``.
        within_memory: Take fewer lanes where a program would not fit into the memory that is free now.
    """

    def __init__(self, plan: Plan, report: Report, within_memory: bool) -> None:
        if plan.task is None:
            raise ValueError("a plan that was pickled has no function, and cannot run again")
        self._plan = plan
        self._task = plan.task
        self._report = report
        self._free = free_memory(self._task.devices) if within_memory else None
        self._replicated = replicated(self._task)
        self._root = jax.device_put(plan.key, self._replicated)
        self._placed: dict[int, tuple[Array, jax.Array]] = {}  # by id, with what has that id
        self._done = 0
        self._errors = dict(plan.errors)
        self._runs: list[_Run] = []
        self._flying: deque[_Call] = deque()
        self._todo = deque(plan.buckets)
        self._compiled: set[Program] = set()
        self._reused: set[Program] = set()

    def run(self) -> Results:
        """Runs everything; returns when all results are on the host."""
        self._tell()
        while self._todo or self._flying:
            if self._todo:
                self._launch(self._todo.popleft())
            else:
                self._gather()
        finished = [run for run in self._runs if not run.given_up]
        finished.sort(key=lambda run: int(run.bucket.rows[0]))
        plan = self._plan.with_buckets(run.bucket for run in finished)
        metrics = stack([part for run in finished for part in run.parts], len(plan))
        return Results(plan, metrics, self._errors, len(self._compiled), len(self._reused))

    def _launch(self, bucket: Bucket) -> None:
        """Compiles a bucket's program, and starts all of its calls."""
        ready = self._prepare(bucket)
        if ready is None:
            return
        run = _Run(ready, self._shared(ready))
        self._runs.append(run)
        width = ready.program.width
        for start in range(0, len(ready.rows), width):
            self._start(run, np.arange(start, min(start + width, len(ready.rows))))
            while self._flying and (len(self._flying) > _IN_FLIGHT or _is_ready(self._flying[0])):
                self._gather()

    def _prepare(self, bucket: Bucket) -> Bucket | None:
        """The bucket with a compiled program that fits into memory; None if there is no way."""
        while True:
            program = bucket.program
            fresh = not program.is_compiled
            try:
                program.compile()
            except Exception as error:  # noqa: BLE001 - kept in the results, beside the other buckets'
                lower = below(program.lanes) if is_out_of_memory(error) else None
                if lower is None:
                    self._fail(bucket.rows, error)
                    return None
                bucket = bucket.with_lanes(self._task, lower)
                continue
            if program not in self._compiled:
                (self._compiled if fresh else self._reused).add(program)
            if self._free is None:
                return bucket
            lanes = fitting(program.lanes, program.memory(), self._free)
            if lanes == program.lanes:
                return bucket
            bucket = bucket.with_lanes(self._task, lanes)

    def _start(self, run: _Run, which: Rows) -> None:
        """Starts a call for some of a bucket's configurations; the last one fills the lanes left over."""
        if run.given_up:
            return
        bucket, program = run.bucket, run.bucket.program
        padded = np.pad(which, (0, program.width - len(which)), mode="edge")
        values = [bucket.values[index][padded] for index in program.varying]
        trials = self._plan.ids[bucket.rows[padded]]
        try:
            metrics = program(values, trials, run.shared, self._root)
        except Exception as error:  # noqa: BLE001 - kept in the results, beside the other calls'
            self._recover(run, which, error)
        else:
            self._flying.append(_Call(run, which, metrics))

    def _gather(self) -> None:
        """Waits for the oldest call."""
        call = self._flying.popleft()
        if call.run.given_up:
            return
        try:
            metrics = jax.tree.map(np.asarray, call.metrics)
        except Exception as error:  # noqa: BLE001 - kept in the results, beside the other calls'
            self._recover(call.run, call.which, error)
            return
        count = len(call.which)
        rows = call.run.bucket.rows[call.which]
        call.run.parts.append((rows, jax.tree.map(lambda array: array[:count], metrics)))
        self._done += count
        self._tell()

    def _recover(self, run: _Run, which: Rows, error: Exception) -> None:
        """Out of memory: runs the whole bucket again in fewer lanes. Else: isolates who is at fault.

        A call that raised is repeated in two halves, in the same number of lanes, until the exception is
        with the configuration that caused it.
        """
        lower = below(run.bucket.program.lanes) if is_out_of_memory(error) else None
        if lower is not None:
            run.given_up = True
            self._done -= sum(len(rows) for rows, _ in run.parts)
            for row in run.bucket.rows:
                self._errors.pop(int(row), None)
            self._todo.append(run.bucket.with_lanes(self._task, lower))
        elif len(which) > 1:
            for half in np.array_split(which, 2):
                self._start(run, half)
        else:
            self._fail(run.bucket.rows[which], error)

    def _fail(self, rows: Rows, error: Exception) -> None:
        self._errors.update(dict.fromkeys(map(int, rows), error))
        self._tell()

    def _tell(self) -> None:
        self._report(self._done + len(self._errors), len(self._plan))

    def _shared(self, bucket: Bucket) -> list[Array]:
        """The leaves that all lanes share, on the devices."""
        return [self._place(bucket, index) for index in bucket.program.shared]

    def _place(self, bucket: Bucket, index: int) -> Array:
        leaf, aval = bucket.arguments.leaves[index], bucket.arguments.avals[index]
        assert aval is not None
        if not is_array(leaf):
            return np.asarray(leaf, aval.dtype)
        if id(leaf) not in self._placed:  # for speed: buckets share their arrays, a data set is sent once
            array = leaf if isinstance(leaf, jax.Array) else np.asarray(leaf, aval.dtype)
            self._placed[id(leaf)] = leaf, jax.device_put(array, self._replicated)
        return self._placed[id(leaf)][1]


def _is_ready(call: _Call) -> bool:
    """Whether its results can be fetched without waiting."""
    return all(leaf.is_ready() for leaf in jax.tree.leaves(call.metrics))


def is_out_of_memory(error: Exception) -> bool:
    """Whether JAX's runtime says so; fewer lanes help against nothing else."""
    return isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
