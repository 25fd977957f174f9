"""What of a model is repeated, and how often: blocks that an int counts, or that stand in a sequence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from symjax.core.inside import INSIDE
from symjax.core.paths import Path
from symjax.core.schema import is_symbolic
from symjax.verbs.equality import surely_eq
from symjax.verbs.walk import walk

from ...roles.marks import has_role
from .probe import Probe


@dataclass(frozen=True)
class Stack:
    """Something that is repeated.

    Attributes:
        path: Where the number stands, or the sequence.
        count: How often it is repeated.
        value: The number or the sequence.
        start: Where the first repetition starts in the sequence.
        unit: How many items are repeated together; 0 if every item is one repetition, of its own kind.
        together: Numbers that are always the same.
    """

    path: Path
    count: int
    value: Any
    start: int = 0
    unit: int = 1
    together: tuple[Path, ...] = ()

    def repeated(self, count: int) -> dict[Path, Any]:
        """The updates after which it is repeated so many times.

        Example:
            >>> Stack(Path(('layers',)), 2, ('a', 'b', 'a', 'b', 'c'), unit=2).repeated(3)
            {Path('layers'): ('a', 'b', 'a', 'b', 'a', 'b', 'c')}
        """
        if type(self.value) is int:
            return dict.fromkeys((self.path, *self.together), count)
        end = self.start + (self.unit or 1) * self.count
        items = self.value[self.start : end]
        if self.unit:
            repeated = items[: self.unit] * count
        else:
            repeated = tuple([items[i * self.count // count] for i in range(count)])
        return {self.path: (*self.value[: self.start], *repeated, *self.value[end:])}


def stacks_of(probe: Probe) -> list[Stack]:
    """The stacks of a model, as its calls show: ints that are depths, sequences of equal blocks.

    Where there are none: sequences of ints, such as the widths of a model's layers, which make it deeper when
    they get longer.
    """
    stacks = {
        frozenset((effect.path, *effect.together)): Stack(
            effect.path, effect.value, effect.value, together=effect.together
        )
        for effect in probe.integers
        if effect.kind == "depth"
    }
    paths = [path for group in stacks for path in group]
    runs = [stack for stack in runs_of(probe.model.node, probe.model.path) if _adds(probe, stack)]
    runs = [stack for stack in runs if not any(path.startswith(stack.path) for path in paths)]
    return [*stacks.values(), *runs] or [stack for stack in _listed(probe) if _adds(probe, stack)]


def runs_of(node: Any, base: Path = Path()) -> Iterator[Stack]:  # noqa: B008 - paths are immutable
    """The sequences in which symbolic items repeat, one after the other or in turns.

    Where no items are equal: those of dense layers or blocks of one class, but for the last, the head.

    Args:
        node: A tree.
        base: Where it stands.

    Example:
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(8), nn.relu, nn.Dense(2)])
        >>> [(str(stack.path), stack.count, stack.unit) for stack in runs_of(model)]
        [('layers', 2, 2)]
    """
    for path, value, _ in walk(node):
        if type(value) is tuple and len(value) > 1 and INSIDE not in path and any(map(is_symbolic, value)):
            stack = _longest_run(base / path, value) or _of_one_class(base / path, value)
            if stack is not None:
                yield stack


def _longest_run(path: Path, items: tuple[Any, ...]) -> Stack | None:
    """The run of equal items, or groups of items, that covers most of a sequence."""
    best: Stack | None = None
    for unit in range(1, len(items) // 2 + 1):
        for start in range(len(items) - 2 * unit + 1):
            count = _count(items, start, unit)
            covered = 0 if best is None else best.count * best.unit
            if count > 1 and count * unit > covered and any(map(is_symbolic, items[start : start + unit])):
                best = Stack(path, count, items, start, unit)
    return best


def _of_one_class(path: Path, items: tuple[Any, ...]) -> Stack | None:
    """A sequence of layers of one class, but for the last one."""
    layers = items[:-1]
    if len({type(item) for item in items}) > 1 or not has_role(items[0], "dense", "block"):
        return None
    return Stack(path, len(layers), items, unit=0)


def _count(items: tuple[Any, ...], start: int, unit: int) -> int:
    count = 1
    while start + (count + 1) * unit <= len(items):
        offset = start + count * unit
        if not all(surely_eq(items[start + i], items[offset + i]) for i in range(unit)):
            break
        count += 1
    return count


def _listed(probe: Probe) -> Iterator[Stack]:
    """The sequences of ints in a model."""
    for path, value, _ in walk(probe.model.node):
        if type(value) is tuple and value and INSIDE not in path and all(type(v) is int for v in value):
            yield Stack(probe.model.path / path, len(value), value, unit=0)


def _adds(probe: Probe, stack: Stack) -> bool:
    """Whether more repetitions add parameters, and leave the shapes of the outputs as they are."""
    try:
        longer = probe.called(stack.repeated(2 * stack.count))
    except Exception:  # noqa: BLE001 - other people's models may raise anything
        return False
    return len(longer.params) > len(probe.reply.params) and probe.keeps_outputs(longer)


def apportioned(counts: Sequence[int], total: int) -> list[int]:
    """Counts in the same proportions that add up to a total, each at least 1.

    Example:
        >>> apportioned([3, 4, 6, 3], 8), apportioned([2, 2], 1)
        ([2, 2, 3, 1], [1, 1])
    """
    whole = sum(counts)
    exact = [count * total / whole for count in counts]
    result = [max(1, math.floor(share)) for share in exact]
    order = sorted(range(len(counts)), key=lambda i: exact[i] - math.floor(exact[i]), reverse=True)
    for i in order:
        if sum(result) >= total:
            break
        result[i] += exact[i] >= 1
    return result
