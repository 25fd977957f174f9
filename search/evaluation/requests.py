"""`Request`: what an evaluation is asked for, as plain data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from symjax.core.errors import brief

from ..results.objective import Objective
from ..spaces.dna import DNA
from ..spaces.space import Space

_IDS = 2**32  # trial ids are folded into keys as uint32


@dataclass(frozen=True)
class Request:
    """What an evaluation is asked for.

    Attributes:
        space: The space.
        dnas: The batch, of n, in NumPy arrays.
        ids: The trial ids, uint32[n].
        key: The root key.
        repeats: How many seeds each configuration runs with.
        objective: What counts.
        function: The function's name and what it takes.
    """

    space: Space
    dnas: DNA
    ids: npt.NDArray[np.uint32]
    key: jax.Array
    repeats: int
    objective: Objective
    function: str


def trial_ids(n: int, ids: Sequence[int] | npt.NDArray[Any] | None, first_id: int) -> npt.NDArray[np.uint32]:
    """The trial ids of a batch of n: those that are listed, or n from the first one on.

    Raises:
        TypeError: `first_id` is no int.
        ValueError: `ids` are not n whole numbers, one is out of range, or both are said.

    Example:
        >>> trial_ids(3, None, 64).tolist()
        [64, 65, 66]
    """
    if isinstance(first_id, bool) or not isinstance(first_id, int | np.integer):
        raise TypeError(f"first_id is the id of the first trial, a whole number; got {brief(first_id)}")
    if ids is not None and first_id:
        raise ValueError("say either ids= or first_id=, which counts on from one id")
    array = np.arange(n) + int(first_id) if ids is None else np.asarray(ids)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(f"expected {n} whole numbers as trial ids, got {array.dtype}{list(array.shape)}")
    if n and (array.min() < 0 or array.max() >= _IDS):
        raise ValueError(f"trial ids must lie in [0, 2**32), got {array.min()} to {array.max()}")
    return array.astype(np.uint32)


def check_repeats(repeats: object) -> int:
    """The number of repeats.

    Raises:
        TypeError: It is no int.
        ValueError: It is less than one.
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer):
        raise TypeError(f"repeats is how many seeds each configuration runs with; got {brief(repeats)}")
    if repeats < 1:
        raise ValueError(f"each configuration runs at least once, got repeats={repeats}")
    return int(repeats)


def signature_text(fn: Callable[..., Any]) -> str:
    """A function's name and what it takes: the same in each process.

    Example:
        >>> def train(exp, key, data): ...
        >>> signature_text(train).rpartition('.')[2]
        'train(exp, key, data)'
    """
    named: Any = fn.func if isinstance(fn, functools.partial) else fn
    named = named if hasattr(named, "__qualname__") else type(named)
    name = f"{named.__module__}.{named.__qualname__}"
    try:
        return f"{name}({', '.join(inspect.signature(fn).parameters)})"
    except (TypeError, ValueError):  # no Python function: it does not say what it takes
        return name
