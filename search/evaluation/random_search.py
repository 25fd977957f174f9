"""Random search: the baseline that a search has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ..compiling.lanes import Mode
from ..results.objective import Bound, Modes
from ..results.results import Results
from ..spaces.opening import require_space
from ..spaces.space import Space
from .evaluate import evaluate
from .jobs import OnResult
from .progress import Report


def random_search(
    fn: Callable[..., Any],
    space: Space,
    key: jax.Array,
    n: int,
    *broadcast: Any,
    objective: str | Sequence[str] | None = None,
    mode: Modes | None = None,
    repeats: int = 1,
    constraints: Mapping[str, Bound] | None = None,
    resume: Results | None = None,
    retry_failed: bool = False,
    first_id: int = 0,
    lanes: Mode | None = None,
    width: int | None = None,
    devices: jax.Device | Sequence[jax.Device] | None = None,
    progress: bool | Report = False,
    on_result: OnResult | None = None,
) -> Results:
    """Draws configurations and evaluates them: independent draws, which need no order among them.

    A search can be made longer, and parted: the trials from `first_id` on are those that a search of more
    trials with the same key has there.

    Args:
        fn: ``fn(experiment, key, *broadcast)``; see `evaluate`, as for what follows.
        space: The space.
        key: One half of it draws the configurations, the other is the root of their keys.
        n: How many, at least one.
        *broadcast: Arguments that all configurations share.
        objective: The name of the metric that counts, or several.
        mode: ``'max'`` if more is better, ``'min'`` if less is; by default ``'max'``.
        repeats: How many seeds each configuration runs with.
        constraints: Bounds of metrics.
        resume: Results of the same search that was interrupted.
        retry_failed: Whether configurations that raised run again.
        first_id: The number of the first trial in the search.
        lanes: ``'map'`` or ``'vmap'``.
        width: Lanes side by side on each device.
        devices: Where to run.
        progress: Show a bar, or a function to call.
        on_result: Called with the results of each chunk.

    Returns:
        The results.

    Raises:
        Interrupted: Ctrl-C; the results so far are on it.
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
    if first_id < 0:
        raise ValueError(f"trials are counted from 0, got first_id={first_id}")
    require_space(space)
    draw_key, root_key = jax.random.split(key)
    dnas = space.sample(draw_key, first_id + n)[np.arange(first_id, first_id + n)]
    return evaluate(
        fn,
        space,
        dnas,
        root_key,
        *broadcast,
        objective=objective,
        mode=mode,
        repeats=repeats,
        constraints=constraints,
        resume=resume,
        retry_failed=retry_failed,
        first_id=first_id,
        lanes=lanes,
        width=width,
        devices=devices,
        progress=progress,
        on_result=on_result,
    )
