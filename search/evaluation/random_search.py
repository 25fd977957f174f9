"""Random search: the baseline that a search has to beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from ..results.results import Results
from ..spaces.space import Space, require_space
from .evaluate import evaluate
from .progress import Report


def random_search(
    fn: Callable[..., Any],
    space: Space,
    key: jax.Array,
    n: int,
    *broadcast: Any,
    lanes: int | None = None,
    devices: Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
) -> Results:
    """Draws configurations and evaluates them: independent draws, which need no order among them.

    Args:
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`, as for what follows.
        space: The space.
        key: One half of it draws the configurations, the other is the root of their keys.
        n: How many, at least one.
        *broadcast: Arguments that all configurations share.
        lanes: Lanes on each device.
        devices: Where to run.
        progress: Show a bar, or a function to call.

    Returns:
        The results.

    Raises:
        TypeError: As `evaluate`.
        ValueError: `n` is less than one; and as `evaluate`.

    Example:
        >>> import jax
        >>> from symjax import search
        >>> space = search.space({'x': search.floatv(-1.0, 1.0)})
        >>> results = search.random_search(lambda exp, key: -exp['x'] ** 2, space, jax.random.key(0), 64)
        >>> abs(results.best().experiment['x']) < 0.1
        True
    """
    if n < 1:
        raise ValueError(f"a search needs at least one configuration, got n={n}")
    require_space(space)
    draw_key, root_key = jax.random.split(key)
    dnas = space.sample(draw_key, n)
    return evaluate(fn, space, dnas, root_key, *broadcast, lanes=lanes, devices=devices, progress=progress)
