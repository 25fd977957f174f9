"""`change_lr`: another learning rate, wherever it stands."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

from annotated_types import Gt, Lt

from symjax.errors import at
from symjax.leaves import is_leaf
from symjax.paths import Path
from symjax.placeholders import Placeholder
from symjax.tree import is_symbolic, items, replace

from ..patch import RuleFunction
from ..patcher import patcher

_KEYS: Final = ("learning_rate", "lr")
_PEAKS: Final = ("peak_value", "value", "init_value", "end_value")


@patcher
def change_lr(tree: Any, learning_rate: Annotated[float, Gt(0), Lt(math.inf)]) -> RuleFunction:
    """Sets the learning rate: every number that is called ``learning_rate`` or ``lr``.

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

    def rule(k: Path, v: Any) -> Any:
        if k.key not in _KEYS or v is None or isinstance(v, bool | str):
            return v
        if isinstance(v, int | Placeholder) or is_leaf(v):
            return learning_rate
        return _with_peak(v, learning_rate, k) if is_symbolic(v) else v

    return rule


def _with_peak(schedule: Any, learning_rate: Any, path: Path) -> Any:
    """The schedule with its highest value replaced."""
    held = dict(items(schedule) or ())
    peaks = {name: held[name] for name in _PEAKS if isinstance(held.get(name), int | float)}
    if not peaks:
        raise ValueError(
            f"{type(schedule).__name__} has no value of its own that could be its peak (one of "
            f"{', '.join(_PEAKS)}); change its parts by their paths {at(path)}"
        )
    highest = max(peaks, key=lambda name: peaks[name])
    return replace(schedule, {highest: learning_rate}, path)
