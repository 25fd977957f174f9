"""Patches without writing a function: `on_type`, `on_path`, `on_key` and others."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Any, Final

from symjax.core.paths import Path
from symjax.verbs.equality import surely_eq
from symjax.verbs.query import query

from .core.patch import RuleFunction
from .core.patcher import patcher


class Absent(enum.Enum):
    """The type of `ABSENT`."""

    ABSENT = "ABSENT"


ABSENT: Final = Absent.ABSENT
"""No value was given; None is a value."""

_Change = Callable[[Any], Any] | None


@patcher
def on_type(
    tree: Any, kind: type | tuple[type, ...], value: Any = ABSENT, *, fn: _Change = None
) -> RuleFunction:
    """Replaces every instance of a class.

    What was replaced is not entered.

    Args:
        tree: The tree to patch.
        kind: A class, or several; instances of subclasses count.
        value: What stands there afterwards.
        fn: In place of `value`: a function from the old value to the new one.

    Example:
        >>> from symjax import patches
        >>> patches.on_type(bool, False)({'debug': True, 'steps': 1})
        {'debug': False, 'steps': 1}
    """
    new = _changer(value, fn)
    return lambda k, v: new(v) if isinstance(v, kind) else v


@patcher
def on_path(tree: Any, regex: str, value: Any = ABSENT, *, fn: _Change = None) -> dict[Path, Any]:
    """Replaces every value whose path matches a pattern.

    What was replaced is not entered.

    Args:
        tree: The tree to patch.
        regex: Matched from the start of the whole path, as by `symjax.query` and `re.match`.
        value: What stands there afterwards.
        fn: In place of `value`: a function from the old value to the new one.

    Example:
        >>> from symjax import patches
        >>> patches.on_path(r'.*rate$', fn=lambda rate: 2 * rate)({'a': [{'rate': 1.0}], 'b': 1.0})
        {'a': [{'rate': 2.0}], 'b': 1.0}
    """
    new = _changer(value, fn)
    return {path: new(old) for path, old in query(tree, regex).items()}


@patcher
def on_key(tree: Any, regex: str, value: Any = ABSENT, *, fn: _Change = None) -> RuleFunction:
    """Replaces every value whose last key, a field's name or a key of a mapping, matches a pattern.

    Args:
        tree: The tree to patch.
        regex: Matched against the whole key: ``'learning_rate|lr'`` does not match ``lr_decay``.
        value: What stands there afterwards.
        fn: In place of `value`: a function from the old value to the new one.

    Example:
        >>> from symjax import patches
        >>> patches.on_key('rate', 0.5)({'a': {'rate': 0.1}, 'rates': 0.1})
        {'a': {'rate': 0.5}, 'rates': 0.1}
        >>> str(patches.on_key('rate', 0.5))
        'on_key?regex=rate&value=0.5'
    """
    new = _changer(value, fn)
    pattern = re.compile(regex)

    def rule(k: Path, v: Any) -> Any:
        return new(v) if isinstance(k.key, str) and pattern.fullmatch(k.key) else v

    return rule


@patcher
def on_value(tree: Any, old: Any, value: Any = ABSENT, *, fn: _Change = None) -> RuleFunction:
    """Replaces every value that equals another in the sense of `symjax.eq`.

    Args:
        tree: The tree to patch.
        old: The value to look for; ``1``, ``1.0`` and ``True`` differ.
        value: What stands there afterwards.
        fn: In place of `value`: a function from the old value to the new one.

    Example:
        >>> from symjax import patches
        >>> patches.on_value('relu', 'gelu')(['relu', 'tanh', 'relu'])
        ['gelu', 'tanh', 'gelu']
    """
    new = _changer(value, fn)
    return lambda k, v: new(v) if surely_eq(v, old) else v


@patcher
def on_member(
    tree: Any, kind: type | tuple[type, ...], name: str, value: Any = ABSENT, *, fn: _Change = None
) -> RuleFunction:
    """Replaces one argument of every instance of a class.

    Args:
        tree: The tree to patch.
        kind: A class, or several; instances of subclasses count.
        name: The name of the argument.
        value: What stands there afterwards.
        fn: In place of `value`: a function from the old value to the new one.

    Example:
        >>> from symjax import linen as nn, patches
        >>> model = nn.Sequential([nn.Conv(8, (3, 3)), nn.Dense(10)])
        >>> patches.on_member(nn.Conv, 'features', fn=lambda n: 2 * n)(model).layers[0].features
        16
    """
    new = _changer(value, fn)
    return lambda k, v, p: new(v) if isinstance(p, kind) and k.key == name else v


def _changer(value: Any, fn: _Change) -> Callable[[Any], Any]:
    if (value is ABSENT) == (fn is None):
        raise TypeError("give either a value or fn, a function from the old value to the new one")
    return fn if fn is not None else lambda old: value
