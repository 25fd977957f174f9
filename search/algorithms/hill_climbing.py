"""`HillClimbing`: from a point to the best one beside it, and on."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.fields import field

from ..spaces.dna import DNA
from ..spaces.points import Spec
from ..spaces.sampling import genes_of, random_words, words
from ..spaces.space import Space
from .algorithm import Algorithm, Rewards
from .variation.activity import Where, chosen
from .variation.mutation import mutated, mutation_words


class _Summit(NamedTuple):
    """What a climb keeps.

    Attributes:
        choices: Those of the point where it stands, int32[1, C].
        floats: Those, float32[1, F].
        reward: What that earned, float32[]; negative infinity where it stands nowhere.
        stuck: How many were told since that was last improved, int32[].
    """

    choices: jax.Array
    floats: jax.Array
    reward: jax.Array
    stuck: jax.Array


class HillClimbing(Algorithm):
    """Stochastic hill climbing with restarts: the baseline of what learns.

    It proposes points of which a decision is another one than where it stands, by `mutators.Uniform`: of a
    batch all beside the same point. It goes to the best that is told, if that is at least as good: so it
    crosses plateaus. Where so many were told without an improvement that it is probably on a summit, it
    starts anew, from points that are drawn by the law of the space. Of several objectives it takes one only.

    Attributes:
        patience: How many are told without an improvement before it starts anew; None for twice as many as
            there are points beside one, a float counting for ten of them, but at most 1,000.
        where: Which decisions may change: a predicate on points; None for all.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space([search.oneof([0, 1]) for _ in range(12)])
        >>> results = search.run(search.algorithms.HillClimbing(), lambda bits, key: sum(bits), space, 96,
        ...                      jax.random.key(0), batch=8, mode='max')
        >>> int(results.best().metrics)
        12
    """

    patience: int | None = None
    where: Where | None = field(default=None, kw_only=True)

    def __check__(self) -> None:
        if self.patience is not None and self.patience < 1:
            raise ValueError(f"patience is at least 1, got {self.patience}")

    def start(self, space: Space, key: jax.Array, objectives: int) -> _Summit:
        """It stands nowhere."""
        spec = space.spec
        return _Summit(
            jnp.zeros((1, spec.choices), jnp.int32),
            jnp.zeros((1, spec.floats), jnp.float32),
            jnp.full((), -jnp.inf, jnp.float32),
            jnp.zeros((), jnp.int32),
        )

    def propose(self, spec: Spec, own: _Summit, key: jax.Array, n: int) -> tuple[DNA, _Summit]:
        """Points beside that where it stands; where it stands nowhere, points by the law of the space."""
        first = words(spec)
        rows = random_words(key, (n, first + mutation_words(spec)))
        drawn = DNA(spec, *genes_of(spec, rows[:, :first]))
        here = DNA(spec, jnp.repeat(own.choices, n, axis=0), jnp.repeat(own.floats, n, axis=0))
        beside = mutated(here, rows[:, first:], where=self.where)
        is_somewhere = own.reward > -jnp.inf
        dnas: DNA = jax.tree.map(lambda near, far: jnp.where(is_somewhere, near, far), beside, drawn)
        return dnas, own

    def learn(self, spec: Spec, own: _Summit, dnas: DNA, rewards: Rewards) -> _Summit:
        """It goes to the best, and counts."""
        if not len(dnas):
            return own
        place = jnp.argmax(rewards[:, 0])
        best = jnp.asarray(rewards)[place, 0]
        goes = (best >= own.reward) & (best > -jnp.inf)
        stuck = jnp.where(best > own.reward, 0, own.stuck + len(dnas))
        is_stuck = stuck >= self._patience(spec)
        return _Summit(
            jnp.where(goes, jnp.asarray(dnas.choices)[place][None], own.choices),
            jnp.where(goes, jnp.asarray(dnas.floats)[place][None], own.floats),
            jnp.where(is_stuck, -jnp.inf, jnp.where(goes, best, own.reward)),
            jnp.where(is_stuck, 0, stuck).astype(jnp.int32),
        )

    def _patience(self, spec: Spec) -> int:
        if self.patience is not None:
            return self.patience
        beside = 0.0
        for index in np.flatnonzero(chosen(spec, self.where)):
            choice = spec.points[index].choice
            if choice.array == "floats":
                beside += 10
            else:
                beside += float(choice.size([[1] * len(slot) for slot in choice.slots()])) - 1
        return int(min(max(2 * beside, 1), 1000))
