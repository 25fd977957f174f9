"""Other sizes: widths, depths and heads in a few ratios, that go together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from symjax.core.paths import Path
from symjax.patches.analysis.sizes.probe import Effect, Kind

from ..spaces.kinds.oneof import oneof
from .suggestions import Suggestion, shortened

_RATIOS: Final = (0.5, 1.0, 2.0)

_LONGEST: Final = 100  # characters of what a model's error says
_WHY: Final[dict[Kind, str]] = {"width": "a width", "depth": "a depth", "partition": "heads or groups"}
_LEFT: Final[dict[Kind, str]] = {
    "task": "the task's",
    "window": "the window of a convolution",
    "tied": "cannot change alone",
    "none": "no parameter depends on it",
}


def sizes(effects: Iterable[Effect]) -> list[Suggestion]:
    """What is proposed for the ints of one model, or of several of which each divides its own.

    Args:
        effects: What they do, in the order of the tree.

    Returns:
        A suggestion for each, but for those that follow another one.

    Example:
        >>> import symjax as sj
        >>> effects = [Effect(sj.Path(['width']), 32, 'width'), Effect(sj.Path(['heads']), 4, 'partition')]
        >>> [suggestion.choice for suggestion in sizes(effects)]
        [oneof([16, 32, 64]), oneof([2, 4, 8])]
    """
    effects = _leaders(effects)
    parts = [effect.value for effect in effects if effect.kind == "partition"]
    widths = [_ratios(e.value, _unit(e.value, parts)) for e in effects if e.kind == "width"]
    return [_suggestion(effect, parts, widths) for effect in effects]


def _leaders(effects: Iterable[Effect]) -> list[Effect]:
    """The effects, of fields that can only change together the first."""
    followers: set[Path] = set()
    leaders = []
    for effect in effects:
        if effect.path not in followers:
            leaders.append(effect)
            followers.update(effect.together)
    return leaders


def _suggestion(effect: Effect, parts: Sequence[int], widths: Sequence[Sequence[int]]) -> Suggestion:
    path, value, kind = effect.path, effect.value, effect.kind
    if kind not in _WHY:
        why = _LEFT.get(kind, kind)
        return Suggestion(
            path, value, shortened(f"{why}: {effect.remark}", _LONGEST) if effect.remark else why
        )
    if kind == "width":
        candidates = _ratios(value, _unit(value, parts))
    else:
        candidates = _ratios(value, 1)
    if kind == "partition":  # what it divides now, it is to divide whatever is decided
        divided = [width for width in widths if all(each % value == 0 for each in width)]
        candidates = [c for c in candidates if all(w % c == 0 for width in divided for w in width)]
    if len(candidates) < 2:
        return Suggestion(path, value, f"{_WHY[kind]}, for which there is no other value")
    return Suggestion(path, value, _WHY[kind], oneof(candidates), effect.together)


def _ratios(value: int, unit: int) -> list[int]:
    """A size, half of it and twice, in whole units."""
    return sorted({max(1, round(value * ratio / unit)) * unit for ratio in _RATIOS})


def _unit(width: int, parts: Sequence[int]) -> int:
    """The parts into which a width has to be divided."""
    return math.lcm(*[part for part in parts if width % part == 0])
