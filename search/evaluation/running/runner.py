"""Running a plan: compiling, starting, gathering, and trying again with less."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from ...compiling.compile_times import Record
from ...compiling.executables import Array, Executable
from ...compiling.persistent import folder
from ...compiling.placement import own
from ...planning.buckets import Bucket
from ...planning.grouping import Rows
from ...planning.ladder import below, fitting, free_memory
from ...results.failures import Failure
from ..jobs import Job
from ..outcomes import Lanes
from .flight import Flight, Landed
from .peers import Alone, HostLost, Peers, first_error, joined, sendable
from .placing import Placing
from .recovery import advise, is_interrupt, narrower


@dataclass(frozen=True)
class _Share:
    """Some lanes of a bucket.

    Attributes:
        places: The places of their configurations in the bucket, int[m].
        repeats: Which of the repeats each is, uint32[m].
    """

    places: Rows
    repeats: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, lanes: slice | Rows) -> _Share:
        return _Share(self.places[lanes], self.repeats[lanes])


@dataclass(eq=False)
class _Run:
    """Lanes of a bucket on their way through its program.

    Attributes:
        bucket: The bucket.
        share: The lanes.
        shared: The leaves that all lanes share, on the devices.
        fewer: The bucket with fewer lanes at once, if a call did not fit into memory.
    """

    bucket: Bucket
    share: _Share
    shared: list[Array]
    fewer: Bucket | None = None


@dataclass(frozen=True)
class _Call:
    """One call of a run's program, and the lanes that it is for."""

    run: _Run
    share: _Share


@final
class Runner:
    """Carries out a plan: of each configuration that is pending, all repeats.

    Args:
        job: The plan, and who is told of what comes of it.
        peers: The processes over whose devices its lanes are spread. Each carries out the plan, in the same
            order: what hangs on time or memory is agreed upon.
    """

    def __init__(self, job: Job, peers: Peers | None = None) -> None:
        plan = job.plan
        if plan.task is None:
            raise ValueError("a plan that was pickled has no function, and cannot run again")
        self._plan = plan
        self._task = plan.task
        self._job = job
        self._outcomes = job.outcomes
        self._repeats = job.repeats
        self._pace = job.pace
        self._peers = peers or Alone()
        self._free: float | None = None
        if job.width is None:
            self._free = min(self._peers.gather(free_memory(own(self._task.devices))))
        self._placing = Placing(self._task, plan.mode)
        self._root = self._placing.key(plan.key)
        self._flight: Flight[_Call] = Flight(plan.devices, in_step=self._peers.count > 1)
        self._numbers: dict[Executable, int] = {}
        self._ready: set[Executable] = set()
        self._awaited: dict[Executable, int] = {}  # with their sizes
        self._todo: deque[tuple[Bucket, _Share]] = deque()
        self._buckets = {int(bucket.rows[0]): bucket for bucket in plan.buckets}  # as they are carried out

    def run(self) -> None:
        """Runs everything; returns when all outcomes are in.

        Raises:
            BaseException: What interrupts it. The calls that are over by then are among the outcomes.
        """
        try:
            self._begin()
            while self._todo or len(self._flight):
                if self._todo:
                    self._launch(*self._todo.popleft())
                else:
                    self._land(self._flight.next())
        except BaseException:
            if self._peers.count == 1:  # else the rest of their lanes is in other processes
                for landed in self._flight.ready():
                    self._take(landed)
            raise
        finally:
            self._flight.close()
            self._outcomes.plan = self._plan.with_buckets(self._buckets.values()).summary()

    def _begin(self) -> None:
        self._compare()
        for bucket in self._plan.buckets:
            self._number(bucket)
            share = self._pending(bucket)
            if len(share):
                self._awaited[bucket.program.executable] = 0
                self._todo.append((bucket, share))
        self._awaited = _sizes(self._awaited)
        self._pace.begin()
        self._tell()
        pending = self._outcomes.pending
        for row, error in self._plan.errors.items():
            if pending[row]:
                self._fail(np.array([row]), error, None)

    def _compare(self) -> None:
        """Sees that all processes are about to do the same.

        Raises:
            ValueError: They are not.
        """
        if self._peers.count == 1:
            return
        plan, pending = self._plan, self._outcomes.pending
        traits = {
            "batches": plan.dnas.choices.tobytes() + plan.dnas.floats.tobytes() + plan.ids.tobytes(),
            "root keys": np.asarray(jax.random.key_data(plan.key)).tobytes(),
            "functions": [bucket.program.lane.trace().fingerprint.digest for bucket in plan.buckets],
            "configurations that cannot run": sorted(plan.errors),
            "results to resume": pending.tobytes(),
            "repeats": self._repeats,
        }
        digests = {name: hashlib.sha256(repr(trait).encode()).hexdigest() for name, trait in traits.items()}
        theirs = self._peers.gather(digests)
        for name in traits:
            if len({each[name] for each in theirs}) > 1:
                raise ValueError(
                    f"the processes were called with different {name}: each must run the same script, "
                    "with the same seeds and files"
                )

    def _pending(self, bucket: Bucket) -> _Share:
        """The lanes of a bucket that are to run."""
        places = np.flatnonzero(self._outcomes.pending[bucket.rows])
        seeds = np.arange(self._repeats, dtype=np.uint32)
        return _Share(np.repeat(places, self._repeats), np.tile(seeds, len(places)))

    def _launch(self, bucket: Bucket, share: _Share) -> None:
        """Compiles a bucket's program, and starts all of its calls."""
        try:
            ready = self._prepare(bucket)
        except HostLost:
            raise
        except Exception as error:  # noqa: BLE001 - kept in the results, beside the other buckets'
            self._buckets.pop(int(bucket.rows[0]), None)
            self._fail(bucket.rows[share.places], error, bucket)
            return
        self._buckets[int(bucket.rows[0])] = ready
        run = _Run(ready, share, self._placing.shared(ready))
        start = 0
        while start < len(share):
            size = ready.program.chunk
            self._start(run, share[start : start + size])
            start += size
            while self._flight.is_full or (len(self._flight) and not ready.program.is_timed):
                self._land(self._flight.next())
            for landed in self._flight.ready():
                self._land(landed)

    def _prepare(self, bucket: Bucket) -> Bucket:
        """The bucket with a compiled program that fits into memory, in all processes.

        Raises:
            Exception: What the compiler raises, even with the fewest lanes, in any process.
        """
        while True:
            error, turn = None, None
            try:
                bucket = self._fitted(bucket)
                turn = bucket.program.executable.turn
            except Exception as raised:
                if self._peers.count == 1:
                    raise
                error = raised
            theirs = self._peers.gather((sendable(error), bucket.program.layout, turn))
            failure = first_error([error for error, _, _ in theirs])
            if failure is not None:
                raise failure
            layout = min(layout for _, layout, _ in theirs)
            if all(each == layout for _, each, _ in theirs):
                bucket.program.executable.turn = theirs[0][2]
                return bucket
            bucket = bucket.with_layout(layout)

    def _fitted(self, bucket: Bucket) -> Bucket:
        """The bucket with a compiled program that fits into the memory of this process.

        Raises:
            Exception: What the compiler raises, even with the fewest lanes.
        """
        while True:
            try:
                self._compile(bucket.program.executable)
            except Exception as error:
                layout = narrower(bucket, error)
                if layout is None:
                    raise
            else:
                layout = bucket.program.layout
                if self._free is not None and below(layout) is not None:
                    layout = fitting(layout, bucket.program.memory(), self._free)
                if layout == bucket.program.layout:
                    return bucket
            bucket = bucket.with_layout(layout)

    def _compile(self, code: Executable) -> None:
        fresh, begun = not code.is_compiled, time.perf_counter()
        size = self._awaited.pop(code, 0)  # if it fails, it is awaited no more either
        code.compile()
        if fresh:
            self._pace.compiled(time.perf_counter() - begun, size)
        if code not in self._ready:
            self._ready.add(code)
            self._outcomes.compiled += fresh
            self._outcomes.reused += not fresh
            self._tell()

    def _start(self, run: _Run, share: _Share) -> None:
        """Starts a call for some of a bucket's lanes; the last one fills the lanes left over."""
        if run.fewer is not None:
            self._todo.append((run.fewer, share))
            return
        bucket, program = run.bucket, run.bucket.program
        values = [bucket.values[index][share.places] for index in program.varying]
        ids = self._plan.ids[bucket.rows[share.places]]
        if self._repeats > 1:
            ids = np.stack([ids, share.repeats], 1)
        try:
            self._flight.start(
                _Call(run, share), lambda submit: program(values, ids, run.shared, self._root, submit)
            )
        except Exception as error:  # noqa: BLE001 - kept in the results, beside the other calls'
            if self._peers.count > 1:  # who must hear of it when it is the call's turn
                self._flight.fail(_Call(run, share), error)
            else:
                self._recover(_Call(run, share), error)

    def _land(self, landed: Landed[_Call]) -> None:
        """Takes what a call gave, and says so; or does something about what it raised."""
        if self._peers.count > 1:
            landed = Landed(landed.call, *joined(landed.outcome, landed.seconds, self._peers))
        if isinstance(landed.outcome, Exception):
            self._recover(landed.call, landed.outcome)
        else:
            self._deliver(self._take(landed))

    def _take(self, landed: Landed[_Call]) -> Rows:
        """Keeps what a call gave; the configurations that are finished by it."""
        if isinstance(landed.outcome, Exception):
            return np.zeros(0, np.intp)
        run, share = landed.call.run, landed.call.share
        count = len(share)
        lanes = Lanes(run.bucket.rows[share.places], share.repeats)
        run.bucket.program.ran(count, landed.seconds)
        self._pace.ran(count)
        return self._outcomes.keep(lanes, landed.outcome, self._number(run.bucket), landed.seconds / count)

    def _recover(self, call: _Call, error: Exception) -> None:
        """Out of memory: runs the lanes again, fewer at once. Else: isolates who is at fault.

        A call that raised is repeated in two halves, in the same number of lanes, until the exception is
        with the configuration that caused it.

        Raises:
            KeyboardInterrupt: That is what it was.
        """
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        run, share = call.run, call.share
        layout = narrower(run.bucket, error)
        if layout is not None:
            run.fewer = run.bucket.with_layout(layout)
            self._todo.append((run.fewer, share))
        elif len(share) > 1:
            for half in np.array_split(np.arange(len(share)), 2):
                self._start(run, share[half])
        else:
            self._fail(run.bucket.rows[share.places], error, run.bucket)

    def _fail(self, rows: Rows, error: Exception | Failure, bucket: Bucket | None) -> None:
        number = -1
        if bucket is not None and isinstance(error, Exception):
            number = self._number(bucket)
            advise(error, self._told(bucket), bucket.program.layout.width)
        self._deliver(self._outcomes.fail(rows, error, number))

    def _deliver(self, rows: Rows) -> None:
        """Says that configurations are finished."""
        self._tell()
        self._job.deliver(rows)

    def _tell(self) -> None:
        ready, awaited = len(self._ready), len(self._awaited)
        self._job.tell(ready, ready + awaited, sum(self._awaited.values()))

    def _number(self, bucket: Bucket) -> int:
        """The number of a bucket's program."""
        return self._numbers.setdefault(bucket.program.executable, len(self._numbers))

    def _told(self, bucket: Bucket) -> str:
        """What tells a bucket from others: what the decisions are that split the batch."""
        values = self._outcomes.results(bucket.rows[:1])[0].values
        texts = [f"{name}={brief(values[name], 40)}" for name in self._plan.split if name in values]
        return f"{', '.join(texts) or 'of all configurations'} ({len(bucket.rows)})"


def _sizes(programs: Iterable[Executable]) -> dict[Executable, int]:
    """How much there is to compile of each program: nothing where it is compiled, or on disk."""
    sizes = dict.fromkeys(programs, 0)
    fresh = [program for program in sizes if not program.is_compiled]
    on_disk = Record.here().read() if fresh and folder() is not None else {}
    for program in fresh:
        candidate = program.candidate
        sizes[program] = 0 if candidate.digest in on_disk else candidate.equations
    return sizes
