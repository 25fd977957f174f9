"""Activations by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from symjax.core.errors import excerpt, nearest_first, unknown

from ...roles.flax_layers import ACTIVATIONS
from ...roles.marks import functions_of


def activation(name: str) -> Callable[..., Any]:
    """The activation of a name.

    Args:
        name: That of one in `jax.nn`, or of a function that is marked as an activation.

    Raises:
        ValueError: There is none; the message lists them, the nearest first.

    Example:
        >>> activation('gelu') is jax.nn.gelu
        True
    """
    if name in ACTIVATIONS:
        function: Callable[..., Any] = getattr(jax.nn, name)
        return function
    marked = {getattr(function, "__name__", ""): function for function in functions_of("activation")}
    if name not in marked:
        listed = nearest_first(name, sorted({*ACTIVATIONS, *marked} - {""}))
        raise ValueError(unknown("activation", excerpt(name), listed, "known activations"))
    return marked[name]
