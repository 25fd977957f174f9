"""`Program`: a function compiled for a fixed number of lanes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import jax
import numpy as np
import numpy.typing as npt
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jax.tree_util import PyTreeDef

from .arguments import Arguments, Aval, struct
from .cache import Cache, remembered
from .metrics import Metrics, check_metrics

AXIS = "lanes"

Array: TypeAlias = npt.NDArray[Any] | jax.Array


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

    @property
    def mesh(self) -> Mesh:
        """The devices in a row."""
        return Mesh(np.array(self.devices), (AXIS,))

    def identity(self) -> Hashable:
        """The task's part of a program's key, and all of JAX's configuration that tracing may read."""
        return _function_key(self.fn), self.key, self.devices, tuple(jax.config.values.items())

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
        metrics = self.fn(experiment, key, *broadcast)
        check_metrics(metrics)
        return metrics


@final
class Program:
    """A function for all lanes of a bucket, traced and compiled when that is first asked for.

    Only the leaves that vary have a lane axis. Everything else is an argument too, the same for all
    lanes, so that it may change without a compilation. What is structure is a constant.

    Args:
        task: The function, and where it runs.
        arguments: Arguments of the right structure; only those that are structure are kept.
        varying: The leaves that vary between lanes, by their indices.
        frozen: Which leaves are structure although they could be leaves.
        lanes: Lanes on each device.

    Attributes:
        lanes: The same.
        width: Lanes on all devices together.
        varying: The same.
        shared: The leaves that all lanes share, by their indices.
    """

    def __init__(
        self,
        task: Task,
        arguments: Arguments,
        varying: tuple[int, ...],
        frozen: frozenset[int],
        lanes: int,
    ) -> None:
        self.lanes = lanes
        self.width = lanes * len(task.devices)
        self.varying = varying
        self.shared = tuple(i for i in arguments.traced(frozen) if i not in varying)
        traced = {*varying, *self.shared}
        constants = [None if i in traced else leaf for i, leaf in enumerate(arguments.leaves)]
        self._avals = arguments.avals
        self._key = task.key
        self._function = self._build(task, arguments.treedef, constants)
        self._lock = threading.Lock()
        self._traced: jax.stages.Traced | None = None
        self._compiled: jax.stages.Compiled | None = None
        self._shapes: Metrics = None

    def _build(self, task: Task, treedef: PyTreeDef, constants: list[Any]) -> jax.stages.Wrapped:
        indices = self.varying + self.shared

        def one(
            values: tuple[jax.Array, ...], trial: jax.Array, common: tuple[jax.Array, ...], root: jax.Array
        ) -> Metrics:
            key = jax.random.fold_in(root, trial)
            return task.call(treedef, constants, zip(indices, values + common, strict=True), key)

        by_lane, copied = partition_spec(AXIS), partition_spec()
        return jax.jit(
            jax.shard_map(
                jax.vmap(one, in_axes=(0, 0, None, None)),
                mesh=task.mesh,
                in_specs=(by_lane, by_lane, copied, copied),
                out_specs=by_lane,
                check_vma=False,  # a Flax training scan fails that check
            )
        )

    @property
    def is_compiled(self) -> bool:
        """Whether it was compiled already."""
        return self._compiled is not None

    def trace(self) -> Metrics:
        """The metrics' shapes, a pytree of `jax.ShapeDtypeStruct` with the lane axis first.

        Raises:
            Exception: Whatever the function raises.
        """
        with self._lock:
            if self._traced is None and self._compiled is None:
                self._traced = self._function.trace(
                    tuple(self._struct(i, self.width) for i in self.varying),
                    struct((self.width,), np.uint32),
                    tuple(self._struct(i) for i in self.shared),
                    self._key.batched(),
                )
                self._shapes = self._traced.out_info
            return self._shapes

    def compile(self) -> None:
        """Compiles it, if that is still to be done.

        Raises:
            Exception: Whatever the function or the compiler raises.
        """
        self.trace()
        with self._lock:
            if self._traced is not None:
                self._compiled = self._traced.lower().compile()
                self._traced = None

    def memory(self) -> int:
        """Bytes that a run takes on each device: temporaries, arguments and results."""
        assert self._compiled is not None
        stats = self._compiled.memory_analysis()
        if stats is None:
            return 0
        size: int = stats.temp_size_in_bytes + stats.argument_size_in_bytes + stats.output_size_in_bytes
        return size

    def __call__(
        self,
        values: Sequence[npt.NDArray[Any]],
        trials: npt.NDArray[np.uint32],
        common: Sequence[Array],
        root: jax.Array,
    ) -> Metrics:
        """Starts a run.

        Args:
            values: A leaf for each of `varying`, [width, ...].
            trials: The trial ids, uint32[width].
            common: A leaf for each of `shared`.
            root: The root key.

        Returns:
            The metrics with the lane axis first; JAX computes them while the caller goes on.
        """
        assert self._compiled is not None
        return self._compiled(tuple(values), trials, tuple(common), root)

    def _struct(self, index: int, *axes: int) -> jax.ShapeDtypeStruct:
        aval = self._avals[index]
        assert aval is not None
        return aval.batched(*axes)


_programs: Cache[Program] = remembered(256)


def program_for(
    task: Task, arguments: Arguments, varying: tuple[int, ...], frozen: frozenset[int], lanes: int
) -> Program:
    """The program for arguments of this structure, from the cache if it is there; see `Program`."""
    key = (task.identity(), arguments.structure(frozen), varying, frozen, lanes)
    return _programs.get(key, lambda: Program(task, arguments, varying, frozen, lanes))


def partition_spec(*axes: str) -> PartitionSpec:
    """How an array is spread: its first axes over these of the mesh."""
    return PartitionSpec(*axes)  # type: ignore[no-untyped-call]


def replicated(task: Task) -> NamedSharding:
    """The sharding of what all lanes share: a copy on each device."""
    return NamedSharding(task.mesh, partition_spec())


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
