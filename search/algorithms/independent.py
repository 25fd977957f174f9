"""Algorithms that learn nothing: what they propose does not hang on rewards."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..spaces.dna import DNA
from ..spaces.points import Spec
from ..spaces.sampling import genes_of, words
from ..spaces.space import Space
from .algorithm import Algorithm, Rewards


class _Draws(NamedTuple):
    key: jax.Array
    drawn: jax.Array


class Random(Algorithm):
    """Independent draws from the space: the baseline that a search has to beat.

    The i-th draw depends on the key of `init` and on i alone: not on how many are asked for at a time.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'width': search.oneof([8, 16]), 'rate': search.floatv(0.0, 1.0)})
        >>> algorithm, key = search.algorithms.Random(), jax.random.key(0)
        >>> dnas, state = algorithm.ask(algorithm.init(space, key), key, 4)
        >>> dnas
        DNA[4] of width, rate
    """

    learns = False
    batch = None

    def start(self, space: Space, key: jax.Array, objectives: int) -> _Draws:
        """The key, and how many were drawn."""
        return _Draws(key, jnp.zeros((), jnp.uint32))

    def propose(self, spec: Spec, own: _Draws, key: jax.Array, n: int) -> tuple[DNA, _Draws]:
        """The next draws."""
        numbers = own.drawn + jnp.arange(n, dtype=jnp.uint32)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(own.key, numbers)
        rows = jax.vmap(lambda each: jax.random.bits(each, (words(spec),), "uint32"))(keys)
        return DNA(spec, *genes_of(spec, rows)), _Draws(own.key, own.drawn + jnp.uint32(n))

    def learn(self, spec: Spec, own: _Draws, dnas: DNA, rewards: Rewards) -> _Draws:
        """Nothing is learnt."""
        return own
