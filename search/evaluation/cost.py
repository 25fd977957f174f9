"""`cost`: what a configuration computes, reads and learns, before it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from symjax.core.errors import brief
from symjax.core.leaves import is_array
from symjax.patches.analysis.cost import short_number
from symjax.patches.analysis.work import total_work
from symjax.patches.outlines.finding import models
from symjax.patches.outlines.parameters import Shapes, count, node_parameters, noting_parameters

from ..planning.arguments import Arguments, flatten
from ..planning.inputs import check_function
from ..spaces.dna import DNA
from ..spaces.space import Space


@dataclass(frozen=True)
class Cost:
    """What one configuration costs; see `cost`.

    Attributes:
        flops: Arithmetic operations, as XLA counts them: a multiplication and an addition are two.
        bytes: Read and written by all operations, none of them fused: an upper bound.
        parameters: How many numbers the parameters of its Flax models are.
        notes: What could not be counted as it runs.
    """

    flops: float
    bytes: float
    parameters: int
    notes: tuple[str, ...] = ()

    def numbers(self) -> dict[str, float]:
        """The three numbers by name: what a table of results has as columns.

        Example:
            >>> Cost(2e6, 8e6, 100).numbers()
            {'flops': 2000000.0, 'bytes': 8000000.0, 'parameters': 100}
        """
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "notes"
        }

    def __str__(self) -> str:
        numbers = (
            f"{short_number(self.flops)} FLOPs, {short_number(self.bytes)} bytes, "
            f"{short_number(self.parameters)} parameters"
        )
        return "\n".join([numbers, *(f"({note})" for note in self.notes)])


def cost(fn: Callable[..., Any], exp: Any, key: Any, *broadcast: Any) -> Cost:
    """What one call of ``fn(exp, key, *broadcast)`` costs. It is traced; nothing is computed or compiled.

    Operations and bytes are those of XLA's analysis of the lowered program, to which each `scan` adds the
    turns that XLA leaves out: it counts a loop's body once. A loop whose number of turns is not known
    counts as one turn, and a note says so; of the branches of a conditional the dearest counts.

    The parameters are those of the Flax models that the function runs or initializes (models with equal
    parameters count once), and of the NNX models that are nodes of the experiment. Others are not seen.

    Args:
        fn: The function, as `evaluate` takes it.
        exp: An experiment; or a space, and then a DNA stands behind it: ``cost(fn, space, dna, key, …)``.
        key: A JAX key.
        *broadcast: What all configurations share, such as data. A `jax.ShapeDtypeStruct` stands for an
            array that need not be there.

    Returns:
        The cost, which does not depend on the values of floats and arrays, unless code tests them.

    Raises:
        TypeError: A space without a DNA, or a batch of DNAs; or a function that takes other arguments.
        Exception: What the function raises.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import linen as nn, search
        >>> class Fit(sj.Object):
        ...     model: nn.Module
        ...     def run(self, key, x):
        ...         params = self.model.init(key, x)
        ...         return jnp.mean(self.model.apply(params, x))
        >>> x = jax.ShapeDtypeStruct((8, 16), jnp.float32)
        >>> costs = search.cost(Fit.run, Fit(nn.Dense(32)), jax.random.key(0), x)
        >>> costs.parameters, costs.flops > 2 * 8 * 16 * 32
        (544, True)
    """
    if isinstance(exp, Space):
        exp, key, broadcast = _decoded(exp, key, broadcast)
    check_function(fn, len(broadcast))
    with noting_parameters() as called:
        closed = _traced(fn, flatten(exp, jax.tree.map(_with_values, broadcast)), key)
    work, notes = total_work(closed)
    parameters, unseen = _parameters(exp, called)
    return Cost(work.flops, work.bytes, parameters, (*notes, *unseen))


def _decoded(space: Space, dna: Any, rest: tuple[Any, ...]) -> tuple[Any, Any, tuple[Any, ...]]:
    """The experiment, the key and the shared arguments, where a space and a DNA are given."""
    if not isinstance(dna, DNA) or dna.shape or not rest:
        raise TypeError(
            "a space stands for many experiments: give one of its DNAs, and the key, behind it, "
            f"search.cost(fn, space, dna, key); got {brief((dna, *rest))}"
        )
    return space.decode(dna), rest[0], rest[1:]


def _with_values(leaf: Any) -> Any:
    """An array of zeros in the place of a mere shape; it takes no memory."""
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return np.broadcast_to(np.zeros((), leaf.dtype), leaf.shape)
    return leaf


def _traced(fn: Callable[..., Any], arguments: Arguments, key: Any) -> Any:
    """The program of a call; with leaves of the experiment as constants if they cannot be traced.

    Raises:
        Exception: What the function raises even so.
    """
    own = [i for i in arguments.traced() if not arguments.names[i].startswith("broadcast")]
    floats = [i for i in own if not is_array(arguments.leaves[i])]
    for constants in ([], floats):
        try:
            return _traced_with(fn, arguments, key, constants)
        except Exception:  # noqa: BLE001 - whatever tracing a leaf causes; the last attempt tells what remains
            continue
    return _traced_with(fn, arguments, key, own)


def _traced_with(fn: Callable[..., Any], arguments: Arguments, key: Any, constants: Collection[int]) -> Any:
    """The program of a call in which some leaves are constants."""
    indices = arguments.traced(constants)

    def call(key: Any, values: Sequence[Any]) -> Any:
        leaves = arguments.replace(dict(zip(indices, values, strict=True))).leaves
        experiment, broadcast = jax.tree.unflatten(arguments.treedef, leaves)
        return fn(experiment, key, *broadcast)

    avals = [aval.batched() for i in indices if (aval := arguments.avals[i]) is not None]
    return jax.make_jaxpr(call)(key, avals)


def _parameters(exp: Any, called: set[Shapes]) -> tuple[int, list[str]]:
    """How many parameters an experiment's models have, and notes on those that were not seen.

    Args:
        exp: The experiment.
        called: The parameters of the models that ran.
    """
    standing = models(exp)
    nodes = {node_parameters(model) for model in standing if model.kind == "nnx"}
    notes = []
    if not called and not nodes:
        notes.append("no parameters counted: the function called no Flax model")
    return sum(map(count, called | nodes)), notes
