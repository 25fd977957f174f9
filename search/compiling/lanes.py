"""Lanes: one configuration after the other, or side by side, on each device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.sharding import Mesh, PartitionSpec

AXIS = "lanes"

FOLDS = 2  # the most ids that are folded into the root key for a lane: its trial, and which repeat

Mode: TypeAlias = Literal["map", "vmap"]

# The lanes that the buffers of a mapped program hold on each device, and the bytes that they may take. More
# would cost every call the time to hand them in and out, and save none: a call of 4,096 lanes is long.
_LONGEST = 4096
_BUFFERS = 4 << 20


class Layout(NamedTuple):
    """How the lanes of a program run on each device.

    Attributes:
        mode: ``'map'``: in a loop; ``'vmap'``: vectorized.
        width: How many run side by side: those of a turn of the loop, or all that are vectorized.
    """

    mode: Mode
    width: int

    def length(self, size: int) -> int:
        """The lanes that a call has room for on each device.

        A mapped program serves any number of configurations up to that, so it must not depend on theirs.

        Args:
            size: The bytes that a lane's arguments and results take.

        Example:
            >>> Layout('vmap', 32).length(100), Layout('map', 1).length(100), Layout('map', 1).length(1 << 20)
            (32, 4096, 4)
        """
        if self.mode == "vmap":
            return self.width
        most = min(_LONGEST, max(1, _BUFFERS // max(1, size)))
        length: int = 4 ** ((most.bit_length() - 1) // 2)  # a power of four
        return max(1, length // self.width) * self.width


class Arity(NamedTuple):
    """The arguments of a lane's program, in this order.

    Attributes:
        values: How many differ between lanes.
        common: How many are the same for all, behind the lane's key.
    """

    values: int
    common: int


def spread(lane: ClosedJaxpr, arity: Arity, layout: Layout, mesh: Mesh) -> Callable[..., Any]:
    """A function for many lanes on several devices, of a program for one.

    Args:
        lane: A program of an `arity`.
        arity: Its arguments.
        layout: How its lanes run.
        mesh: The devices, in a row.

    Returns:
        A function of ``(values, ids, folds, turns, common, root)``: an array [d * length, ...] for each of
        the arguments that differ; ids uint32[d * length, FOLDS], of which the first `folds`, int32[], are
        folded into the root key one after the other; of each device the turns of its loop, int32[d], which
        vectorized lanes ignore; the arguments that all lanes share; and the root key. It returns the results
        [d * length, ...]. The order of the lanes is that of the devices.
    """
    evaluated = jaxpr_as_fun(lane)

    def one(*arguments: jax.Array) -> list[jax.Array]:
        results = zip(evaluated(*arguments), lane.out_avals, strict=True)
        return [
            jnp.asarray(result, aval.dtype) for result, aval in results
        ]  # a constant may be a Python float

    def lanes(
        values: Sequence[jax.Array],
        ids: jax.Array,
        folds: jax.Array,
        turns: jax.Array,
        common: Sequence[jax.Array],
        root: jax.Array,
    ) -> list[jax.Array]:
        # For speed the keys are not made in the loop: a lane would wait 2 µs for its own.
        keys = jax.vmap(lambda own: _fold(root, own, folds))(ids)

        def some(values: Sequence[jax.Array], keys: jax.Array) -> Sequence[jax.Array]:
            return jax.vmap(lambda values, key: one(*values, key, *common))(values, keys)

        if layout.mode == "vmap":
            return list(some(values, keys))
        if layout.width == 1:  # not a vmap of one lane, whose results differ in the last bit

            def turn(index: jax.Array) -> Sequence[jax.Array]:
                results = one(*(value[index] for value in values), keys[index], *common)
                return [result[None] for result in results]
        else:

            def turn(index: jax.Array) -> Sequence[jax.Array]:
                chunk = [_chunk(value, index, layout.width) for value in values]
                return some(chunk, _chunk(keys, index, layout.width))

        def body(index: jax.Array, buffers: list[jax.Array]) -> list[jax.Array]:
            starts = index * layout.width
            return [
                jax.lax.dynamic_update_slice_in_dim(buffer, result, starts, 0)
                for buffer, result in zip(buffers, turn(index), strict=True)
            ]

        # The number of turns is an argument, and what is not reached costs nothing.
        buffers = [jnp.zeros((len(ids), *aval.shape), aval.dtype) for aval in lane.out_avals]
        looped: list[jax.Array] = jax.lax.fori_loop(0, turns[0], body, buffers)
        return looped

    by_lane, copied = partition_spec(AXIS), partition_spec()
    return jax.shard_map(
        lanes,
        mesh=mesh,
        in_specs=(by_lane, by_lane, copied, by_lane, copied, copied),
        out_specs=by_lane,
        check_vma=False,  # a Flax training scan fails that check
    )


def partition_spec(*axes: str) -> PartitionSpec:
    """How an array is spread: its first axes over these of the mesh."""
    return PartitionSpec(*axes)  # type: ignore[no-untyped-call]


def _fold(root: jax.Array, ids: jax.Array, folds: jax.Array) -> jax.Array:
    """The root key with the first ids folded in: with and without repeats in one program."""
    key: jax.Array = jax.lax.fori_loop(0, folds, lambda i, key: jax.random.fold_in(key, ids[i]), root)
    return key


def _chunk(array: jax.Array, index: jax.Array, width: int) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(array, index * width, width)
