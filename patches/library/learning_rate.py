"""`change_lr`: another learning rate, wherever it stands."""

from __future__ import annotations

import math
from typing import Annotated, Any

from annotated_types import Gt, Lt

from symjax.core.paths import Path

from ..core.patch import LookingFor
from ..core.patcher import patcher
from ..roles.settings import names_of, setting_test
from .training.rates import with_rate


@patcher
def change_lr(tree: Any, learning_rate: Annotated[float, Gt(0), Lt(math.inf)]) -> LookingFor:
    """Sets the learning rate: every number that is called ``learning_rate``, ``lr`` or ``base_lr``.

    Where a schedule stands, its shape is kept and its highest value is set: ``peak_value`` of a
    warm-up schedule, ``value`` of a constant one, ``init_value`` of one that decays, ``end_value``
    of one that only rises. What a schedule reaches elsewhere (its start, its end, its `alpha`)
    stays as it is. An open choice is closed.

    Args:
        tree: The experiment.
        learning_rate: The new one, greater than 0.

    Raises:
        ValueError: A schedule has no such value (one that is joined of others): change its parts by
            their paths.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax, patches
        >>> sj.patch(optax.adam(1e-3), 'change_lr?0.003').learning_rate
        0.003
        >>> adam = optax.adam(optax.cosine_decay_schedule(0.1, decay_steps=100))
        >>> sj.patch(adam, 'change_lr?0.003').learning_rate.init_value
        0.003
    """
    is_rate = setting_test("learning_rate")

    def rule(k: Path, v: Any, p: Any) -> Any:
        return with_rate(v, learning_rate, k) if is_rate(k, p) else v

    return LookingFor(f"numbers and schedules called {names_of('learning_rate')}", rule)
