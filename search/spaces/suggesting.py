"""Points of a space out of what Optuna suggests, decision by decision; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from .choice import Choice, Gene
from .dna import DNA
from .parameter import Answer, Parameter
from .points import Spec

Names: TypeAlias = Sequence[Mapping[int, str]]
"""For each decision, what candidates are called that hold decisions of their own, by index."""


def suggested(spec: Spec, choices: Sequence[Choice], names: Names, answer: Answer) -> DNA:
    """A point of a space, decision by decision: only those are asked for that matter.

    Args:
        spec: The decisions.
        choices: What is decided, for each.
        names: What candidates are called.
        answer: Says which value a parameter takes.

    Returns:
        A single DNA; decisions that do not matter have their least genes.
    """
    rows: list[list[Gene]] = []
    for index, matters in _walk(spec, rows):
        choice = choices[index]
        rows.append(
            choice.suggest(answer, spec.points[index].name, names[index]) if matters else choice.least()
        )
    genes: dict[str, list[Any]] = {"choices": [], "floats": []}
    for point, own in zip(spec.points, rows, strict=True):
        genes[point.array] += own
    return DNA(spec, np.array(genes["choices"], np.int32), np.array(genes["floats"], np.float32))


def suggestions(spec: Spec, choices: Sequence[Choice], names: Names, dna: DNA) -> list[tuple[Parameter, Any]]:
    """The parameters for which `suggested` asks on its way to a single DNA, and their values."""
    host = dna.host()
    genes = {"choices": host.choices, "floats": host.floats}
    rows: list[list[Gene]] = []
    values: list[tuple[Parameter, Any]] = []
    for index, matters in _walk(spec, rows):
        own = genes[choices[index].array][spec.columns[index]]
        rows.append(list(own))
        if matters:
            values += choices[index].suggestions(own, spec.points[index].name, names[index])
    return values


def _walk(spec: Spec, rows: Sequence[Sequence[Gene]]) -> Iterator[tuple[int, bool]]:
    """The decisions in order, and whether they matter by the genes of those before them."""
    active: list[bool] = []
    for index, point in enumerate(spec.points):
        parent = point.parent
        active.append(parent < 0 or (active[parent] and bool(rows[parent][point.slot] == point.branch)))
        yield index, active[-1]
