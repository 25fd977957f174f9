"""Whether all points of a space run through one program, and what its leaves are, by their genes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symjax.core.errors import known, summary

from ..compiling.lanes import Layout
from ..engines.local import Local
from ..evaluation.goals import check_objective, costs_in
from ..planning.buckets import Bucket, checks_itself
from ..planning.inputs import devices_of
from ..planning.ladder import layouts
from ..planning.leaf_decisions import LeafDecision, leaf_decisions
from ..planning.patched_leaves import patched_leaves, possible_leaves
from ..planning.plan import Plan, make_plan
from ..results.failures import Failure
from ..results.objective import Objective
from ..spaces.dna import DNA
from ..spaces.space import Space

_LISTED = 8  # decisions that a reason names
_NOTHING: Mapping[str, str] = MappingProxyType({})


class SeveralPrograms(Exception):
    """Why a search is not one program."""


@dataclass(frozen=True)
class Leaf:
    """A leaf that a decision decides, as a function of genes that is traced.

    Attributes:
        array: The array of a `DNA` that holds the gene.
        column: Its column there.
        table: The leaf for each gene, [K, ...]; None where the gene itself is the leaf.
    """

    array: str
    column: int
    table: jax.Array | None

    def of(self, dnas: DNA, table: jax.Array | None) -> jax.Array:
        """What the leaf is for a batch, [n, ...]; `table` is that of this leaf, traced."""
        genes = getattr(dnas, self.array)[:, self.column]
        return genes if table is None else table[genes]


@dataclass(frozen=True)
class SingleProgram:
    """The one program through which all points of a space run.

    Attributes:
        plan: The plan of one point.
        bucket: What runs.
        leaves: What varies, in the order of the program's arguments.
        device: Where it runs.
        layout: How the lanes of a batch run.
    """

    plan: Plan
    bucket: Bucket
    leaves: tuple[Leaf, ...]
    device: jax.Device
    layout_for: Callable[[int], Layout]


def single_program(
    fn: Callable[..., Any],
    space: Space,
    key: jax.Array,
    broadcast: tuple[Any, ...],
    engine: Local,
    goal: Objective,
) -> SingleProgram:
    """The program through which all points of a space run.

    Raises:
        SeveralPrograms: There is no such one; the text says which decisions stand in the way.
        Exception: As `plan`.
    """
    if space.predicates:
        raise SeveralPrograms("the space is constrained, and its constraints see decoded trees")
    if costs_in(goal):
        raise SeveralPrograms(f"{costs_in(goal)[0]} is not computed by the function")
    decisions = leaf_decisions(space)
    _check_leaves(space, {*decisions, *possible_leaves(space, decisions)})  # before anything is traced
    devices = devices_of(engine.devices)
    plan = make_plan(
        fn,
        space,
        space.sample(jax.random.key(0), 1),
        key,
        broadcast,
        ids=None,
        repeats=1,
        lanes=engine.lanes,
        width=engine.width,
        devices=engine.devices,
        check=partial(check_objective, goal),
    )
    for error in plan.errors.values():
        raised = error.error if isinstance(error, Failure) else error
        raise SeveralPrograms(f"a configuration raised {summary(raised)}")
    names = space.spec.names
    _check_leaves(space, {names.index(name) for name in plan.lanes}, plan.demoted)
    [bucket] = plan.buckets
    decided = _decided(space, plan, bucket)
    tree = space.decode(plan.dnas[0])
    if checks_itself(tree, [space.spec.points[decision.index].path for decision in decided.values()]):
        raise SeveralPrograms("a node checks itself, so that some configurations may not be valid")
    leaves = tuple(_leaf(space, bucket, index, decided[index]) for index in bucket.program.varying)
    return SingleProgram(plan, bucket, leaves, devices[0], layouts(engine.lanes, engine.width, devices))


def _check_leaves(space: Space, lanes: Collection[int], demoted: Mapping[str, str] = _NOTHING) -> None:
    """Refuses decisions that are no lanes."""
    split = [name for index, name in enumerate(space.spec.names) if index not in lanes]
    if split:
        reasons = "".join(f"; the function cannot trace {name}: {why}" for name, why in demoted.items())
        several = "decide" if len(split) > 1 else "decides"
        raise SeveralPrograms(f"{', '.join(split[:_LISTED])} {several} on the structure{reasons}")


def _decided(space: Space, plan: Plan, bucket: Bucket) -> Mapping[int, LeafDecision]:
    """For each leaf that varies, the decision that is its value."""
    decisions = leaf_decisions(space)
    if not space.patches:
        positions = bucket.arguments.positions()
        return {positions[str(point.path)]: decisions[index] for index, point in enumerate(space.spec.points)}
    tried = patched_leaves(space, plan.dnas[0], range(len(space.spec)))
    if tried.computed:
        names = [bucket.arguments.names[leaf] for leaf in tried.computed]
        raise SeveralPrograms(f"patches compute leaves of what is decided: {known(names, 'these')}")
    return tried.decided


def _leaf(space: Space, bucket: Bucket, index: int, decision: LeafDecision) -> Leaf:
    aval = bucket.arguments.avals[index]
    assert aval is not None
    point, column = space.spec.points[decision.index], space.spec.columns[decision.index].start
    if decision.leaves is not None:
        return Leaf(point.array, column, jnp.asarray(np.asarray(decision.leaves, aval.dtype)))
    if aval.dtype != np.float32:
        raise SeveralPrograms(f"{point.name} is a {aval.dtype}, and no float32 as its gene is")
    return Leaf(point.array, column, None)
