"""Ranges for floats: by what they are called, and by their size."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from symjax.core.paths import Path
from symjax.patches.roles.marks import has_role
from symjax.patches.roles.settings import setting_test

from ..spaces.choice import Choice
from ..spaces.kinds.floatv import FloatV, Scale, floatv
from ..spaces.kinds.oneof import oneof

_WIDE, _NARROW = 10.0, 2.0

# What people call numbers, as words of the name: ``b2``, ``ema_decay``.
_GUARDS: Final = frozenset({"eps", "epsilon", "tiny"})
_NEAR_ONE: Final = frozenset({"b1", "b2", "b3", "beta", "beta1", "beta2", "decay", "discount", "ema"})
_NEAR_ONE_TOO: Final = frozenset({"gamma", "lam", "lambda", "momentum", "polyak"})
_SHARES: Final = frozenset({"fraction", "prob", "probability", "proportion", "ratio", "share"})
_LENGTHS: Final = frozenset({"epoch", "epochs", "frames", "iterations", "steps"})
_VALUES: Final = frozenset({"end_value", "init_value", "peak_value", "value"})  # what schedules call a rate
_SETTINGS: Final = (
    ("learning_rate", "a learning rate"),
    ("weight_decay", "a weight decay"),
    ("clip_norm", "a bound of gradients"),
    ("clip_value", "a bound of gradients"),
)


@dataclass(frozen=True)
class Law:
    """What a float is, and in which range it may lie.

    Attributes:
        why: What it is for; or why it should stay as it is.
        ranges: The range that suits it, and narrower ones, for fields that do not admit that; none if it
            should stay.
    """

    why: str
    ranges: tuple[Choice, ...] = ()


def law_of(path: Path, value: float, parent: Any, drops: Callable[[], bool] = lambda: False) -> Law:
    """The law of a float by its name, by the role of what holds it, and by its size.

    Args:
        path: Where it stands.
        value: What it is.
        parent: What holds it.
        drops: Whether it is a rate of dropout; asked where neither a name nor a role says what it is.

    Example:
        >>> import symjax as sj
        >>> law_of(sj.Path(['optimizer', 'learning_rate']), 1e-3, None).ranges[0]
        floatv(1e-4, 0.01, 'log')
        >>> law_of(sj.Path(['dropout_rate']), 0.1, None)
        Law(why='a rate of dropout', ranges=(floatv(0.0, 0.5),))
        >>> law_of(sj.Path(['eps']), 1e-8, None)
        Law(why='keeps a denominator from zero', ranges=())
    """
    name = path.key if isinstance(path.key, str) else ""
    words = frozenset(re.split(r"[^a-z0-9]+", name.lower()))
    if not name:
        return Law("one of several numbers in a list")
    if not math.isfinite(value):
        return Law("not finite")
    if words & _GUARDS or any(word.startswith("eps") for word in words):
        return Law("keeps a denominator from zero")
    if words & _LENGTHS:
        return Law("how long to train: more costs more")
    if any("bias_init" in str(key) for key in path):
        return Law("biases begin near zero")
    if 0 <= value < 1:
        if any("drop" in word for word in words) or has_role(parent, "dropout"):
            return _dropout(value)
        if "smoothing" in words:
            return Law("a smoothing of labels", (floatv(0.0, max(0.2, _rounded(2 * value))),))
    if value > 0 and has_role(parent, "schedule") and name in _VALUES:
        return Law("a learning rate", tuple(_around(value)))
    for setting, why in _SETTINGS:
        if setting_test(setting)(path, parent) and value > 0:
            return Law(why, tuple(_around(value)))
    if 0 <= value < 1 and words & (_NEAR_ONE | _NEAR_ONE_TOO):
        return Law("how much is kept from step to step", (_near_one(value),))
    if 0 < value < 1 and words & _SHARES:
        return Law("a share", (floatv(0.0, min(0.95, _rounded(2 * value))),))
    if 0 <= value < 1 and drops():
        return _dropout(value)
    if value <= 0:
        return Law(f"{value:g} says nothing of its scale")
    return Law("a positive number", tuple(_around(value)))


def some_of(choice: Choice, value: float) -> Choice:
    """Three values of a range, that of now among them: for a float that cannot be traced.

    Example:
        >>> some_of(floatv(1e-4, 0.01, 'log'), 1e-3)
        oneof([0.000316, 0.001, 0.00316])
    """
    if not isinstance(choice, FloatV):
        return choice
    values = {_rounded(choice.at(0.25)), value, _rounded(choice.at(0.75))}
    some: Choice = oneof(sorted(values))
    return some


def _dropout(value: float) -> Law:
    return Law("a rate of dropout", (floatv(0.0, 0.5 if value <= 0.5 else 0.95),))


def _around(value: float) -> Iterator[Choice]:
    """Log-uniform around a value; a share of one stays one."""
    for factor in (_WIDE, _NARROW):
        high = value * factor
        if 0.1 <= value < 1:
            high = min(high, 1.0)
        yield floatv(_rounded(value / factor), _rounded(high), "log")


def _near_one(value: float) -> Choice:
    """A number of which the distance to one counts."""
    distance = 1 - value
    choice: Choice
    if value < 0.5:
        choice = floatv(0.0, 0.9)
    elif value < 0.99:
        # Of such bounds, and of no others, the law is that the distance to one is log-uniform.
        scale: Scale = "reverse_log"
        choice = floatv(_rounded(distance / _WIDE), _rounded(1 - distance / _WIDE, 6), scale)
    else:
        values = [1 - _rounded(distance * share, 1) for share in (10, 3, 1 / 3, 1 / 10)]
        choice = oneof(sorted({value, *(_rounded(each, 9) for each in values)}))
    return choice


def _rounded(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")
