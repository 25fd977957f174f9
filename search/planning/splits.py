"""What splits a batch into structures: decisions, and the values that they take, in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ..spaces.choice import Brief, Genes
from ..spaces.dna import DNA
from ..spaces.space import Space
from .grouping import group_rows

_LISTED = 4  # values that are spelt out
_DESCRIBED = 8  # decisions


def splits(space: Space, dnas: DNA, indices: Iterable[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """How many values each of some decisions takes in a batch, and the first of them; if there are several.

    Args:
        space: The space.
        dnas: The batch, in NumPy arrays.
        indices: The decisions, by their index in the spec.

    Example:
        >>> from symjax import search
        >>> space = search.space({'act': search.oneof(['relu', 'gelu']), 'x': search.oneof([1, 2])})
        >>> splits(space, search.DNA.from_numbers(space.spec, [[1, 0], [0, 0]]), [0, 1])
        {0: (2, ('relu', 'gelu'))}
    """
    active = space.spec.active(dnas.choices)
    counted = {}
    for index in sorted(indices):
        values = _distinct(_genes(space, dnas, index)[active[index]])
        if len(values) > 1:
            counted[index] = len(values), tuple(_text(space, index, genes) for genes in values[:_LISTED])
    return counted


def described(space: Space, dna: DNA, indices: Iterable[int]) -> str:
    """What a single DNA decides at some decisions: ``'with act=gelu, width=8'``; empty if at none."""
    host = dna.host()
    active = space.spec.active(host.choices)
    texts = [
        f"{space.spec.points[index].name}={_text(space, index, _genes(space, host, index))}"
        for index in sorted(indices)
        if active[index]
    ]
    more = f", … ({len(texts) - _DESCRIBED} more)" if len(texts) > _DESCRIBED else ""
    return f"with {', '.join(texts[:_DESCRIBED])}{more}" if texts else ""


def _genes(space: Space, dnas: DNA, index: int) -> Genes:
    """The genes of a decision, [..., width]."""
    genes = {"choices": dnas.choices, "floats": dnas.floats}
    return genes[space.spec.points[index].array][..., space.spec.columns[index]]


def _distinct(genes: Genes) -> npt.NDArray[np.generic]:
    """The different rows, [m, width]; sorted, where a row is a number."""
    if genes.shape[1] == 1:
        return np.unique(genes)[:, None]
    return np.array([genes[rows[0]] for rows in group_rows(genes.T, len(genes))]).reshape(-1, genes.shape[1])


def _text(space: Space, index: int, genes: Genes) -> str:
    """What people call the value of genes [width]."""
    choice = space.choices[index]
    labels = [choice.label(number) for number in choice.numbers(genes)]
    texts = [repr(Brief(label)) if isinstance(label, float) else str(label) for label in labels]
    return texts[0] if choice.is_single else f"[{', '.join(texts)}]"
