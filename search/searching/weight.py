"""How much a trial computes: enough to tell a cheap one from a dear one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn


def weight(program: ClosedJaxpr, limit: float = math.inf) -> float:
    """The numbers that a program computes with, loops included, by its equations alone.

    Neither a clock nor a machine has a say, so that what is chosen by it is the same everywhere.

    Args:
        program: The program.
        limit: Where to stop counting.

    Returns:
        The sum over all operations of what they read or write, whichever is more; products of matrices and
        convolutions count each multiplication. Infinite for what calls Python, and for loops of which
        nobody knows the number of turns.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def power(x):
        ...     return jax.lax.fori_loop(0, 10, lambda _, y: y * x, x)
        >>> weight(jax.make_jaxpr(power)(jnp.ones(8)))
        180.0
    """
    return _of(program.jaxpr, limit)


def _of(jaxpr: Jaxpr, limit: float) -> float:
    total = 0.0
    for equation in jaxpr.eqns:
        total += _equation(equation, limit)
        if total > limit:
            break
    return total


def _equation(equation: JaxprEqn, limit: float) -> float:
    name, params = equation.primitive.name, equation.params
    if name == "while" or "callback" in name:
        return math.inf
    if name == "cond":
        return max(_of(branch.jaxpr, limit) for branch in params["branches"])
    turns = float(params["length"]) if name == "scan" else 1.0
    inner = [_of(jaxpr, limit) for jaxpr in _within(params)]
    if inner:
        return turns * sum(inner)
    return _plain(equation)


def _plain(equation: JaxprEqn) -> float:
    read = sum(_size(var.aval) for var in equation.invars)
    written = sum(_size(var.aval) for var in equation.outvars)
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        shape = _shape(equation.invars[0].aval)
        return float(written * math.prod(shape[axis] for axis in contracted))
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval
        features = _shape(kernel)[params["dimension_numbers"].rhs_spec[0]]
        return float(written * _size(kernel) / max(1, features))
    return float(max(read, written))


def _within(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """The programs within an equation's parameters."""
    for value in params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, ClosedJaxpr):
                yield item.jaxpr
            elif isinstance(item, Jaxpr):
                yield item


def _size(aval: Any) -> int:
    return math.prod(_shape(aval))


def _shape(aval: Any) -> tuple[int, ...]:
    """The shape of an array; what is none counts as one number."""
    return tuple(getattr(aval, "shape", ()))
