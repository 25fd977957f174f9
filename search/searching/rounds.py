"""Rounds: an algorithm asks, an engine evaluates, the algorithm is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import jax
import numpy as np

from symjax.core.errors import brief

from ..algorithms.algorithm import Algorithm, Exhausted, State
from ..algorithms.checking import check_points
from ..engines.engine import Engine
from ..evaluation.interrupts import interruptible, keeping
from ..evaluation.running.recovery import is_interrupt
from ..results.results import Results
from ..spaces.constraints import redrawn
from ..spaces.dna import DNA
from ..spaces.space import Space
from .compiled import CompiledRounds, compiled_rounds
from .giving_up import Hope
from .rewards import rewards_of
from .watching import Watch

# How often an algorithm is asked again for what is not allowed, before the space itself is drawn from.
_TURNS = 16

_ask = partial(jax.jit, static_argnums=3)(Algorithm.ask)
_tell = jax.jit(Algorithm.tell)


@dataclass(frozen=True)
class Keys:
    """The keys of a search, all out of one.

    Attributes:
        init: For the algorithm's start.
        ask: Folded with the id of the first trial of a batch, for asking.
        trials: The root key of the trials.
    """

    init: jax.Array
    ask: jax.Array
    trials: jax.Array

    @classmethod
    def of(cls, key: jax.Array) -> Keys:
        """The keys of a search out of its key."""
        return cls(*jax.random.split(key, 3))


@dataclass(frozen=True)
class Round:
    """What came of some trials.

    Attributes:
        results: Theirs, in the order of their ids.
        state: What the algorithm knows after them.
    """

    results: Results
    state: State


@final
@dataclass(frozen=True)
class Search:
    """What a search needs to go on from a state.

    Attributes:
        algorithm: Proposes and learns.
        fn: ``fn(experiment, key, *broadcast) -> metrics``.
        space: The space.
        keys: The keys.
        engine: Where trials run.
        broadcast: Arguments that all trials share.
        options: What `search.evaluate` is to know besides: objective, mode, repeats, constraints.
        compiled: Whether rounds are compiled into one loop; None for what suits. See `run`.
    """

    algorithm: Algorithm
    fn: Callable[..., Any]
    space: Space
    keys: Keys
    engine: Engine
    broadcast: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    compiled: bool | None = None

    def init(self) -> State:
        """The state before the first trial."""
        return self.algorithm.init(self.space, self.keys.init, count(self.options.get("objective")))

    def ask(self, state: State, first_id: int, n: int) -> tuple[DNA, State]:
        """What to try next: a batch whose trials count from `first_id` on, in NumPy arrays.

        In a constrained space the algorithm is asked again for what is not allowed; where it has nothing
        else to propose, the space is drawn from.

        Returns:
            `n` DNAs, or fewer where the algorithm comes to its end; and the next state.

        Raises:
            Exhausted: The algorithm has no more to propose.
            ValueError: Hardly any point is as `Space.constrain` demands.
        """
        key = jax.random.fold_in(self.keys.ask, first_id)
        dnas, state = self._asked(state, key, n)
        if not self.space.predicates:
            return dnas, state

        def again(turn: int) -> DNA:
            nonlocal state
            turn_key = jax.random.fold_in(key, turn)
            if turn <= _TURNS:
                try:
                    fresh, state = self._asked(state, turn_key, len(dnas))
                except Exhausted:
                    fresh = dnas[:0]
                if len(fresh) == len(dnas):
                    return fresh
            return self.space.sample(turn_key, len(dnas))

        return redrawn(dnas, self.space.allows, again, self.space.decode), state

    def _asked(self, state: State, key: jax.Array, n: int) -> tuple[DNA, State]:
        ask = _ask if self.algorithm.is_traceable else Algorithm.ask
        dnas, state = ask(self.algorithm, state, key, n)
        dnas = dnas.host()
        check_points(type(self.algorithm).__name__, dnas)
        return dnas, state

    def evaluate(self, dnas: DNA, first_id: int, **more: Any) -> Results:
        """What comes of a batch, which may be that all of it failed."""
        return self.engine.evaluate(
            self.fn,
            self.space,
            dnas,
            self.keys.trials,
            *self.broadcast,
            first_id=first_id,
            failures="keep",
            **self.options,
            **more,
        )

    def tell(self, state: State, results: Results) -> State:
        """What the algorithm knows after results.

        Raises:
            ValueError: It is not said which of several metrics counts.
        """
        if not self.algorithm.learns:
            return state
        tell = _tell if self.algorithm.is_traceable else Algorithm.tell
        return tell(self.algorithm, state, results.dnas, rewards_of(results))

    def rounds(
        self, state: State, first_id: int, trials: int, batch: int, watch: Watch | None = None
    ) -> Iterator[Round]:
        """Trials `first_id` to `first_id + trials`; fewer where the algorithm comes to its end.

        Args:
            state: What the algorithm knows after the trials before.
            first_id: The id of the first trial.
            trials: How many.
            batch: How many the algorithm proposes at a time.
            watch: Follows them.

        Yields:
            What came of a batch, or of several that ran as one program; and the state after it.

        Raises:
            ValueError: `compiled` is True, and the search cannot be compiled; the message says why.
            Exception: Everything raised, from trial 0 on: what the first one did.
        """
        watch, hope = watch or Watch(trials), Hope(is_start=first_id == 0)
        first, end = first_id, first_id + trials
        compiled = self.as_program(min(batch, trials)) if trials > 0 else None
        if compiled is not None:
            watch.compiles()
        while first < end:
            n = min(batch, end - first)
            each = None
            if compiled is not None:
                compiled = compiled.of_batch(n)
                each = self._chunk(compiled, state, first, (end - first) // n, watch)
            if each is None:  # the host's loop finds out which trial is at fault
                compiled = None
                each = self._batch(state, first, n, watch)
            if each is None:
                break
            state, first = each.state, first + len(each.results)
            hope.saw(each.results)
            yield each
            hope.check()
        hope.check(is_over=True)

    def as_program(self, batch: int) -> CompiledRounds | None:
        """Rounds of batches of this size as one program, if that is what suits, or is wanted.

        Raises:
            ValueError: It is wanted, and there is no such program; the message says why.
        """
        if self.compiled is False:
            return None
        return compiled_rounds(
            self.algorithm,
            self.fn,
            self.space,
            (self.keys.ask, self.keys.trials),
            self.broadcast,
            self.engine,
            self.options,
            batch,
            required=self.compiled is True,
        )

    def _chunk(
        self, compiled: CompiledRounds, state: State, first: int, rounds: int, watch: Watch
    ) -> Round | None:
        """Some rounds in one program; None if a trial made it fail."""
        try:
            results, state = compiled.run(state, first, rounds)
        except Exception as error:
            if is_interrupt(error):
                raise KeyboardInterrupt from error
            return None
        with interruptible(lambda: results), keeping(lambda: results):
            watch.ran(results)
        return Round(results, state)

    def _batch(self, state: State, first: int, n: int, watch: Watch) -> Round | None:
        """A round of the host; None if the algorithm is at its end."""
        try:
            dnas, state = self.ask(state, first, n)
        except Exhausted:
            return None
        results = self.evaluate(dnas, first, **watch.options())
        return Round(results, self.finish(state, results, watch))

    def finish(self, state: State, results: Results, watch: Watch) -> State:
        """The state after results that an engine has just given, which nothing that is raised loses."""
        with interruptible(lambda: results), keeping(lambda: results):
            state = self.tell(state, results)
            watch.saw(results)
        return state


def count(objective: str | Sequence[str] | None) -> int:
    """How many metrics count; one where it was not said which."""
    return 1 if objective is None or isinstance(objective, str) else len(objective)


def none_of(search: Search) -> Results:
    """The results of a search before its first trial."""
    nothing = DNA(
        search.space.spec,
        np.zeros((0, search.space.spec.choices), np.int32),
        np.zeros((0, search.space.spec.floats), np.float32),
    )
    return Results(search.space, nothing, np.zeros(0, np.uint32), search.keys.trials, None)


def check_number(name: str, number: object) -> None:
    """Refuses what is no whole number of at least one.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is less than one.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} is a whole number, got {brief(number)}")
    if number < 1:
        raise ValueError(f"a search needs {name} of at least 1, got {name}={number}")
