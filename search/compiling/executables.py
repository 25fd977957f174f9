"""`Executable`: a program for one lane, compiled for many."""

from __future__ import annotations

import hashlib
import itertools
import math
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, final

import jax
import numpy as np
import numpy.typing as npt
from jax.extend.core import ClosedJaxpr
from jax.sharding import Mesh, NamedSharding

from .compile_times import Candidate, CompileTime, Record
from .fingerprints import Fingerprint
from .lanes import AXIS, FOLDS, Arity, Layout, partition_spec, spread
from .persistent import kept_on_disk, settings_of_code, was_on_disk
from .placement import own, parts_on, placed

# The seconds that a call of mapped lanes is to take.
_CHUNK = 0.5

Array: TypeAlias = npt.NDArray[Any] | jax.Array


@final
class Executable:
    """The compiled code of all programs that are equal but for the values of their arguments.

    Args:
        lane: The program of one lane.
        arity: Its arguments.
        layout: How the lanes run.
        devices: Where.
        fingerprint: That of the lane.

    Attributes:
        layout: The same.
        length: The lanes that a call has room for on each device.
        capacity: The same for all devices together.
        turn: The seconds of one turn, all devices at once; None before it has run.
    """

    def __init__(
        self,
        lane: ClosedJaxpr,
        arity: Arity,
        layout: Layout,
        devices: tuple[jax.Device, ...],
        fingerprint: Fingerprint,
    ) -> None:
        self.layout = layout
        self.length = layout.length(_bytes([*lane.in_avals[: arity.values], *lane.out_avals]))
        self.capacity = self.length * len(devices)
        self._lane: ClosedJaxpr | None = lane
        self._arity = arity
        self._devices = devices
        self._mesh = Mesh(np.array(devices), (AXIS,))
        self.turn: float | None = None  # the seconds of one turn of a unit of work, all devices at once
        self._fingerprint = fingerprint
        self._lock = threading.Lock()
        self._compiled: jax.stages.Compiled | None = None

    @property
    def sharding(self) -> NamedSharding:
        """Where what all lanes share is to be: a copy on each device."""
        return NamedSharding(self._mesh, partition_spec())

    @property
    def is_compiled(self) -> bool:
        """Whether it was compiled already."""
        return self._compiled is not None

    @property
    def is_timed(self) -> bool:
        """Whether it is known how long a call takes, as far as the number of its lanes hangs on that."""
        return self.layout.mode == "vmap" or self.turn is not None

    def chunk(self, work: int = 1) -> int:
        """The lanes that the next call should have.

        Vectorized ones all; of mapped ones as many as run in half a second, so that results come often, and
        one turn at first, to see how long it takes.

        Args:
            work: How much each lane does, where that is an argument: its time grows with it.
        """
        if self.layout.mode == "vmap":
            return self.capacity
        turns = 1 if self.turn is None else max(1, int(_CHUNK / max(self.turn * work, 1e-9)))
        return min(self.capacity, turns * self.layout.width * len(self._devices))

    def ran(self, lanes: int, seconds: float, work: int = 1) -> None:
        """Takes note of how long a call of so many lanes took."""
        turn = seconds / math.ceil(lanes / (self.layout.width * len(self._devices))) / work
        self.turn = turn if self.turn is None else min(turn, self.turn)

    def compile(self) -> None:
        """Compiles it, if that is still to be done.

        Raises:
            Exception: Whatever the compiler raises.
        """
        with self._lock:
            if self._lane is None:
                return
            begun = time.perf_counter()
            function, arguments = self.staged()
            lowered = function.lower(*arguments)
            with kept_on_disk() as events:
                self._compiled = lowered.compile()
            self._lane = None  # it is as large as the function
            if not was_on_disk(events):
                self._keep_time(time.perf_counter() - begun)

    @property
    def candidate(self) -> Candidate:
        """What is known of it before it is compiled."""
        device = self._devices[0]
        kind = f"{device.platform} {device.device_kind} {self.layout.mode}"
        parts = (self.layout, self._arity, len(self._devices), _versions(device), _config())
        text = f"{self._fingerprint.digest} {parts}"
        digest = None if self._fingerprint.opaque else hashlib.sha256(text.encode()).hexdigest()
        return Candidate(digest, self._fingerprint.equations, kind, self.is_compiled)

    def _keep_time(self, seconds: float) -> None:
        digest, equations, kind, _ = self.candidate
        if digest is not None:
            Record.here().add(digest, CompileTime(seconds, equations, kind))

    def memory(self) -> int:
        """Bytes that a run takes on each device: temporaries, arguments and results."""
        assert self._compiled is not None
        stats = self._compiled.memory_analysis()
        if stats is None:
            return 0
        size: int = stats.temp_size_in_bytes + stats.argument_size_in_bytes + stats.output_size_in_bytes
        return size

    def arguments(
        self,
        values: Sequence[Array],
        ids: npt.NDArray[np.uint32],
        common: Sequence[Array],
        root: jax.Array,
    ) -> Arguments:
        """What a run of up to `capacity` lanes takes.

        Args:
            values: The arguments that differ, [n, ...]; what is on the devices stays there.
            ids: The ids that are folded into the root key, one after the other, uint32[n, 1 or 2].
            common: The arguments that all lanes share.
            root: The root key.
        """
        bounds = shares(len(ids), len(self._devices))
        counts = [stop - start for start, stop in bounds]
        rows = np.concatenate([self._rows(start, stop, len(ids)) for start, stop in bounds])
        turns = np.array([math.ceil(count / self.layout.width) for count in counts], np.int32)
        folds = ids.shape[1]
        folded = np.zeros((len(rows), FOLDS), np.uint32)
        folded[:, :folds] = ids[rows]
        filled = [self._filled(value, rows) for value in values]
        arrays: tuple[Any, ...] = (filled, folded, np.int32(folds), turns, list(common), root)
        if not self.sharding.is_fully_addressable:
            by_lane = NamedSharding(self._mesh, partition_spec(AXIS))
            arrays = (
                [placed(array, by_lane) for array in filled],
                placed(folded, by_lane),
                placed(np.int32(folds), self.sharding),
                placed(turns, by_lane),
                [array if isinstance(array, jax.Array) else placed(array, self.sharding) for array in common],
                root,
            )
        elif len(self._devices) == 1:  # not left to the call, on a thread that may not know `jax.enable_x64`
            arrays = jax.device_put(arrays, self.sharding)
        return Arguments(arrays, counts)

    def _filled(self, value: Array, rows: npt.NDArray[np.intp]) -> Array:
        """What lanes take of an argument that differs, each device its own."""
        if isinstance(value, jax.Array):
            taken: jax.Array = jax.device_put(value[rows], NamedSharding(self._mesh, partition_spec(AXIS)))
            return taken
        return value[rows]

    def __call__(self, arguments: Arguments) -> Started:
        """Starts a run; JAX computes while the caller goes on."""
        assert self._compiled is not None
        return Started(self._compiled(*arguments.arrays), arguments.counts, self._devices)

    def run(self, arguments: Arguments) -> list[npt.NDArray[Any]]:
        """Runs, and waits for the results, [n, ...] each."""
        return self(arguments).results()

    def _rows(self, start: int, stop: int, n: int) -> npt.NDArray[np.intp]:
        """What a device has in its lanes: its share, and the last of it again and again."""
        last = min(max(start, stop - 1), n - 1)
        return np.minimum(np.arange(start, start + self.length), last)

    def staged(self) -> tuple[jax.stages.Wrapped, tuple[Any, ...]]:
        """The function that is to be compiled, and the shapes of its arguments; as long as it is not."""
        lane = self._lane
        assert lane is not None, "it is compiled already"
        values, common = lane.in_avals[: self._arity.values], lane.in_avals[self._arity.values + 1 :]
        key = lane.in_avals[self._arity.values]
        lanes = self.length * len(self._devices)
        return jax.jit(spread(lane, self._arity, self.layout, self._mesh)), (
            [_struct(aval, lanes) for aval in values],
            jax.ShapeDtypeStruct((lanes, FOLDS), np.uint32),  # type: ignore[no-untyped-call]
            jax.ShapeDtypeStruct((), np.int32),  # type: ignore[no-untyped-call]
            jax.ShapeDtypeStruct((len(self._devices),), np.int32),  # type: ignore[no-untyped-call]
            [_struct(aval) for aval in common],
            _struct(key),
        )


class Arguments(NamedTuple):
    """What a run takes.

    Attributes:
        arrays: The arguments of the compiled code.
        counts: How many lanes of each device count, the first ones.
    """

    arrays: tuple[Any, ...]
    counts: list[int]


class Started(NamedTuple):
    """A run that was started.

    Attributes:
        arrays: The results, [devices * length, ...] each.
        counts: How many lanes of each device count, the first ones.
        devices: The devices, of which some may belong to other processes.
    """

    arrays: list[jax.Array]
    counts: list[int]
    devices: tuple[jax.Device, ...]

    def results(self) -> list[npt.NDArray[Any]]:
        """Waits for the results, [n, ...] each, of the lanes on devices of this process.

        Raises:
            jax.errors.JaxRuntimeError: What happened on the devices.
        """
        jax.block_until_ready(self.arrays)  # type: ignore[no-untyped-call]
        count_on = dict(zip(self.devices, self.counts, strict=True))
        mine = own(self.devices)
        return [
            np.concatenate(
                [part[: count_on[device]] for device, part in zip(mine, parts_on(array, mine), strict=True)]
            )
            for array in self.arrays
        ]

    def resident(self) -> list[Array]:
        """Waits for the results, [n, ...] each, and leaves them on the devices.

        Raises:
            jax.errors.JaxRuntimeError: What happened on the devices.
        """
        jax.block_until_ready(self.arrays)  # type: ignore[no-untyped-call]
        length = len(self.arrays[0]) // len(self.devices) if self.arrays else 0
        starts = [place * length for place in range(len(self.counts))]
        rows = [np.arange(start, start + count) for start, count in zip(starts, self.counts, strict=True)]
        places = np.concatenate(rows)
        return [array[places] for array in self.arrays]


def _versions(device: jax.Device) -> tuple[str, ...]:
    return jax.__version__, str(device.client.platform_version)


def _config() -> list[tuple[str, Any]]:
    """JAX's settings on which code hangs, as far as they have a text."""
    plain = (str, int, float, type(None))
    return [(name, value) for name, value in settings_of_code() if isinstance(value, plain)]


def shares(n: int, parts: int) -> list[tuple[int, int]]:
    """The bounds of n things in parts, as equal as can be.

    Example:
        >>> shares(5, 2), shares(1, 2)
        ([(0, 2), (2, 5)], [(0, 0), (0, 1)])
    """
    return list(itertools.pairwise(n * part // parts for part in range(parts + 1)))


def _bytes(avals: Sequence[Any]) -> int:
    return sum(math.prod(aval.shape) * getattr(aval.dtype, "itemsize", 0) for aval in avals)


def _struct(aval: Any, *axes: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*axes, *aval.shape), aval.dtype)  # type: ignore[no-untyped-call]
