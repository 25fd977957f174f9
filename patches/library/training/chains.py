"""Gradient transformations in chains: where something is put into them."""

from __future__ import annotations

from typing import Any

from symjax import optax
from symjax.core.paths import Path
from symjax.verbs.tree import is_symbolic, replace

from ...roles.marks import Argument, arguments, has_role, with_role


def inner_transformations(tree: Any) -> dict[Path, Any]:
    """The outermost gradient transformations of a tree; of one that accumulates, the one that it wraps.

    Example:
        >>> from symjax import optax
        >>> inner_transformations([optax.MultiSteps(optax.sgd(0.1), 4)])
        {Path('[0].opt'): sgd(learning_rate=0.1)}
    """
    return dict(_inner(path, value) for path, value in with_role(tree, "transformation").items())


def prepended(transformation: Any, first: Any) -> Any:
    """A chain that does something first.

    Example:
        >>> from symjax import optax
        >>> prepended(optax.chain(optax.sgd(0.1)), optax.clip(1.0))
        chain(args=(clip(max_delta=1.0), sgd(learning_rate=0.1)))
    """
    parts = _parts(transformation)
    if parts is None:
        return optax.chain(first, transformation)
    return replace(transformation, {parts.name: (first, *parts.value)})


def appended(transformation: Any, last: Any) -> Any:
    """A chain that does something last, but before what averages parameters, which sees the final updates.

    Example:
        >>> from symjax import optax
        >>> appended(optax.sgd(0.1), optax.scale(2.0))
        chain(args=(sgd(learning_rate=0.1), scale(step_size=2.0)))
    """
    parts = _parts(transformation)
    if parts is None:
        return optax.chain(transformation, last)
    before = list(parts.value)
    after: list[Any] = []
    while before and has_role(before[-1], "averaging"):
        after.insert(0, before.pop())
    return replace(transformation, {parts.name: (*before, last, *after)})


def _inner(path: Path, value: Any) -> tuple[Path, Any]:
    wrapped = arguments(value, "accumulation").get("optimizer")
    if wrapped is None or not is_symbolic(value):
        return path, value
    return _inner(path / wrapped.name, wrapped.value)


def _parts(transformation: Any) -> Argument | None:
    """The transformations of a chain; None for anything else."""
    return arguments(transformation, "chain").get("transformations")
