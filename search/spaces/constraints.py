"""What `Space.constrain` demands: drawing until it holds, and refusing where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from .dna import DNA
from .space_text import name_of

_TURNS = 1000


def require(predicates: Sequence[Callable[[Any], bool]], tree: Any, what: str) -> None:
    """Refuses a tree for which a predicate does not hold.

    Args:
        predicates: The predicates.
        tree: The tree.
        what: What is refused, for the message.

    Raises:
        ValueError: One does not.
    """
    for predicate in predicates:
        if not predicate(tree):
            raise ValueError(f"{what} is not in the space: the constraint {name_of(predicate)} does not hold")


def redrawn(batch: DNA, is_allowed: Callable[[DNA], bool], draw: Callable[[int], DNA]) -> DNA:
    """A batch in which what is not allowed is drawn anew until it is.

    Args:
        batch: What was drawn first.
        is_allowed: Whether a single DNA is.
        draw: A further batch of the same size, for each turn from 1 on.

    Raises:
        TypeError: Under `jit`.
        ValueError: Some are not allowed after a thousand turns.
    """
    if isinstance(batch.choices, jax.core.Tracer) or isinstance(batch.floats, jax.core.Tracer):
        raise TypeError("a constrained space cannot be sampled inside jit: its constraints see decoded trees")
    choices, floats = np.array(batch.choices), np.array(batch.floats)
    refused = [row for row, dna in enumerate(batch) if not is_allowed(dna)]
    for turn in range(1, _TURNS):
        if not refused:
            break
        fresh = draw(turn)
        kept = [row for row in refused if is_allowed(fresh[row])]
        choices[kept], floats[kept] = fresh.choices[kept], fresh.floats[kept]
        refused = sorted(set(refused) - set(kept))
    if refused:
        raise ValueError(
            f"the constraints of the space refuse nearly everything: nothing else in {_TURNS} draws for "
            f"{len(refused)} of {len(batch)} points; declare choices that hold what is wanted"
        )
    return DNA(batch.spec, choices, floats)
