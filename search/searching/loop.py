"""`Loop`: rounds of asking, evaluating and telling, compiled into one program."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, final

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.tree_util import PyTreeDef

from ..algorithms.algorithm import Algorithm, State
from ..compiling.cache import Cache, remembered
from ..compiling.lanes import Layout
from ..compiling.persistent import kept_on_disk, settings_of_code
from ..planning.programs import replicated
from ..results.columns import by_name
from ..results.objective import Mode, Objective
from ..spaces.dna import DNA
from .rewards import traced_rewards
from .single_program import Leaf, SingleProgram

# The trials and bytes that a call has room for, and the seconds that it is to take: so Ctrl-C is heeded soon.
_TRIALS = 16384
_BYTES = 16 << 20
_SECONDS = 0.25
_GROWTH = 8  # from one call to the next, as long as it is not known how long a round takes

Goals: TypeAlias = tuple[tuple[str, Mode], ...]
Bounds: TypeAlias = tuple[tuple[str, tuple[float, float]], ...]


@dataclass(frozen=True)
class Recipe:
    """What a loop is compiled of, besides its arguments.

    Attributes:
        lane: The program of one trial.
        leaves: The leaves that vary.
        metrics: The structure of the metrics.
        layout: How the lanes of a round run.
        goals: What counts.
        bounds: Of metrics.
        batch: The trials of a round.
        length: The rounds that a call has room for.
    """

    lane: ClosedJaxpr
    leaves: tuple[Leaf, ...]
    metrics: PyTreeDef
    layout: Layout
    goals: Goals
    bounds: Bounds
    batch: int
    length: int

    def key(self) -> Hashable:
        """What tells it from others, the lane aside."""
        leaves = tuple((leaf.array, leaf.column, leaf.table is None) for leaf in self.leaves)
        return leaves, self.metrics, self.layout, self.goals, self.bounds, self.batch, self.length


class Chunk(NamedTuple):
    """What came of some rounds.

    Attributes:
        dnas: What was asked for, in NumPy arrays.
        metrics: A pytree of arrays [n, ...].
        state: What the algorithm knows now.
        seconds: How long it took.
        compiled: 1 if the loop had to be compiled for it, else 0.
        reused: 1 if it is the first one, and the loop was there from an earlier search, else 0.
    """

    dnas: DNA
    metrics: Any
    state: State
    seconds: float
    compiled: int
    reused: int


@final
class Loop:
    """Rounds of asking, evaluating and telling in one program, which runs as many of them as it is told to.

    The program is that of a `lax.scan` over rounds whose length is an argument: so one serves searches of
    any length, in pieces of any length, to the last bit. What the function computes of a trial is the lane
    that `search.evaluate` compiles, with the same key.

    Args:
        algorithm: Proposes and learns; must be traceable.
        single: The program of a trial.
        broadcast: What all trials share, as leaves.
        keys: The key for asking, and the root key of the trials.
        goal: What counts.
        batch: The trials of a round.
        most: The rounds that a call has room for; by default as many as memory and patience allow.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        single: SingleProgram,
        keys: tuple[jax.Array, jax.Array],
        goal: Objective,
        batch: int,
        most: int | None = None,
    ) -> None:
        self._algorithm = algorithm
        program = single.bucket.program
        traced = program.lane.trace()
        names = tuple(by_name(traced.metrics))
        goals = tuple(goal.goals(None, None, names)) if algorithm.learns else ()
        spec = single.plan.space.spec
        size = batch * (4 * (spec.choices + spec.floats) + _bytes(traced.program.out_avals))
        length = min(max(1, _TRIALS // batch), max(1, _BYTES // max(1, size)))
        self._recipe = Recipe(
            traced.program,
            single.leaves,
            jax.tree.structure(traced.metrics),
            single.layout_for(batch),
            goals,
            tuple(goal.bounds.items()),
            batch,
            min(length, most or length),
        )
        self._fingerprint = traced.fingerprint
        self._device = single.device
        sharding = replicated(program.lane.task, "map")
        common = [single.bucket.arguments.leaves[index] for index in program.shared]
        avals = [single.bucket.arguments.avals[index] for index in program.shared]
        arrays = [
            leaf if isinstance(leaf, jax.Array) else np.asarray(leaf, aval.dtype if aval else None)
            for leaf, aval in zip(common, avals, strict=True)
        ]
        arrays += [constant.on(sharding) for constant in traced.constants]
        tables = [leaf.table for leaf in single.leaves]
        self._fixed = jax.device_put((keys, tables, arrays), single.device)
        self._turns = 1
        self._is_first = True

    def run(self, state: State, first_id: int, rounds: int) -> Chunk:
        """Runs some rounds.

        Args:
            state: What the algorithm knows before.
            first_id: The id of the first trial.
            rounds: How many are wanted, at least one; as many are run as take a fraction of a second.

        Raises:
            Exception: What the compiler, or the device, raises.
        """
        turns = min(rounds, self._turns, self._recipe.length)
        state = jax.device_put(jax.tree.map(_strong, state), self._device)
        arguments = (self._algorithm, state, np.uint32(first_id), np.int32(turns), *self._fixed)
        compiled, fresh = self._compiled(arguments)
        begun = time.perf_counter()
        state, buffers = compiled(*arguments)
        n = turns * self._recipe.batch
        choices, floats, metrics = jax.tree.map(lambda buffer: np.asarray(buffer)[:n], buffers)
        seconds = time.perf_counter() - begun
        self._turns = max(1, min(int(_SECONDS / max(seconds / turns, 1e-9)), _GROWTH * turns))
        metrics = jax.tree.unflatten(self._recipe.metrics, metrics)
        dnas = DNA(state.spec, choices, floats)
        reused, self._is_first = self._is_first and not fresh, False
        return Chunk(dnas, metrics, state, seconds, int(fresh), int(reused))

    def _compiled(self, arguments: tuple[Any, ...]) -> tuple[jax.stages.Compiled, bool]:
        leaves, treedef = jax.tree.flatten(arguments)
        avals = tuple((np.shape(leaf), jax.typeof(leaf).dtype) for leaf in leaves)
        key = (
            self._fingerprint,
            self._recipe.key(),
            treedef,
            avals,
            self._device,
            tuple(settings_of_code()),
        )
        program = _programs.get(key, lambda: _Program(self._recipe))
        return program.compiled(arguments)


class _Program:
    """A loop's code, compiled when it is first asked for, and but once."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe: Recipe | None = recipe
        self._code: jax.stages.Compiled | None = None
        self._lock = threading.Lock()

    def compiled(self, arguments: tuple[Any, ...]) -> tuple[jax.stages.Compiled, bool]:
        """The code, and whether it was compiled just now."""
        with self._lock:
            if self._code is not None:
                return self._code, False
            recipe = self._recipe
            assert recipe is not None
            lowered = jax.jit(lambda *own: _rounds(recipe, *own)).lower(*arguments)
            with kept_on_disk():
                self._code = lowered.compile()
            self._recipe = None  # it is as large as the function
            return self._code, True


_programs: Cache[_Program] = remembered(64)


def _rounds(
    recipe: Recipe,
    algorithm: Algorithm,
    state: State,
    first: jax.Array,
    turns: jax.Array,
    keys: tuple[jax.Array, jax.Array],
    tables: Sequence[jax.Array | None],
    common: Sequence[jax.Array],
) -> tuple[State, tuple[jax.Array, jax.Array, list[jax.Array]]]:
    """The loop: `turns` rounds, and what came of them in buffers [length * batch, ...]."""
    batch, trials = recipe.batch, recipe.length * recipe.batch
    spec = state.spec
    # For speed the keys are not made in the loop: a round would wait for its own.
    folded = jax.vmap(jax.random.fold_in, (None, 0))
    ask_keys = folded(keys[0], first + jnp.arange(recipe.length, dtype=jnp.uint32) * jnp.uint32(batch))
    trial_keys = folded(keys[1], first + jnp.arange(trials, dtype=jnp.uint32))

    def turn(index: jax.Array, carry: Any) -> Any:
        state, buffers = carry
        dnas, state = algorithm.ask(state, ask_keys[index], batch)
        own_keys = jax.lax.dynamic_slice_in_dim(trial_keys, index * batch, batch)
        values = [leaf.of(dnas, table) for leaf, table in zip(recipe.leaves, tables, strict=True)]
        metrics = _lanes(recipe, values, own_keys, common)
        if algorithm.learns:
            columns: Any = by_name(jax.tree.unflatten(recipe.metrics, metrics))
            state = algorithm.tell(state, dnas, traced_rewards(columns, recipe.goals, dict(recipe.bounds)))
        rows = (dnas.choices, dnas.floats, metrics)
        buffers = jax.tree.map(
            lambda buffer, row: jax.lax.dynamic_update_slice_in_dim(buffer, row, index * batch, 0),
            buffers,
            rows,
        )
        return jax.tree.map(_strong, state), buffers

    empty = (
        _buffer(trials, (spec.choices,), jnp.int32),
        _buffer(trials, (spec.floats,), jnp.float32),
        [_buffer(trials, aval.shape, aval.dtype) for aval in recipe.lane.out_avals],
    )
    looped: tuple[State, Any] = jax.lax.fori_loop(0, turns, turn, (state, empty))
    return looped


def _lanes(
    recipe: Recipe, values: list[jax.Array], keys: jax.Array, common: Sequence[jax.Array]
) -> list[jax.Array]:
    """The metrics of a round, [batch, ...] each: as `compiling.lanes.spread` has its lanes run."""
    evaluated = jaxpr_as_fun(recipe.lane)

    def one(own: tuple[list[jax.Array], jax.Array]) -> list[jax.Array]:
        values, key = _apart(own)
        results = zip(evaluated(*values, key, *common), recipe.lane.out_avals, strict=True)
        metrics: list[jax.Array] = _apart([jnp.asarray(result, aval.dtype) for result, aval in results])
        return metrics

    batch, width = recipe.batch, recipe.layout.width
    if recipe.layout.mode == "map" and width == 1:
        if batch == 1:
            return [result[None] for result in one(([value[0] for value in values], keys[0]))]
        return list(jax.lax.map(one, (values, keys)))
    calls = math.ceil(batch / width)
    filled = np.minimum(np.arange(calls * width), batch - 1)  # the last one again and again
    parts = jax.tree.map(lambda lanes: lanes[filled].reshape(calls, width, *lanes.shape[1:]), (values, keys))
    results = jax.lax.map(jax.vmap(one), parts)
    return [result.reshape(calls * width, *result.shape[2:])[:batch] for result in results]


def _apart(arrays: Any) -> Any:
    """The same: XLA may not fuse what a trial computes with what the algorithm does, and round otherwise."""
    return jax.lax.optimization_barrier(arrays)  # type: ignore[no-untyped-call]


def _buffer(n: int, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    return jnp.zeros((n, *shape), dtype)


def _strong(leaf: Any) -> jax.Array:
    """An array of a type that is not weak: such as a loop gives."""
    array = jnp.asarray(leaf)
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        return array
    strong: jax.Array = jax.lax.convert_element_type(array, array.dtype)
    return strong


def _bytes(avals: Sequence[Any]) -> int:
    return sum(math.prod(aval.shape) * getattr(aval.dtype, "itemsize", 0) for aval in avals)
