"""The floating-point operations of a program's products, counted from its shapes alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from jax.extend import core


def product_flops(jaxpr: core.Jaxpr) -> int:
    """How many operations the matrix products and convolutions of a program are.

    A multiplication and an addition are two. That is nearly all the work of most models, and quick to
    count, which `symjax.patches.cost` is not: it has XLA count all operations. A loop of unknown length
    counts as one turn; of the branches of a conditional the dearest counts.

    Args:
        jaxpr: The program.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> product_flops(jax.make_jaxpr(jnp.dot)(jnp.ones((2, 3)), jnp.ones((3, 5))).jaxpr)
        60
    """
    return sum(map(_flops, jaxpr.eqns))


def _flops(equation: Any) -> int:
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (summed, _), _ = params["dimension_numbers"]
        left: tuple[int, ...] = equation.invars[0].aval.shape
        depth: int = math.prod(left[axis] for axis in summed)
        return 2 * int(equation.outvars[0].aval.size) * depth
    if name == "conv_general_dilated":
        numbers, kernel = params["dimension_numbers"], equation.invars[1].aval
        each = int(kernel.size) // int(kernel.shape[numbers.rhs_spec[0]])
        return 2 * int(equation.outvars[0].aval.size) * each
    bodies = [product_flops(body) for body in _bodies(equation)]
    if name == "cond":
        return max(bodies)
    return params.get("length", 1) * sum(bodies) if name == "scan" else sum(bodies)


def _bodies(equation: Any) -> Iterator[core.Jaxpr]:
    """The programs within an equation."""
    for value in equation.params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            body = getattr(item, "jaxpr", item)
            if isinstance(body, core.Jaxpr):
                yield body
