"""Layers of NNX whose activations are computed again in the backward pass, in place of being kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import jax
from flax import nnx

from symjax.adoption.symbolize import symbolize
from symjax.core.leaves import is_array
from symjax.core.schema import ATTRIBUTE

from .graph import subclass

_POLICY: Final = "__symjax_remat_policy__"  # in a class of layers that are computed again: (policy,)


def rematerialized(layer: nnx.Module, policy: str | None = None) -> nnx.Module:
    """A layer whose activations are not kept for the backward pass.

    It is the layer itself, of a class that calls it so: its parameters stay where they are.

    Args:
        layer: The layer, which is changed.
        policy: The name of a policy in `jax.checkpoint_policies`; None to keep nothing.
    """
    if policy_of(layer) is None:
        object.__setattr__(layer, "__class__", _computing_again(type(layer), policy))
    return layer


RematerializedNode: Final[Any] = symbolize(rematerialized, name="symjax.patches.nnx.rematerialized")
"""The class of nodes of such layers."""


def policy_of(layer: nnx.Module) -> tuple[str | None] | None:
    """The policy of a layer that is computed again, alone in a tuple; None for any other layer."""
    policy: tuple[str | None] | None = getattr(type(layer), _POLICY, None)
    return policy


def rematerialized_node(layer: Any, policy: str | None) -> Any:
    """The node of such a layer, of one that was read back from a built layer."""
    schema = getattr(RematerializedNode, ATTRIBUTE)
    schema.validator()
    return schema.revive({"layer": layer, "policy": policy})


@functools.cache
def _computing_again(cls: type[nnx.Module], policy: str | None) -> type[nnx.Module]:
    call: Callable[..., Any] = getattr(cls, "__call__")  # noqa: B004, B009 - mypy sees no method of that name
    saved = None if policy is None else getattr(jax.checkpoint_policies, policy)

    @functools.wraps(call)
    def __call__(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        leaves, treedef = jax.tree.flatten((args, kwargs), is_leaf=_is_graph)
        traced = [leaf for leaf in leaves if is_array(leaf) or _is_graph(leaf)]

        def run(module: Any, traced: list[Any]) -> Any:
            rest = iter(traced)
            filled = [next(rest) if is_array(leaf) or _is_graph(leaf) else leaf for leaf in leaves]
            args, kwargs = jax.tree.unflatten(treedef, filled)
            return call(module, *args, **kwargs)

        return nnx.remat(run, policy=saved)(self, traced)

    return subclass(cls, {"__call__": __call__, _POLICY: (policy,)})


def _is_graph(value: Any) -> bool:
    return isinstance(value, nnx.Pytree)
