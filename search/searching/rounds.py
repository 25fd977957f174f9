"""Rounds: an algorithm asks, an engine evaluates, the algorithm is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import jax

from ..algorithms.algorithm import Algorithm, State
from ..engines.engine import Engine
from ..results.results import Results
from ..spaces.dna import DNA
from ..spaces.space import Space
from .rewards import rewards_of

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
    """

    algorithm: Algorithm
    fn: Callable[..., Any]
    space: Space
    keys: Keys
    engine: Engine
    broadcast: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def init(self) -> State:
        """The state before the first trial."""
        objective = self.options.get("objective")
        objectives = 1 if objective is None or isinstance(objective, str) else len(objective)
        return self.algorithm.init(self.space, self.keys.init, objectives)

    def ask(self, state: State, first_id: int, n: int) -> tuple[DNA, State]:
        """What to try next: a batch whose trials count from `first_id` on, in NumPy arrays."""
        ask = _ask if self.algorithm.is_traceable else Algorithm.ask
        dnas, state = ask(self.algorithm, state, jax.random.fold_in(self.keys.ask, first_id), n)
        return dnas.host(), state

    def evaluate(self, dnas: DNA, first_id: int, **more: Any) -> Results:
        """What comes of a batch."""
        return self.engine.evaluate(
            self.fn,
            self.space,
            dnas,
            self.keys.trials,
            *self.broadcast,
            first_id=first_id,
            **self.options,
            **more,
        )

    def tell(self, state: State, results: Results) -> State:
        """What the algorithm knows after results."""
        tell = _tell if self.algorithm.is_traceable else Algorithm.tell
        return tell(self.algorithm, state, results.dnas, rewards_of(results))

    def rounds(self, state: State, first_id: int, trials: int, batch: int) -> Iterator[Round]:
        """Trials `first_id` to `first_id + trials`, in batches."""
        for first in range(first_id, first_id + trials, batch):
            dnas, state = self.ask(state, first, min(batch, first_id + trials - first))
            results = self.evaluate(dnas, first)
            state = self.tell(state, results)
            yield Round(results, state)
