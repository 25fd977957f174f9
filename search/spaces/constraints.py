"""What `Space.constrain` demands: drawing until it holds, and refusing where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

from symjax.core.errors import note

from .dna import DNA
from .space_text import name_of

_TURNS = 1000

Predicate: TypeAlias = Callable[[Any], bool]
"""What `Space.constrain` takes."""


def require(predicates: Sequence[Predicate], tree: Any, what: str) -> None:
    """Refuses a tree for which a predicate does not hold.

    Args:
        predicates: The predicates.
        tree: The tree.
        what: What is refused, for the message.

    Raises:
        ValueError: One does not.
        Exception: What a predicate raises; a note names the predicate.
    """
    for predicate in predicates:
        if not _holds(predicate, tree):
            raise ValueError(f"{what} is not in the space: the constraint {name_of(predicate)} does not hold")


def allows(predicates: Sequence[Predicate], make: Callable[[], Any]) -> bool:
    """Whether a tree can be made, and all predicates hold for it.

    Args:
        predicates: The predicates.
        make: Makes the tree; whatever its constructors raise refuses it.

    Raises:
        Exception: What a predicate raises; a note names the predicate.
    """
    try:
        tree = make()
    except Exception:  # noqa: BLE001 - user code decides what is valid
        return False
    return all(_holds(predicate, tree) for predicate in predicates)


def _holds(predicate: Predicate, tree: Any) -> bool:
    try:
        return bool(predicate(tree))
    except Exception as error:
        note(error, f"raised by the constraint {name_of(predicate)} of the space")
        raise


def redrawn(
    batch: DNA,
    is_allowed: Callable[[DNA], bool],
    draw: Callable[[int], DNA],
    decode: Callable[[DNA], Any],
) -> DNA:
    """A batch in which what is not allowed is drawn anew until it is.

    Args:
        batch: What was drawn first.
        is_allowed: Whether a single DNA is.
        draw: A further batch of the same size, for each turn from 1 on.
        decode: Raises why a DNA is not allowed.

    Raises:
        TypeError: Under `jit`.
        ValueError: Some are not allowed after a thousand turns; its cause is why one of them is not.
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
        ) from _reason(decode, batch[refused[0]])
    return DNA(batch.spec, choices, floats)


def _reason(decode: Callable[[DNA], Any], dna: DNA) -> Exception | None:
    try:
        decode(dna)
    except Exception as error:  # noqa: BLE001 - user code decides what is valid
        return error
    return None
