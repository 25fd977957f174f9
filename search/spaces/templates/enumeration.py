"""All points of a space in order, or a grid of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from symjax.core.errors import NoSuchPath, brief, unknown

from ..choice import Choice, Gene, Size
from ..points import Spec
from .discovery import Template

Rows: TypeAlias = dict[int, list[Gene]]
"""The genes of the decisions that matter, by index."""


class Enumeration:
    """Walks through the points of a space: the last decision turns fastest, what does not matter is skipped.

    That is PyGlove's order.

    Args:
        choices: The decisions.
        branches: The templates of their candidates, for each slot.
        steps: How many values of a decision on a float are taken, by its index; None for none.
    """

    def __init__(
        self,
        choices: Sequence[Choice],
        branches: Sequence[tuple[tuple[Template, ...], ...]],
        steps: Callable[[int], int | None],
    ) -> None:
        self._choices = choices
        self._branches = branches
        self._steps = steps

    def of(self, template: Template) -> Iterator[Rows]:
        """All ways to decide what stands in a template."""
        return self._product([index for _, index in template.slots])

    def _product(self, indices: Sequence[int]) -> Iterator[Rows]:
        if not indices:
            yield {}
            return
        first, *rest = indices
        for own in self._decision(first):
            for others in self._product(rest):
                yield own | others

    def _decision(self, index: int) -> Iterator[Rows]:
        choice, slots = self._choices[index], self._branches[index]
        for genes in choice.enumerate(self._steps(index)):
            taken = [branches[int(gene)] for branches, gene in zip(slots, genes, strict=False)]
            for inner in self._within(taken):
                yield {index: genes} | inner

    def _within(self, taken: Sequence[Template]) -> Iterator[Rows]:
        """All ways to decide what stands in the candidates that are taken."""
        return self._product([index for template in taken for _, index in template.slots])


def size_of(
    template: Template, choices: Sequence[Choice], branches: Sequence[tuple[tuple[Template, ...], ...]]
) -> Size:
    """How many ways there are to decide what stands in a template.

    Args:
        template: The template.
        choices: The decisions.
        branches: The templates of their candidates, for each slot.
    """

    def size(template: Template) -> Size:
        return math.prod(
            choices[index].size([list(map(size, slot)) for slot in branches[index]])
            for _, index in template.slots
        )

    return size(template)


def steps_of(spec: Spec, steps: int | Mapping[str, int]) -> dict[int, int]:
    """How many values of each decision on a float a grid takes, by its index.

    Args:
        spec: The decisions.
        steps: A number for all, or for each by name.

    Raises:
        KeyError: There is no such decision on a float.
        TypeError: A number is no whole one.
        ValueError: A number is missing, or less than one.
    """
    floats = {index: point.name for index, point in enumerate(spec.points) if point.array == "floats"}
    if isinstance(steps, Mapping):
        for name in steps:
            if name not in floats.values():
                raise NoSuchPath(unknown("decision", name, list(floats.values()), "decisions on floats"))
        missing = [name for name in floats.values() if name not in steps]
        if missing:
            raise ValueError(f"a grid needs a number of steps for {', '.join(missing)}, too")
        number = {index: whole("steps", steps[name]) for index, name in floats.items()}
    else:
        number = dict.fromkeys(floats, whole("steps", steps))
    if any(count < 1 for count in number.values()):
        raise ValueError(f"a grid needs at least one step of each float, got {steps}")
    return number


def whole(name: str, number: object) -> int:
    """A whole number, of any type that stands for one.

    Raises:
        TypeError: It is none; the message has its name.
    """
    try:
        return operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} is a whole number, got {brief(number)}") from None
