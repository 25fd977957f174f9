"""`Coordinate`: the decisions of a space as columns of numbers, for plots and statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...spaces.choice import Choice, Number
from ...spaces.dna import DNA
from ...spaces.points import Point
from ...spaces.space import Space
from ...spaces.values import candidate_names


@dataclass(frozen=True)
class Coordinate:
    """One number that a point of a space consists of: a decision, or a place of one that takes several.

    Attributes:
        name: What people call it: as the column of a data frame; where several decisions have that name, with
            the candidate that it stands in, ``learning_rate (adam)``, or else by its id; ``ops[1]`` for a
            place of a list. Unique in a space.
        point: The index of the decision in the spec.
        slot: Its place among the numbers of that decision.
        labels: What the candidates are called, whose indices the numbers are; None for numbers as such.
        low: The least number; None where the decision does not say.
        high: The greatest number, likewise.
        scale: On which scale the numbers lie: ``'linear'``, ``'log'`` or ``'reverse_log'``.
    """

    name: str
    point: int
    slot: int
    labels: tuple[str, ...] | None
    low: Number | None
    high: Number | None
    scale: str


def coordinates(space: Space) -> tuple[Coordinate, ...]:
    """The numbers that points of a space consist of, in the order of `DNA.numbers`.

    Example:
        >>> from symjax import search
        >>> space = search.space({'act': search.oneof(['relu', 'gelu']), 'lr': search.floatv(1e-4, 1, 'log')})
        >>> [(each.name, each.labels, each.scale) for each in coordinates(space)]
        [('act', ('relu', 'gelu'), 'linear'), ('lr', None, 'log')]
    """
    labelled = [
        _labels(choice, candidate_names(choice, branches))
        for choice, branches in zip(space.choices, space.branches, strict=True)
    ]
    names = _names(space.spec.points, labelled)
    result: list[Coordinate] = []
    for index, (choice, name, labels) in enumerate(zip(space.choices, names, labelled, strict=True)):
        low, high = (0, len(labels) - 1) if labels else _limits(choice)
        scale = getattr(choice, "scale", "linear")  # of the kinds that have one
        for slot in range(choice.count):
            own = name if choice.is_single else f"{name}[{slot}]"
            result.append(Coordinate(own, index, slot, labels, low, high, scale))
    return tuple(result)


def numbers_of(dnas: DNA, columns: Sequence[Coordinate]) -> npt.NDArray[np.float64]:
    """The numbers of a batch.

    Args:
        dnas: A batch of n.
        columns: k coordinates of its space.

    Returns:
        float64[n, k]: values, or indices of candidates; NaN where a decision does not matter.

    Example:
        >>> from symjax import search
        >>> space = search.space({'x': search.oneof([1, search.intv(5, 9)])})
        >>> numbers_of(search.DNA.from_numbers(space.spec, [[0, 5], [1, 7]]), coordinates(space)).tolist()
        [[0.0, nan], [1.0, 7.0]]
    """
    host = dnas.host()
    genes = {"choices": host.choices, "floats": host.floats}
    active = np.asarray(host.active)
    numbers = np.full((len(host), len(columns)), np.nan)
    for column, coordinate in enumerate(columns):
        choice = host.spec.points[coordinate.point].choice
        own = genes[choice.array][:, host.spec.columns[coordinate.point]]
        for row in np.flatnonzero(active[:, coordinate.point]):
            numbers[row, column] = choice.numbers(own[row])[coordinate.slot]
    return numbers


def _names(points: Sequence[Point], labels: Sequence[tuple[str, ...] | None]) -> list[str]:
    """What decisions are called, each differently: as briefly as that allows."""
    plain = [point.choice.name or point.label or str(point.path) or point.name for point in points]
    parents = [(labels[point.parent] or ())[point.branch] if point.parent >= 0 else "" for point in points]
    within = [f"{name} ({parent})" if parent else name for name, parent in zip(plain, parents, strict=True)]
    count = Counter([*plain, *within])
    return [
        name if count[name] == 1 + (name == longer) else longer if count[longer] == 1 else point.id
        for name, longer, point in zip(plain, within, points, strict=True)
    ]


def _labels(choice: Choice, own: Mapping[int, str]) -> tuple[str, ...] | None:
    """What candidates are called, each differently."""
    slots = choice.slots()
    if not slots:
        return None
    texts = [own.get(index) or str(choice.label(index)) for index in range(len(slots[0]))]
    count = Counter(texts)
    return tuple(text if count[text] == 1 else f"{text} ({index})" for index, text in enumerate(texts))


def _limits(choice: Choice) -> tuple[Number | None, Number | None]:
    """The numbers at the two ends of what the genes may be."""
    if choice.bounds is None:
        return None, None
    kind = np.int32 if choice.array == "choices" else np.float32
    low, high = (choice.numbers(np.array([gene], kind))[0] for gene in choice.bounds)
    return low, high
