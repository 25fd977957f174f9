"""`Program`: a function of one configuration, traced once, for many lanes."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, final

import jax
import numpy as np
import numpy.typing as npt
from jax.extend.core import ClosedJaxpr
from jax.sharding import Mesh, NamedSharding
from jax.tree_util import PyTreeDef

from symjax.adoption.traced_floats import note_conversion

from ..compiling.cache import Cache, remembered
from ..compiling.constants import Constant, hoisted
from ..compiling.executables import Array, Executable, shares
from ..compiling.fingerprints import Fingerprint, fingerprint
from ..compiling.lanes import AXIS, Arity, Layout, Mode, partition_spec
from ..compiling.persistent import settings_of_code
from ..compiling.placement import own
from .arguments import Arguments, Aval, struct
from .metrics import Metrics, check_metrics

Submit: TypeAlias = Callable[..., Future[Any]]


@dataclass(frozen=True)
class Task:
    """What is the same for all programs of an evaluation.

    Attributes:
        fn: ``fn(experiment, key, *broadcast)``.
        key: What is known of the root key.
        devices: Over which the lanes are spread.
    """

    fn: Callable[..., Any]
    key: Aval
    devices: tuple[jax.Device, ...]

    def identity(self) -> Hashable:
        """The task's part of a program's key."""
        return _function_key(self.fn), self.devices, self.environment()

    def compiled_for(self, mode: Mode) -> tuple[jax.Device, ...]:
        """The devices that a program is compiled for.

        The devices of a host are its cores, and share memory: mapped lanes are compiled for the first one,
        and run in a thread for each. XLA takes other steps for a program of several devices, and gives other
        bits (a softmax in a gradient was divided where it is else multiplied by the inverse).
        """
        if mode == "map" and self.devices[0].platform == "cpu":
            return own(self.devices)[:1]
        return self.devices

    def environment(self) -> Hashable:
        """What else tracing and compiling hang on, with all of JAX's configuration."""
        return self.key, tuple(settings_of_code())

    def call(
        self,
        treedef: PyTreeDef,
        leaves: Sequence[Any],
        replaced: Iterable[tuple[int, jax.Array]],
        key: jax.Array,
    ) -> Metrics:
        """Calls the function.

        Args:
            treedef: The structure of ``(experiment, broadcast)``.
            leaves: Its leaves.
            replaced: Indices of leaves, and what is to be in their place.
            key: The key.
        """
        filled = list(leaves)
        for index, leaf in replaced:
            filled[index] = leaf
        experiment, broadcast = jax.tree.unflatten(treedef, filled)
        try:
            metrics = self.fn(experiment, key, *broadcast)
        except Exception as error:
            note_conversion(error)
            raise
        check_metrics(metrics)
        return metrics


@final
class Lane:
    """A function for one configuration of a structure, traced when that is first asked for, and but once.

    Args:
        task: The function, and where it runs.
        arguments: Arguments of the right structure; only those that are structure are kept.
        varying: The leaves that vary between lanes, by their indices.
        frozen: Which leaves are structure although they could be leaves.

    Attributes:
        task: The same.
        varying: The same.
        shared: The leaves that all lanes share, by their indices.
    """

    def __init__(
        self, task: Task, arguments: Arguments, varying: tuple[int, ...], frozen: frozenset[int]
    ) -> None:
        self.task = task
        self.varying = varying
        self.shared = tuple(i for i in arguments.traced(frozen) if i not in varying)
        traced = {*varying, *self.shared}
        self._treedef = arguments.treedef
        self._leaves = [None if i in traced else leaf for i, leaf in enumerate(arguments.leaves)]
        self._avals = arguments.avals
        self._environment = task.environment()
        self._lock = threading.Lock()
        self._traced: _Traced | None = None
        self._executables: dict[Layout, Executable] = {}

    @property
    def is_traced(self) -> bool:
        """Whether it was traced already."""
        return self._traced is not None

    def trace(self) -> _Traced:
        """The function as a program.

        Raises:
            Exception: Whatever the function raises.
        """
        with self._lock:
            if self._traced is None:
                self._traced = self._trace()
            return self._traced

    def trace_again(self) -> _Traced:
        """Traces it once more, to see whether that gives the same program.

        Raises:
            Exception: Whatever the function raises.
        """
        return self._trace()

    def executable(self, layout: Layout) -> Executable:
        """Its code for lanes that run so, which may be shared with other functions.

        Raises:
            Exception: Whatever the function raises.
        """
        traced, devices = self.trace(), self.task.compiled_for(layout.mode)
        arity = Arity(len(self.varying), len(self.shared) + len(traced.constants))
        key = (traced.fingerprint, arity, devices, self._environment, layout)
        if layout not in self._executables:
            self._executables[layout] = _executables.get(
                key,
                lambda: Executable(traced.program, arity, layout, devices, traced.fingerprint),
            )
        return self._executables[layout]

    def _trace(self) -> _Traced:
        indices = self.varying + self.shared

        def one(values: tuple[jax.Array, ...], key: jax.Array, common: tuple[jax.Array, ...]) -> Metrics:
            return self.task.call(
                self._treedef, self._leaves, zip(indices, values + common, strict=True), key
            )

        program, metrics = jax.make_jaxpr(one, return_shape=True)(
            tuple(self._struct(i) for i in self.varying),
            self.task.key.batched(),
            tuple(self._struct(i) for i in self.shared),
        )
        program, constants = hoisted(program)
        return _Traced(program, fingerprint(program), metrics, constants)

    def _struct(self, index: int) -> jax.ShapeDtypeStruct:
        aval = self._avals[index]
        assert aval is not None
        return aval.batched()


class _Traced(NamedTuple):
    """A function as a program.

    Attributes:
        program: Of ``(*values, key, *common)``, the constants being the last ones.
        fingerprint: What it is.
        metrics: The shapes of what it returns, a pytree of `jax.ShapeDtypeStruct`.
        constants: The large arrays that it holds.
    """

    program: ClosedJaxpr
    fingerprint: Fingerprint
    metrics: Metrics
    constants: tuple[Constant, ...]


_executables: Cache[Executable] = remembered(256)


@final
@dataclass(frozen=True)
class Program:
    """A function for the lanes of a bucket.

    Only the leaves that vary have a lane axis. Everything else is an argument too, the same for all
    lanes, so that it may change without a compilation. What is structure is a constant.

    Attributes:
        lane: The function for one configuration.
        layout: How its lanes run.
        work: How much each lane does, where that is an argument, such as the number of its steps; calls are
            as large as their lanes are quick.
        resident: Whether results stay on the devices.
    """

    lane: Lane
    layout: Layout
    work: int = 1
    resident: bool = False

    @property
    def varying(self) -> tuple[int, ...]:
        """The leaves that vary between lanes, by their indices."""
        return self.lane.varying

    @property
    def shared(self) -> tuple[int, ...]:
        """The leaves that all lanes share, by their indices."""
        return self.lane.shared

    @property
    def width(self) -> int:
        """The lanes that run side by side, on all devices together."""
        return self.layout.width * len(self.lane.task.devices)

    @property
    def capacity(self) -> int:
        """The lanes that a call has room for, on all devices together."""
        return self.executable.capacity * self._streams

    @property
    def _streams(self) -> int:
        """In how many threads its code runs."""
        task = self.lane.task
        return len(task.devices) // len(task.compiled_for(self.layout.mode))

    @property
    def constants(self) -> tuple[Constant, ...]:
        """The large arrays that the function holds. Equal ones of several programs are one.

        Raises:
            Exception: Whatever the function raises.
        """
        return self.lane.trace().constants

    @property
    def chunk(self) -> int:
        """The lanes that the next call should have, so that results come often, and calls cost little."""
        return self.executable.chunk(self.work) * self._streams

    @property
    def is_timed(self) -> bool:
        """Whether it is known how long a lane takes."""
        return self.executable.is_timed

    def ran(self, lanes: int, seconds: float) -> None:
        """Takes note of how long a call took."""
        self.executable.ran(math.ceil(lanes / self._streams), seconds, self.work)

    @property
    def executable(self) -> Executable:
        """Its code, which programs share whose functions are equal once they are traced.

        Raises:
            Exception: Whatever the function raises.
        """
        return self.lane.executable(self.layout)

    @property
    def is_compiled(self) -> bool:
        """Whether it was compiled already."""
        return self.lane.is_traced and self.executable.is_compiled

    def trace(self) -> Metrics:
        """The metrics' shapes, a pytree of `jax.ShapeDtypeStruct` with the axis of the lanes first.

        Raises:
            Exception: Whatever the function raises.
        """
        metrics = self.lane.trace().metrics
        return jax.tree.map(lambda leaf: struct((self.capacity, *leaf.shape), leaf.dtype), metrics)

    def compile(self) -> None:
        """Compiles it, if that is still to be done.

        Raises:
            Exception: Whatever the function or the compiler raises.
        """
        self.executable.compile()

    def memory(self) -> int:
        """Bytes that a run takes on each device: temporaries, arguments and results."""
        return self.executable.memory()

    def __call__(
        self,
        values: Sequence[Array],
        ids: npt.NDArray[np.uint32],
        common: Sequence[Array],
        root: jax.Array,
        submit: Submit | None = None,
    ) -> Running:
        """Starts a run of up to `capacity` lanes.

        Args:
            values: A leaf for each of `varying`, [n, ...].
            ids: What is folded into the root key: the trial ids uint32[n], or with the repeats [n, 2].
            common: A leaf for each of `shared`.
            root: The root key.
            submit: Has a function called by another thread, of which there are as many as devices; without
                it mapped lanes of a host run one after the other.

        Returns:
            The run; JAX computes while the caller goes on.
        """
        traced, executable = self.lane.trace(), self.executable
        common = [*common, *(constant.on(executable.sharding) for constant in traced.constants)]
        ids = ids.reshape(len(ids), -1)
        bounds = shares(len(ids), self._streams)
        if self._streams > 1:  # what is for devices of other processes runs there
            mine = own(self.lane.task.devices)
            pairs = zip(self.lane.task.devices, bounds, strict=True)
            bounds = [share for device, share in pairs if device in mine]
        parts = [
            executable.arguments([value[start:stop] for value in values], ids[start:stop], common, root)
            for start, stop in bounds
            if start < stop
        ]
        if self.resident and self._streams == 1:
            return Running([executable(part).resident for part in parts], traced.metrics)
        if submit is None or self._streams == 1:
            return Running([executable(part).results for part in parts], traced.metrics)
        return Running([submit(executable.run, part).result for part in parts], traced.metrics)


class Running(NamedTuple):
    """A run of a program.

    Attributes:
        parts: Each waits for the results of some lanes; none where all lanes are in other processes.
        shapes: What the function returns for a lane, a pytree of `jax.ShapeDtypeStruct`.
    """

    parts: Sequence[Callable[[], Sequence[Array]]]
    shapes: Metrics

    def metrics(self) -> Metrics:
        """Waits for the metrics: arrays [n, ...], in the order of the lanes on devices of this process.

        They are NumPy's, but for resident ones.

        Raises:
            jax.errors.JaxRuntimeError: What happened on the devices.
        """
        if not self.parts:
            return jax.tree.map(lambda leaf: np.zeros((0, *leaf.shape), leaf.dtype), self.shapes)
        columns = list(zip(*(part() for part in self.parts), strict=True))
        whole = [column[0] if len(column) == 1 else np.concatenate(column) for column in columns]
        return jax.tree.unflatten(jax.tree.structure(self.shapes), whole)


_lanes: Cache[Lane] = remembered(256)


def program_for(
    task: Task, arguments: Arguments, varying: tuple[int, ...], frozen: frozenset[int], layout: Layout
) -> Program:
    """The program for arguments of this structure, whose function is traced once.

    Args:
        task: The function, and where it runs.
        arguments: Arguments of the right structure; only those that are structure are kept.
        varying: The leaves that vary between lanes, by their indices.
        frozen: Which leaves are structure although they could be leaves.
        layout: How the lanes run.
    """
    key = (task.identity(), arguments.structure(frozen), varying, frozen)
    return Program(_lanes.get(key, lambda: Lane(task, arguments, varying, frozen)), layout)


def replicated(task: Task, mode: Mode) -> NamedSharding:
    """Where what all lanes share is to be: a copy on each device that programs are compiled for."""
    return NamedSharding(Mesh(np.array(task.compiled_for(mode)), (AXIS,)), partition_spec())


class _ByIdentity:
    """A key for a function that has no hash: the function itself, which the key keeps alive."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.fn is other.fn

    def __hash__(self) -> int:
        return id(self.fn)


def _function_key(fn: Callable[..., Any]) -> Hashable:
    try:
        hash(fn)
    except TypeError:
        return _ByIdentity(fn)
    return fn
