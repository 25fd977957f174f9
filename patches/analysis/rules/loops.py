"""What the operands of a scan are, which JAX 0.11 says otherwise than 0.10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def scan_counts(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many of a scan's operands are constants, and how many are carried; the rest are sliced.

    Args:
        params: The parameters of the equation.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def program(w, x, xs):
        ...     return jax.lax.scan(lambda x, y: (x * w, y), x, xs)
        >>> jaxpr = jax.make_jaxpr(program)(2.0, 1.0, jnp.ones(3))
        >>> scan_counts(jaxpr.eqns[-1].params)
        (1, 1)
    """
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    constants, carried, _ = params["ft_in"].unpack()
    return len(list(constants)), len(list(carried))
