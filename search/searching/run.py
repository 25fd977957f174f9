"""`run`: a search, from its first trial to its last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from ..algorithms.algorithm import Algorithm
from ..engines.engine import Engine
from ..engines.local import Local
from ..results.objective import Bound, Modes
from ..results.results import Results
from ..spaces.space import Space
from .rounds import Keys, Search


def run(
    algorithm: Algorithm,
    fn: Callable[..., Any],
    space: Space,
    trials: int,
    key: jax.Array,
    *broadcast: Any,
    batch: int | None = None,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    repeats: int = 1,
    constraints: Mapping[str, Bound] | None = None,
    engine: Engine | None = None,
) -> Results:
    """Searches: the algorithm proposes, what it proposes is evaluated, and it learns from that.

    Args:
        algorithm: What proposes.
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`.
        space: The space.
        trials: How many configurations, at least one.
        key: The key of all that is drawn.
        *broadcast: Arguments that all configurations share.
        batch: How many configurations the algorithm proposes at a time.
        objective: The name of the metric that counts, or several.
        mode: ``'max'`` if more is better, ``'min'`` if less is.
        repeats: How many seeds each configuration runs with.
        constraints: Bounds of metrics.
        engine: Where to run; by default on all devices of this process.

    Returns:
        The results, in the order of the trials.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> results = search.run(
        ...     search.algorithms.Random(), lambda exp, key: -exp['x'] ** 2, space, 64, jax.random.key(0))
        >>> abs(results.best().experiment['x']) < 0.1
        True
    """
    options = {"objective": objective, "mode": mode, "repeats": repeats, "constraints": constraints}
    search = Search(algorithm, fn, space, Keys.of(key), engine or Local(), broadcast, options)
    size = batch or algorithm.batch or trials
    rounds = search.rounds(search.init(), 0, trials, size)
    return Results.concat([each.results for each in rounds])
