"""The forms of a DNA as plain data: flat numbers, nested ones, and by decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np

from symjax.core.errors import NoSuchPath, brief, unknown

from .choice import Genes, Number
from .points import Point, Spec


class Single(Protocol):
    """A single DNA."""

    spec: Spec
    choices: Genes
    floats: Genes

    @property
    def active(self) -> Genes:
        """Which decisions matter."""

    def host(self) -> Self:
        """The same with NumPy arrays."""


def by_point(dna: Single) -> list[Any]:
    """What a single DNA decides at each point: a number, or a list of them for several candidates."""
    host = dna.host()
    genes = {"choices": host.choices, "floats": host.floats}
    columns = zip(dna.spec.points, dna.spec.columns, strict=True)
    return [_shown(point, point.choice.numbers(genes[point.array][where])) for point, where in columns]


def flat(numbers: Sequence[Any]) -> list[Number]:
    """All numbers in one list."""
    return [number for own in numbers for number in (own if isinstance(own, list) else [own])]


def split(spec: Spec, numbers: Sequence[Any]) -> list[Sequence[object]]:
    """The numbers of each decision, out of all of them in one list.

    Raises:
        ValueError: There are too many or too few.
    """
    counts = [point.choice.count for point in spec.points]
    if len(numbers) != sum(counts):
        what = "too many" if len(numbers) > sum(counts) else "too few"
        raise ValueError(
            f"expected {sum(counts)} numbers ({', '.join(spec.names)}), got {len(numbers)}: {what}"
            + _where(spec, counts, len(numbers))
        )
    ends = np.cumsum(counts).tolist()
    return [numbers[end - count : end] for end, count in zip(ends, counts, strict=True)]


def _where(spec: Spec, counts: Sequence[int], got: int) -> str:
    """Where the numbers end, if there are too few."""
    for point, end in zip(spec.points, np.cumsum(counts), strict=True):
        if got < end:
            return f", none for {point.name}"
    return f", the last decision is {spec.points[-1].name}" if spec.points else ""


def nested(dna: Single) -> list[Any]:
    """The decisions that matter, those of a candidate within its decision."""
    numbers = by_point(dna)
    children = _children(dna.spec)

    def of(index: int) -> Any:
        own = numbers[index]
        if dna.spec.points[index].choice.is_single:
            return within(index, 0, own)
        return [within(index, slot, number) for slot, number in enumerate(own)]

    def within(index: int, slot: int, number: Any) -> Any:
        inner = [of(child) for child in children.get((index, slot, number), ())]
        return (number, *inner) if inner else number

    return [of(index) for index in children.get((-1, -1, -1), ())]


def from_nested(spec: Spec, decisions: Sequence[Any]) -> list[Sequence[object]]:
    """The numbers of each decision, out of their nested form.

    Raises:
        TypeError: A decision has another form.
        ValueError: There are too many or too few.
    """
    numbers: list[Sequence[object]] = [point.least for point in spec.points]
    children = _children(spec)

    def put(parts: Sequence[Any], indices: Sequence[int], where: str) -> None:
        if len(parts) != len(indices):
            names = ", ".join(spec.points[index].name for index in indices)
            raise ValueError(f"{where} has {len(indices)} decisions ({names}), got {len(parts)}")
        for part, index in zip(parts, indices, strict=True):
            point = spec.points[index]
            if point.choice.is_single:
                numbers[index] = [within(part, index, 0)]
            elif isinstance(part, list):
                numbers[index] = [within(item, index, slot) for slot, item in enumerate(part)]
            else:
                raise TypeError(f"{point.name} takes several candidates: a list of them, got {brief(part)}")

    def within(part: Any, index: int, slot: int) -> Any:
        number, *inner = part if isinstance(part, tuple) else (part,)
        key = (index, slot, number) if isinstance(number, int) else (index, slot, -1)
        put(inner, children.get(key, ()), f"candidate {number!r} of {spec.points[index].name}")
        return number

    put(decisions, children.get((-1, -1, -1), ()), "the space")
    return numbers


def to_dict(dna: Single, by_path: bool, labels: bool) -> dict[str, Any]:
    """What is decided, by id for all decisions, or by path for those that matter."""
    active = dna.host().active
    decided: dict[str, Any] = {}
    for point, number, matters in zip(dna.spec.points, by_point(dna), active, strict=True):
        if by_path and not matters:
            continue
        name = point.id if not by_path or str(point.path) in decided else str(point.path)
        decided[name] = _labelled(point, number) if labels else number
    return decided


def from_dict(spec: Spec, genes: Mapping[str, Any]) -> list[Sequence[object]]:
    """The numbers of each decision, out of numbers or labels by id, by name or by path."""
    unread = {str(name): number for name, number in genes.items()}
    numbers: list[Sequence[object]] = []
    matters: list[bool] = []
    for point in spec.points:
        active = point.parent < 0 or (
            matters[point.parent] and _takes(spec.points[point.parent], numbers[point.parent], point)
        )
        matters.append(active)
        name = next((name for name in _names(point, active) if name in unread), None)
        if name is None and active:
            refuse_unknown(spec, unread)
            raise ValueError(f"the decision {point.name} is missing")
        numbers.append(point.least if name is None else _listed(point, unread.pop(name)))
    for name in unread:
        names = [point.name for point, active in zip(spec.points, matters, strict=True) if active]
        raise NoSuchPath(unknown("decision", name[:200], names, "decisions that matter here"))
    return numbers


def refuse_unknown(spec: Spec, names: Iterable[str]) -> None:
    """Refuses what is no decision of the space: where one is missing, that is why.

    Raises:
        KeyError: There is one.
    """
    known = {name for point in spec.points for name in _names(point, True)}
    for name in names:
        if name not in known:
            raise NoSuchPath(unknown("decision", name[:200], spec.names, "decisions"))


def _names(point: Point, active: bool) -> Iterator[str]:
    """What a decision may be called."""
    yield point.id
    yield point.name
    if active:
        yield str(point.path)


def _takes(parent: Point, numbers: Sequence[object], point: Point) -> bool:
    """Whether the candidate in which a decision stands is taken."""
    taken = parent.choice.genes(numbers, parent.name)[point.slot]
    return bool(taken == point.branch)


def _listed(point: Point, numbers: Any) -> Sequence[object]:
    if point.choice.is_single:
        return [numbers]
    if not isinstance(numbers, list | tuple):
        raise TypeError(f"{point.name} takes several candidates: a list of them, got {brief(numbers)}")
    return numbers


def _shown(point: Point, numbers: list[Number]) -> Any:
    return numbers[0] if point.choice.is_single else numbers


def _labelled(point: Point, number: Any) -> Any:
    if point.choice.is_single:
        return point.choice.label(number)
    return [point.choice.label(each) for each in number]


def _children(spec: Spec) -> dict[tuple[int, int, int], list[int]]:
    """The decisions in each candidate of each decision, by (parent, slot, branch)."""
    children: dict[tuple[int, int, int], list[int]] = {}
    for index, point in enumerate(spec.points):
        children.setdefault((point.parent, point.slot, point.branch), []).append(index)
    return children
