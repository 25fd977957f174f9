"""Which decisions matter, and which could be decided otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ...spaces.choice import Genes
from ...spaces.dna import DNA
from ...spaces.points import Point, Spec

G = TypeVar("G", bound=Genes)
Where: TypeAlias = Callable[[Point], bool]
"""Which decisions are meant: a predicate on points, that hangs on nothing else."""


def activity(spec: Spec, choices: Genes) -> Any:
    """Which decisions matter: all candidates that they stand in are taken.

    As `Spec.active`, by few operations on arrays.

    Args:
        spec: The P decisions.
        choices: int32[..., C]; NumPy's or JAX's.

    Returns:
        bool[..., P].
    """
    xp: Any = np if isinstance(choices, np.ndarray) else jnp
    parents = np.array([point.parent for point in spec.points], np.int32)
    is_top = parents < 0
    if is_top.all():
        return xp.ones((*choices.shape[:-1], len(parents)), bool)
    columns = [
        0 if point.parent < 0 else spec.columns[point.parent].start + point.slot for point in spec.points
    ]
    branches = np.array([point.branch for point in spec.points], np.int32)
    is_taken = (choices[..., np.array(columns)] == branches) | is_top
    active = is_taken
    for _ in range(_depth(parents) - 1):
        active = is_taken & (active[..., np.maximum(parents, 0)] | is_top)
    return active


def _depth(parents: npt.NDArray[np.int32]) -> int:
    """How many decisions stand in each other at most, without the outermost."""
    depths = np.zeros(len(parents), int)
    for index, parent in enumerate(parents):  # parents come before their children
        depths[index] = depths[parent] + 1 if parent >= 0 else 0
    return int(depths.max(initial=0))


def is_conditional(spec: Spec) -> bool:
    """Whether there are decisions that do not always matter."""
    return any(point.parent >= 0 for point in spec.points)


def chosen(spec: Spec, where: Where | None = None) -> npt.NDArray[np.bool_]:
    """Which decisions could be decided otherwise, and are meant, bool[P].

    Args:
        spec: The P decisions.
        where: Which are meant; None for all.
    """
    is_free = np.array([not point.choice.is_fixed for point in spec.points], bool)
    both: npt.NDArray[np.bool_] = np.logical_and(meant(spec, where), is_free)
    return both


def meant(spec: Spec, where: Where | None = None) -> npt.NDArray[np.bool_]:
    """Which decisions a predicate on points holds for, bool[P]; all without one."""
    return np.array([where is None or bool(where(point)) for point in spec.points], bool)


def of_columns(spec: Spec, array: str, decisions: Any) -> Any:
    """What is said of decisions, said of the columns of one array.

    Args:
        spec: The P decisions.
        array: ``'choices'`` or ``'floats'``.
        decisions: [..., P].

    Returns:
        [..., columns].
    """
    owners = column_owners(spec, array)
    if len(owners) == len(spec) and (np.diff(owners) == 1).all():
        return decisions
    return decisions[..., owners]


def column_owners(spec: Spec, array: str) -> npt.NDArray[np.int64]:
    """The index of the decision that each column of an array belongs to."""
    members = np.array([index for index, point in enumerate(spec.points) if point.array == array], int)
    return np.repeat(members, [spec.points[index].choice.width for index in members])


def merged(decisions: Any, first: DNA, second: DNA) -> DNA:
    """Some decisions of one DNA, the others of another one.

    Args:
        decisions: Which are those of `first`, bool[..., P].
        first: A DNA, or a batch.
        second: Another one.
    """
    spec = first.spec
    return DNA(
        spec,
        jnp.where(of_columns(spec, "choices", decisions), first.choices, second.choices),
        jnp.where(of_columns(spec, "floats", decisions), first.floats, second.floats),
    )


def least(spec: Spec) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The genes of decisions that do not matter: int32[C] and float32[F]."""
    genes: dict[str, list[Any]] = {"choices": [], "floats": []}
    for point in spec.points:
        genes[point.array] += point.choice.least()
    return np.array(genes["choices"], np.int32), np.array(genes["floats"], np.float32)


def canonical(dnas: DNA) -> DNA:
    """The same trees, by DNAs in which decisions that do not matter have their least genes.

    Args:
        dnas: A DNA, or a batch; NumPy's arrays or JAX's, also under `jit`.

    Example:
        >>> from symjax import search
        >>> space = search.space(search.oneof([1, search.oneof([2, 3])]))
        >>> canonical(search.DNA.from_numbers(space.spec, [0, 1]))
        DNA((root)=0, [=1/2]=0)
    """
    spec = dnas.spec
    if not is_conditional(spec):
        return dnas
    xp: Any = np if dnas.is_host else jnp
    active, (choices, floats) = activity(spec, dnas.choices), least(spec)
    return DNA(
        spec,
        xp.where(of_columns(spec, "choices", active), dnas.choices, choices),
        xp.where(of_columns(spec, "floats", active), dnas.floats, floats),
    )


def running(flags: jax.Array) -> jax.Array:
    """How many of the flags up to each one are set: bool[..., n] as int32[..., n]."""
    size = flags.shape[-1]
    if size > 128:
        return jnp.cumsum(flags, axis=-1, dtype=jnp.int32)
    # XLA fuses this with what stands around it; a cumulative sum is a dozen of operations.
    before = np.tril(np.ones((size, size), bool))
    return (flags[..., None, :] & before).sum(axis=-1, dtype=jnp.int32)


def indices(spec: Spec, names: Sequence[str | int]) -> list[int]:
    """The indices of decisions that are told by index or by name.

    Raises:
        ValueError: There is no such decision.
    """
    known = {point.name: index for index, point in enumerate(spec.points)}
    known |= {point.id: index for index, point in enumerate(spec.points)}
    places = [known.get(name, -1) if isinstance(name, str) else name for name in names]
    for name, place in zip(names, places, strict=True):
        if not 0 <= place < len(spec):
            raise ValueError(f"there is no decision {name!r} among {', '.join(spec.names)}")
    return places
