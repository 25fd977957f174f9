"""`change_lr`: another learning rate, wherever it stands."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

from annotated_types import Gt, Lt

from symjax.core.errors import at
from symjax.core.leaves import is_leaf
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder
from symjax.verbs.tree import is_symbolic, items, replace

from ..core.patch import RuleFunction
from ..core.patcher import patcher

_KEYS: Final = ("learning_rate", "lr")
_PEAKS: Final = ("peak_value", "value")
_ENDS: Final = ("init_value", "end_value")


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
        if k.key not in _KEYS:
            return v
        if _is_rate(v):
            return learning_rate
        return _with_peak(v, learning_rate, k) if is_symbolic(v) else v

    return rule


def _with_peak(schedule: Any, learning_rate: Any, path: Path) -> Any:
    """The schedule with its highest value replaced."""
    rates = {name: value for name, value in items(schedule) or () if _is_rate(value)}
    ends = [name for name in _ENDS if name in rates]
    ends.sort(key=lambda name: _size(rates[name]), reverse=True)
    names = [*(name for name in _PEAKS if name in rates), *ends]
    if not names:
        raise ValueError(
            f"{type(schedule).__name__} has no value of its own that could be its peak (one of "
            f"{', '.join((*_PEAKS, *_ENDS))}); change its parts by their paths {at(path)}"
        )
    return replace(schedule, {names[0]: learning_rate}, path)


def _is_rate(value: object) -> bool:
    """Whether a learning rate can stand here: a number, or the choice of one."""
    return (isinstance(value, int | Placeholder) and not isinstance(value, bool)) or is_leaf(value)


def _size(value: Any) -> float:
    return math.inf if isinstance(value, Placeholder) else float(value)
