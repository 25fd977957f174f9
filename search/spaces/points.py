"""`Spec`: the decisions of a space, without the values that they are about."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar, final

import jax
import numpy as np
import numpy.typing as npt
from jax.extend.core import primitives

from symjax.core.errors import brief
from symjax.core.paths import Path

Number: TypeAlias = int | float
Gene: TypeAlias = int | np.number[Any] | jax.Array
Genes: TypeAlias = npt.NDArray[Any] | jax.Array
G = TypeVar("G", bound=Genes)

_GREATEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Point(abc.ABC):
    """One decision of a space.

    Attributes:
        id: Where it stands in the open tree, with the candidates on the way: ``d[=0/2].f[1]`` is in the
            first of two candidates of the decision at ``d``. Unique in a space.
        path: Where the decided value stands in a decoded tree: ``d.f[1]``.
        parent: The index of the decision in one of whose candidates this one stands, or -1.
        branch: The index of that candidate, or -1.
    """

    array: ClassVar[str]
    """The array of a `DNA` that holds the gene: ``'choices'`` or ``'floats'``."""

    id: str
    path: Path
    parent: int
    branch: int

    @property
    def name(self) -> str:
        """The id, as people read it."""
        return self.id or "(root)"

    @property
    @abc.abstractmethod
    def least(self) -> Number:
        """The least number that a gene may be; what stands for a decision that does not matter."""

    @abc.abstractmethod
    def decide(self, gene: Gene, branch: Callable[[int], Any]) -> Any:
        """The value that a gene stands for; `branch` gives the decoded candidate of an index."""

    @abc.abstractmethod
    def gene(self, number: object) -> Gene:
        """The gene of a plain number.

        Raises:
            TypeError: The number is of a wrong type.
            ValueError: The number is out of range.
        """

    @abc.abstractmethod
    def number(self, gene: Gene) -> Number:
        """The gene as a plain number."""

    @property
    @abc.abstractmethod
    def bounds(self) -> tuple[int, int] | tuple[np.float32, np.float32]:
        """The least and the greatest gene."""

    def check(self, genes: npt.NDArray[Any]) -> None:
        """Refuses genes that are out of range.

        Raises:
            ValueError: One is.
        """
        low, high = self.bounds
        wrong = genes[~((genes >= low) & (genes <= high))]  # a NaN is wrong too
        if wrong.size:
            self.gene(wrong.flat[0].item())


@dataclass(frozen=True)
class ChoicePoint(Point):
    """A decision between candidates; its gene is an int32 in ``[0, arity)``."""

    array = "choices"

    arity: int

    @property
    def least(self) -> int:
        """The first candidate."""
        return 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The indices of the first and the last candidate."""
        return 0, self.arity - 1

    def decide(self, gene: Gene, branch: Callable[[int], Any]) -> Any:
        """The decoded candidate of the gene."""
        return branch(int(gene))

    def gene(self, number: object) -> int:
        """The gene of a candidate's index.

        Raises:
            TypeError: It is no int.
            ValueError: There is no such candidate.
        """
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            raise TypeError(
                f"{self.name} is one of {self.arity} candidates, given by its index; got {brief(number)}"
            )
        if not 0 <= number < self.arity:
            valid = f"{self.arity} candidates, 0 to {self.arity - 1}"
            raise ValueError(f"{self.name} has {valid}; got {brief(number)}")
        return int(number)

    def number(self, gene: Gene) -> int:
        """The gene as a plain number."""
        return int(gene)


@dataclass(frozen=True)
class FloatPoint(Point):
    """A decision on a float; its gene is the final float32 value, in ``[low, high]``."""

    array = "floats"

    low: float
    high: float
    scale: str

    @property
    def least(self) -> float:
        """The lower bound."""
        return self.low

    @property
    def bounds(self) -> tuple[np.float32, np.float32]:
        """The bounds as genes."""
        return np.float32(self.low), np.float32(self.high)

    @property
    def span(self) -> tuple[float, float]:
        """The bounds on the scale on which the law is uniform."""
        return (math.log(self.low), math.log(self.high)) if self.scale == "log" else (self.low, self.high)

    @property
    def middle(self) -> float:
        """The float in the middle of the scale."""
        low, high = self.span
        middle = low / 2 + high / 2
        return self.number(np.float32(math.exp(middle) if self.scale == "log" else middle))

    def decide(self, gene: Gene, branch: Callable[[int], Any]) -> Any:
        """The value that a gene stands for: a Python float, or a tracer that behaves like one."""
        if not isinstance(gene, jax.core.Tracer):
            return self.number(gene)
        dtype = jax.dtypes.canonicalize_dtype(float)  # float64 under enable_x64, as a Python float
        # There is no public way to make a weakly typed array out of a strong one; a strong one would
        # promote a bfloat16 model, as a Python float does not.
        return primitives.convert_element_type_p.bind(gene, new_dtype=dtype, weak_type=True, sharding=None)

    def gene(self, number: object) -> np.float32:
        """The gene of a float: the nearest float32.

        Raises:
            TypeError: It is no number.
            ValueError: It is out of the bounds.
        """
        if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
            raise TypeError(f"{self.name} is a float, got {brief(number)}")
        low, high = self.bounds
        if -_GREATEST <= number <= _GREATEST:  # the others, 10**400 and NaN, are not to be converted
            gene = np.float32(number)
            if low <= gene <= high:
                return gene
        raise ValueError(f"{self.name} lies in [{self.low}, {self.high}], got {brief(number)}")

    def number(self, gene: Gene) -> float:
        """The gene as a plain number: the shortest one of the same float32, within the bounds.

        0.003 in the place of 0.003000000026077032: what a user would have written.
        """
        single = np.float32(gene)
        short = float(str(single))
        exact = short if np.float32(short) == single else float(single)
        return min(max(exact, self.low), self.high)


@final
class Spec:
    """The decisions of a space: what a `DNA` needs to know of it. Hashable, and static under `jit`.

    Args:
        points: The decisions in depth-first declaration order, parents before their children.

    Attributes:
        points: The same.
        columns: For each point its column, in `choices` or in `floats` by its kind.
        choices: The choice points, by column.
        floats: The float points, by column.
    """

    __slots__ = ("_hash", "choices", "columns", "floats", "points")

    points: tuple[Point, ...]
    columns: tuple[int, ...]
    choices: tuple[ChoicePoint, ...]
    floats: tuple[FloatPoint, ...]

    def __init__(self, points: tuple[Point, ...]) -> None:
        columns = []
        choices: list[ChoicePoint] = []
        floats: list[FloatPoint] = []
        for point in points:
            if isinstance(point, ChoicePoint):
                columns.append(len(choices))
                choices.append(point)
            elif isinstance(point, FloatPoint):
                columns.append(len(floats))
                floats.append(point)
        self.points = points
        self.columns = tuple(columns)
        self.choices = tuple(choices)
        self.floats = tuple(floats)
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

    def check(self, choices: Genes, floats: Genes) -> None:
        """Refuses genes that are out of range.

        Args:
            choices: int32[..., C].
            floats: float32[..., F].

        Raises:
            ValueError: A gene is; the message names the first decision of which one is.
        """
        for points, genes in ((self.choices, choices), (self.floats, floats)):
            for column, point in enumerate(points):
                point.check(np.asarray(genes[..., column]))

    def active(self, choices: G) -> list[G]:
        """For each point, whether it matters: all candidates that it stands in are taken.

        Args:
            choices: The choice genes, int32[..., C]; NumPy's or JAX's, also under `jit`.

        Returns:
            A bool[...] for each point.
        """
        always = (choices[..., :0] == 0).all(axis=-1)  # of nothing: True, in NumPy as in JAX
        active: list[Any] = []
        for point in self.points:
            if point.parent < 0:
                active.append(always)
            else:
                candidate = choices[..., self.columns[point.parent]]
                active.append(active[point.parent] & (candidate == point.branch))
        return active
