"""How population-based training changes hyperparameters: which it can reach, and to what it changes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from ..planning.arguments import flatten
from ..planning.buckets import Bucket
from ..planning.grouping import Rows
from ..spaces.dna import DNA
from ..spaces.kinds.floatv import FloatV
from ..spaces.space import Space
from .cohort import Cohort

Genes = npt.NDArray[Any]


@dataclass(frozen=True)
class Explorer:
    """Changes the hyperparameters of members that took over another one's state.

    Attributes:
        space: The space.
        points: For each bucket the decisions that can be changed in the midst of training.
        factors: What a float is multiplied with: one of these.
        resample: How likely it is that a decision is drawn anew instead.
    """

    space: Space
    points: tuple[tuple[int, ...], ...]
    factors: tuple[float, ...]
    resample: float

    def explored(self, cohort: Cohort, rows: Rows, key: jax.Array) -> Cohort:
        """The cohort with other hyperparameters of some members.

        What the tree refuses, by an invariant of its classes or by `Space.constrain`, stays as it was.

        Args:
            cohort: The members.
            rows: Which of them change.
            key: A JAX key.
        """
        if not len(rows):
            return cohort
        spec, n = self.space.spec, len(cohort)
        keys = jax.random.split(key)
        draws = np.asarray(jax.random.uniform(keys[0], (n, len(spec), 2)))
        fresh = self.space.sample(keys[1], n).host()
        dnas = cohort.request.dnas
        choices, floats = dnas.choices.copy(), dnas.floats.copy()
        buckets = []
        for bucket, points in zip(cohort.plan.buckets, self.points, strict=True):
            values = {index: np.array(column) for index, column in bucket.values.items()}
            for place in np.flatnonzero(np.isin(bucket.rows, rows)):
                row = int(bucket.rows[place])
                changed = self._changed(dnas[row], fresh[row], points, draws[row])
                try:
                    leaves = leaves_of(self.space, changed, bucket)
                except Exception:  # noqa: BLE001 - user code decides what is valid
                    continue
                choices[row], floats[row] = changed.choices, changed.floats
                for index, column in values.items():
                    column[place] = leaves[index]
            buckets.append(dataclasses.replace(bucket, values=values))
        return cohort.decided(DNA(spec, choices, floats), buckets)

    def _changed(self, dna: DNA, fresh: DNA, points: Sequence[int], draws: Genes) -> DNA:
        choices, floats = np.array(dna.choices), np.array(dna.floats)
        genes = {"choices": choices, "floats": floats}
        new = {"choices": np.asarray(fresh.choices), "floats": np.asarray(fresh.floats)}
        for index in points:
            point, columns = dna.spec.points[index], dna.spec.columns[index]
            own, (first, second) = genes[point.array], draws[index]
            if first < self.resample:
                own[columns] = new[point.array][columns]
            elif isinstance(point.choice, FloatV):
                factor = self.factors[int(second * len(self.factors))]
                own[columns] = scaled(point.choice, float(own[columns][0]), factor)
            else:
                low, high = point.choice.bounds or (-np.inf, np.inf)
                own[columns] = np.clip(own[columns] + (1 if second < 0.5 else -1), low, high)
        return DNA(dna.spec, choices, floats)


def scaled(choice: FloatV, value: float, factor: float) -> np.float32:
    """A float that is multiplied, within its bounds; on a reverse log scale its mirror image is.

    Example:
        >>> float(scaled(FloatV(0.0, 1.0), 0.5, 1.2)), float(scaled(FloatV(0.0, 1.0), 0.9, 1.2))
        (0.6000000238418579, 1.0)
        >>> round(float(scaled(FloatV(0.001, 1.0, 'reverse_log'), 0.9, 1.2)), 4)
        0.8798
    """
    low, high = choice.bounds
    if choice.scale == "reverse_log":
        value = low + high - (low + high - value) * factor
    else:
        value *= factor
    return np.clip(np.float32(value), np.float32(low), np.float32(high))


def reachable(cohort: Cohort, reads: Sequence[frozenset[int]]) -> tuple[tuple[int, ...], ...]:
    """For each bucket the decisions that can be changed in the midst of training.

    They land on leaves of the experiment that the steps read, and change nothing else.

    Args:
        cohort: The members.
        reads: For each bucket the leaves that its steps read.
    """
    space = cohort.plan.space
    lanes = set(cohort.plan.lanes)
    points = []
    for bucket, read in zip(cohort.plan.buckets, reads, strict=True):
        dna = cohort.request.dnas[int(bucket.rows[0])]
        active = space.spec.active(dna.choices)
        own = [i for i, name in enumerate(space.spec.names) if name in lanes and bool(active[i])]
        points.append(tuple(i for i in own if _moves(space, dna, i, bucket) & read))
    return tuple(points)


class _OtherStructure(Exception):
    """A configuration differs from those of a bucket in its structure."""


def leaves_of(space: Space, dna: DNA, bucket: Bucket) -> tuple[Any, ...]:
    """The leaves of a configuration that has the structure of a bucket.

    Raises:
        _OtherStructure: It has another one.
        Exception: Whatever refuses the configuration.
    """
    experiment = space.decode(dna)
    _, broadcast = jax.tree.unflatten(bucket.arguments.treedef, bucket.arguments.leaves)
    arguments = flatten(experiment, broadcast)
    if arguments.structure(bucket.frozen) != bucket.arguments.structure(bucket.frozen):
        raise _OtherStructure
    return arguments.leaves


def _moves(space: Space, dna: DNA, index: int, bucket: Bucket) -> frozenset[int]:
    """The leaves that vary in a bucket and that a decision moves; none where it moves its structure."""
    before = leaves_of(space, dna, bucket)
    moved: set[int] = set()
    for other in _others(dna, index):
        try:
            after = leaves_of(space, other, bucket)
        except _OtherStructure:
            return frozenset()
        except Exception:  # noqa: BLE001 - user code decides what is valid
            continue
        moved |= {leaf for leaf in bucket.values if not np.array_equal(before[leaf], after[leaf])}
    return frozenset(moved)


def _others(dna: DNA, index: int) -> list[DNA]:
    """The point with one decision at the ends of what it may be, and a little away from what it is."""
    point, columns = dna.spec.points[index], dna.spec.columns[index]
    others = []
    values: list[Any] = list(point.choice.bounds or ())
    if isinstance(point.choice, FloatV):
        value = float(dna.floats[columns][0])
        values += [scaled(point.choice, value, factor) for factor in (0.99, 1.01)]
    for value in values:
        genes = {"choices": np.array(dna.choices), "floats": np.array(dna.floats)}
        genes[point.array][columns] = value
        others.append(DNA(dna.spec, **genes))
    return others


def check_explorable(points: Sequence[Sequence[int]], lanes: Sequence[str]) -> None:
    """Refuses a space of which nothing can be changed in the midst of training.

    Raises:
        ValueError: No bucket has a decision that can be; the message says why.
    """
    if any(points):
        return
    if lanes:
        why = (
            f"of {', '.join(lanes)} neither step nor metric reads the value: what init copies into the state "
            "does not change with it. Make init, step and metric methods of the experiment, take "
            "search.Steps.of(Experiment, n=…), and read the value in step, from self"
        )
    else:
        why = "it opens no decision on a float or an array of the experiment, as search.floatv does"
    raise ValueError(f"search.pbt changes hyperparameters while it trains, and this space has none: {why}")
