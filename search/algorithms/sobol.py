"""`Sobol`: points that fill the space evenly."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import numpy.typing as npt

from ..spaces.dna import DNA
from ..spaces.points import Spec
from ..spaces.sampling import genes_of, random_words, words
from ..spaces.space import Space
from .algorithm import Algorithm, Rewards

_BITS = 32

_genes_of = partial(jax.jit, static_argnums=0)(genes_of)


class _Sequence(NamedTuple):
    """What the sequence hangs on: words by which it is scrambled, uint32[4], and how many points are done."""

    seed: npt.NDArray[np.uint32]
    done: npt.NDArray[np.int64]


class Sobol(Algorithm):
    """A scrambled Sobol sequence: points that fill the space more evenly than independent draws.

    The numbers of the sequence take the place of the random words by which a point is drawn: so each decision
    follows its law (floats and whole numbers on their scales, candidates, lists and permutations of them),
    those that do not matter as well. The i-th point depends on the key of `init` and on i alone. Numbers of
    points that are powers of two are filled most evenly.

    The sequence is SciPy's (`scipy.stats.qmc.Sobol`; Owen 1998, "Scrambling Sobol' and Niederreiter-Xing
    points"; Joe and Kuo 2008).

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(0.0, 1.0), 'n': search.oneof([1, 2, 3, 4])})
        >>> sobol, key = search.algorithms.Sobol(), jax.random.key(0)
        >>> dnas, state = sobol.ask(sobol.init(space, key), key, 8)
        >>> sorted(tree['n'] for tree in space.decode(dnas))
        [1, 1, 2, 2, 3, 3, 4, 4]
    """

    is_traceable = False
    batch = None

    def start(self, space: Space, key: jax.Array, objectives: int) -> _Sequence:
        """The first point.

        Raises:
            ValueError: The space takes more random words than a Sobol sequence has dimensions.
            ImportError: SciPy is not installed.
        """
        most = _qmc().Sobol.MAXDIM
        if words(space.spec) > most:
            raise ValueError(
                f"a Sobol sequence has at most {most:,} dimensions, and the decisions of the space take "
                f"{words(space.spec):,}; take search.algorithms.Random()"
            )
        return _Sequence(np.asarray(random_words(key, (4,))), np.zeros((), np.int64))

    def propose(self, spec: Spec, own: _Sequence, key: jax.Array, n: int) -> tuple[DNA, _Sequence]:
        """The next points."""
        rows = (_numbers(words(spec), own, n) * 2.0**_BITS).astype(np.uint32)
        choices, floats = _genes_of(spec, rows)
        return DNA(spec, np.asarray(choices), np.asarray(floats)), own._replace(done=own.done + n)

    def learn(self, spec: Spec, own: _Sequence, dnas: DNA, rewards: Rewards) -> _Sequence:
        """Nothing is learnt."""
        return own


def _numbers(dimensions: int, own: _Sequence, n: int) -> npt.NDArray[np.float64]:
    """The next n points of the unit cube, float64[n, dimensions]."""
    if not dimensions:
        return np.zeros((n, 0))
    sobol = _qmc().Sobol
    # SciPy has called its seed by another name since version 1.15.
    name = "rng" if "rng" in inspect.signature(sobol).parameters else "seed"
    generator = np.random.default_rng(np.asarray(own.seed).tolist())
    engine = sobol(dimensions, scramble=True, bits=_BITS, **{name: generator})
    if own.done:
        engine.fast_forward(int(own.done))
        count = n
    else:
        count = 1 << (n - 1).bit_length()  # it warns of other numbers in the beginning
    numbers: npt.NDArray[np.float64] = engine.random(count)[:n]
    return numbers


def _qmc() -> Any:
    # Loaded here, for it takes half a second.
    try:
        from scipy.stats import qmc
    except ImportError as error:
        raise ImportError("Sobol needs SciPy, which is not installed: pip install scipy") from error
    return qmc
