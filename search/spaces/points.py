"""`Spec`: the decisions of a space, without the values that they are about."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar, final

import numpy as np
import numpy.typing as npt

from symjax.core.paths import Path

from .choice import Choice, Genes, Number

G = TypeVar("G", bound=Genes)


@dataclass(frozen=True)
class Point:
    """One decision of a space.

    Attributes:
        id: Where it stands in the open tree, with the candidates on the way: ``d[=0/2].f[1]`` is in the
            first of two candidates of the decision at ``d``; ``d[1][=0/2]`` in the second place of one that
            takes several. Unique in a space.
        path: Where the decided value stands in a decoded tree: ``d.f[1]``.
        parent: The index of the decision in one of whose candidates this one stands, or -1.
        slot: Which of the candidates that are taken there that is, or -1.
        branch: The index of that candidate, or -1.
        choice: What is decided, with texts for the candidates.
        label: What it is called by default, where its id says less to people.
    """

    id: str
    path: Path
    parent: int
    slot: int
    branch: int
    choice: Choice
    label: str = ""

    @property
    def name(self) -> str:
        """What people call it: its name, or else its label or its id."""
        return self.choice.name or self.label or self.id or "(root)"

    @property
    def array(self) -> str:
        """The array of a `DNA` that holds the genes: ``'choices'`` or ``'floats'``."""
        return self.choice.array

    @property
    def least(self) -> list[Number]:
        """The numbers that stand for a decision that does not matter."""
        return self.choice.numbers(np.array(self.choice.least()))


@final
class Spec:
    """The decisions of a space: what a `DNA` needs to know of it. Hashable, and static under `jit`.

    Args:
        points: The decisions in depth-first declaration order, parents before their children.

    Attributes:
        points: The same. What is decided is in their `choice`: its `bounds`, `candidates`, `scale`.
        columns: For each point its columns, in a DNA's `choices` or `floats` as its `array` says.
        choices: The number of columns of `choices`.
        floats: The number of columns of `floats`.

    Example:
        >>> from symjax import search
        >>> act, rate = search.oneof(['relu', 'gelu']), search.floatv(0.1, 1.0, 'log')
        >>> space = search.space({'act': act, 'rate': rate})
        >>> act, rate = space.spec.points
        >>> act.name, act.array, act.choice.candidates, act.choice.bounds
        ('act', 'choices', ('relu', 'gelu'), (0, 1))
        >>> rate.name, rate.array, rate.choice.scale, space.spec.columns[1]
        ('rate', 'floats', 'log', slice(0, 1, None))
    """

    __slots__ = ("_bounds", "_hash", "_others", "choices", "columns", "floats", "points")

    points: tuple[Point, ...]
    columns: tuple[slice, ...]
    choices: int
    floats: int

    def __init__(self, points: tuple[Point, ...]) -> None:
        columns = []
        ends = {"choices": 0, "floats": 0}
        for point in points:
            start = ends[point.array]
            ends[point.array] = start + point.choice.width
            columns.append(slice(start, ends[point.array]))
        for what in ("name", "id"):
            name, count = (
                Counter(getattr(point, what) for point in points).most_common(1)[0] if points else ("", 1)
            )
            if count > 1:
                raise ValueError(
                    f"{count} decisions of the space have the {what} {name!r}; it must tell them apart"
                )
        self.points = points
        self.columns = tuple(columns)
        self.choices = ends["choices"]
        self.floats = ends["floats"]
        self._bounds = {array: self._limits(array) for array in ends}
        self._others = tuple(i for i, point in enumerate(points) if point.choice.bounds is None)
        self._hash = hash(points)  # once: JAX asks for the hash of a static value at every jitted call

    def __len__(self) -> int:
        return len(self.points)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Spec) and self.points == other.points)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Spec({', '.join(point.name for point in self.points)})"

    def __reduce__(self) -> tuple[type[Spec], tuple[tuple[Point, ...]]]:
        return Spec, (self.points,)

    @property
    def names(self) -> tuple[str, ...]:
        """What people call the decisions."""
        return tuple(point.name for point in self.points)

    def require(self, other: Spec) -> None:
        """Refuses the decisions of another space, and says what differs.

        Raises:
            ValueError: They are.
        """
        if self == other:
            return
        for mine, theirs in zip(self.points, other.points, strict=False):
            if mine != theirs:
                what = f"{theirs.name} is {theirs.choice!r} there, and {mine.name} {mine.choice!r} here"
                break
        else:
            what = f"it has {len(other)} decisions there, and {len(self)} here"
        raise ValueError(f"a DNA of another space: {what}")

    def check(self, choices: Genes, floats: Genes | None) -> None:
        """Refuses genes that stand for no value.

        Args:
            choices: int32[..., C].
            floats: float32[..., F]; None lets all pass.

        Raises:
            ValueError: Some do; the message names the first decision of which they do.
        """
        genes = {
            array: np.asarray(own)
            for array, own in (("choices", choices), ("floats", floats))
            if own is not None
        }
        # All bounds at once: a look at one decision after the other would be most of the time of a decode.
        indices = self._others if self._within(genes) else range(len(self.points))
        for index in indices:
            point = self.points[index]
            if point.array in genes:
                point.choice.check(genes[point.array][..., self.columns[index]], point.name)

    def _within(self, genes: dict[str, npt.NDArray[Any]]) -> bool:
        for array, own in genes.items():
            low, high = self._bounds[array]
            if not ((own >= low) & (own <= high)).all():  # a NaN is not
                return False
        return True

    def _limits(self, array: str) -> npt.NDArray[np.float64]:
        """The least and the greatest gene of each column, [2, width]; infinities where that is not all."""
        limits: list[tuple[float, float]] = []
        for point in self.points:
            if point.array == array:
                limits += [point.choice.bounds or (-math.inf, math.inf)] * point.choice.width
        return np.array(limits, np.float64).reshape(-1, 2).T

    def active(self, choices: G) -> list[G]:
        """For each point, whether it matters: all candidates that it stands in are taken.

        Args:
            choices: The choice genes, int32[..., C]; NumPy's or JAX's, also under `jit`.

        Returns:
            A bool[...] for each point.
        """
        always: Any = (choices[..., :0] == 0).all(axis=-1)  # of nothing: True, in NumPy as in JAX
        active: list[Any] = []
        for point in self.points:
            if point.parent < 0:
                active.append(always)
            else:
                taken = choices[..., self.columns[point.parent].start + point.slot]
                active.append(active[point.parent] & (taken == point.branch))
        return active
