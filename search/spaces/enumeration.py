"""All points of a space in order, or a grid of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from .choice import Choice, Gene
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
