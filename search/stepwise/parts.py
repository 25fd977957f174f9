"""The parts of `Steps` as functions of their own: the start, and as many steps as an argument says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from ..evaluation.steps import Run, State, Steps


@dataclass(frozen=True)
class Raw:
    """A state as programs hand it on: a pytree of plain arrays.

    Attributes:
        leaves: The leaves; of keys their data.
        treedef: The structure of the state.
        impls: For each leaf that is a key, how it makes random numbers; None for another.
    """

    leaves: tuple[Any, ...]
    treedef: jtu.PyTreeDef
    impls: tuple[Any, ...]

    @classmethod
    def of(cls, state: State) -> Raw:
        """The plain arrays of a state."""
        leaves, treedef = jax.tree.flatten(state)
        impls = tuple(_impl(leaf) for leaf in leaves)
        data = (leaf if impl is None else jax.random.key_data(leaf) for leaf, impl in _pairs(leaves, impls))
        return cls(tuple(data), treedef, impls)

    def state(self) -> State:
        """The state again."""
        pairs = _pairs(self.leaves, self.impls)
        leaves = [leaf if impl is None else jax.random.wrap_key_data(leaf, impl=impl) for leaf, impl in pairs]
        return jax.tree.unflatten(self.treedef, leaves)


jtu.register_dataclass(Raw, ["leaves"], ["treedef", "impls"])


@dataclass(frozen=True)
class Start:
    """The state before the first step.

    Attributes:
        steps: The training.
    """

    steps: Steps

    def __call__(self, experiment: Any, key: jax.Array, *data: Any) -> tuple[Raw, dict[str, Any]]:
        """The state, without the experiment; and no metrics."""
        state = self.steps.start(experiment, key, *data)
        return Raw.of(state.state if isinstance(state, Run) and self.steps.methods else state), {}


@dataclass(frozen=True)
class Segment:
    """The state after more steps, and its metrics. One program serves segments of all lengths.

    Attributes:
        steps: The training.
    """

    steps: Steps

    def __call__(
        self, before: tuple[Any, Raw, jax.Array], key: jax.Array, *data: Any
    ) -> tuple[Raw, dict[str, Any]]:
        """Takes the experiment (None where the steps are no methods of it), the state, and how many steps."""
        experiment, raw, m = before
        state = Run(experiment, raw.state()) if self.steps.methods else raw.state()
        state = self.steps.segment(state, m, *data)
        metrics = self.steps.measure(state, *data)
        return Raw.of(state.state if self.steps.methods else state), metrics


def _impl(leaf: Any) -> Any:
    is_key = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return jax.random.key_impl(leaf) if is_key else None


def _pairs(leaves: Any, impls: Any) -> Any:
    return zip(leaves, impls, strict=True)
