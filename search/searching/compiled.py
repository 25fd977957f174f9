"""Rounds of a search as one program: whether that suits, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import jax
import numpy as np

from ..algorithms.algorithm import Algorithm, State
from ..algorithms.checking import check_points
from ..engines.engine import Engine
from ..engines.local import Local
from ..evaluation.requests import signature_text
from ..results.objective import Objective
from ..results.plan_summary import PlanSummary
from ..results.results import Results
from ..spaces.space import Space
from .loop import Chunk, Loop
from .single_program import SeveralPrograms, SingleProgram, single_program
from .weight import weight

# The numbers that a round may compute with, all trials together, for the host's loop to be slower: that takes
# some 3 ms for a round, whatever it computes; a core computes about as many numbers meanwhile.
_LIGHT = 1 << 22


@final
@dataclass(frozen=True)
class CompiledRounds:
    """Rounds of batches of one size, which run as one program.

    Attributes:
        algorithm: Proposes and learns.
        single: The program of a trial.
        keys: The key for asking, and the root key of the trials.
        goal: What counts.
        function: The function's name and what it takes.
        batch: The trials of a round.
        loop: The program.
    """

    algorithm: Algorithm
    single: SingleProgram
    keys: tuple[jax.Array, jax.Array]
    goal: Objective
    function: str
    batch: int
    loop: Loop

    @classmethod
    def of(
        cls,
        algorithm: Algorithm,
        single: SingleProgram,
        keys: tuple[jax.Array, jax.Array],
        goal: Objective,
        function: str,
        batch: int,
    ) -> CompiledRounds:
        """The rounds of an algorithm and the program of a trial."""
        return cls(algorithm, single, keys, goal, function, batch, Loop(algorithm, single, keys, goal, batch))

    def of_batch(self, batch: int) -> CompiledRounds:
        """The same for batches of another size."""
        if batch == self.batch:
            return self
        return self.of(self.algorithm, self.single, self.keys, self.goal, self.function, batch)

    def run(self, state: State, first_id: int, rounds: int) -> tuple[Results, State]:
        """Some rounds, at least one and not more than are wanted: their results, and the state after them.

        Raises:
            ValueError: The algorithm proposed what is no point of the space.
            Exception: What the compiler, or the device, raises.
        """
        chunk = self.loop.run(state, first_id, rounds)
        check_points(type(self.algorithm).__name__, chunk.dnas)
        return self._results(chunk, first_id), chunk.state

    def _results(self, chunk: Chunk, first_id: int) -> Results:
        n = len(chunk.dnas)
        lanes = self.single.plan.lanes
        name = type(self.algorithm).__name__
        plan = PlanSummary(
            f"all configurations → 1 program, compiled together with {name}; lanes: {', '.join(lanes)}",
            (n,),
            (self.single.layout_for(self.batch).width,),
            lanes,
            function=self.function,
        )
        return Results(
            self.single.plan.space,
            chunk.dnas,
            np.arange(first_id, first_id + n),
            self.keys[1],
            chunk.metrics,
            programs=np.zeros(n, np.int32),
            seconds=np.full(n, chunk.seconds / n),
            compiled=chunk.compiled,
            reused=chunk.reused,
            plan=plan,
            objective=self.goal,
        )


def compiled_rounds(
    algorithm: Algorithm,
    fn: Callable[..., Any],
    space: Space,
    keys: tuple[jax.Array, jax.Array],
    broadcast: tuple[Any, ...],
    engine: Engine,
    options: Mapping[str, Any],
    batch: int,
    required: bool,
) -> CompiledRounds | None:
    """Rounds as one program, where a trial is so cheap that the host's part would take most of the time.

    Whether it is hangs on the program of a trial and on the batch alone, never on a clock or on a machine.

    Args:
        algorithm: Proposes and learns.
        fn: The function.
        space: The space.
        keys: The key for asking, and the root key of the trials.
        broadcast: Arguments that all trials share.
        engine: Where trials run.
        options: Objective, mode, repeats and constraints.
        batch: The trials of a round.
        required: Whether it must be possible, whatever a trial costs.

    Raises:
        ValueError: It must, and is not; the message says why.
    """
    try:
        local = _local(algorithm, engine, options)
        goal = Objective.of(*(options.get(name) for name in ("objective", "mode", "constraints")))
        single = single_program(fn, space, keys[1], broadcast, local, goal)
    except SeveralPrograms as reason:
        if not required:
            return None
        raise ValueError(
            f"this search cannot be compiled into one program: {reason}; leave out compiled=True to run it "
            "batch by batch"
        ) from None
    except Exception:
        if required:
            raise
        return None  # the host's loop raises it, or keeps it beside what does not fail
    if not required and batch * weight(single.bucket.program.lane.trace().program, _LIGHT / batch) > _LIGHT:
        return None
    single.plan.warn(of_constants=True)
    return CompiledRounds.of(algorithm, single, keys, goal, signature_text(fn), batch)


def _local(algorithm: Algorithm, engine: Engine, options: Mapping[str, Any]) -> Local:
    """The engine, if it is this process's.

    Raises:
        SeveralPrograms: It is not; or one of the others does not go into a program.
    """
    if not algorithm.is_traceable:
        raise SeveralPrograms(f"{type(algorithm).__name__} runs in Python, and cannot be traced")
    if not isinstance(engine, Local):
        raise SeveralPrograms(f"{type(engine).__name__} is an engine of its own; Local runs in this process")
    if options.get("repeats", 1) != 1:
        raise SeveralPrograms("the mean over repeats is the host's")
    return engine
