"""The parts of `Steps` as functions of their own: the start, and as many steps as an argument says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from ..evaluation.steps import Run, State, Steps

Leaves: TypeAlias = tuple[Any, ...]
"""A state as programs hand it on: its leaves as plain arrays; of keys their data."""


@dataclass(frozen=True)
class Form:
    """What a state is beside its leaves: a pytree without any.

    It may hold what `init` made of the experiment: a `TrainState` has its optimizer, and that the learning
    rate, which is traced. So a form belongs to one trace, and each part makes its own.

    Attributes:
        treedef: The structure of the state.
        impls: For each leaf that is a key, how it makes random numbers; None for another.
    """

    treedef: jtu.PyTreeDef
    impls: tuple[Any, ...]

    @classmethod
    def of(cls, state: State) -> Form:
        """The form of a state."""
        leaves, treedef = jax.tree.flatten(state)
        return cls(treedef, tuple(map(_impl, leaves)))

    def filled(self, leaves: Leaves) -> State:
        """A state of this form."""
        pairs = zip(leaves, self.impls, strict=True)
        filled = [leaf if impl is None else jax.random.wrap_key_data(leaf, impl=impl) for leaf, impl in pairs]
        return jax.tree.unflatten(self.treedef, filled)


def plain(state: State) -> Leaves:
    """The leaves of a state as plain arrays."""
    leaves = jax.tree.leaves(state)
    return tuple(leaf if _impl(leaf) is None else jax.random.key_data(leaf) for leaf in leaves)


@dataclass(frozen=True)
class Start:
    """The state before the first step.

    Attributes:
        steps: The training.
    """

    steps: Steps

    def __call__(self, experiment: Any, key: jax.Array, *data: Any) -> tuple[Leaves, dict[str, Any]]:
        """The state, without the experiment; and no metrics."""
        return plain(_inner(self.steps, experiment, key, data)), {}


@dataclass(frozen=True)
class Segment:
    """The state after more steps, and its metrics. One program serves segments of all lengths.

    Attributes:
        steps: The training.
    """

    steps: Steps

    def __call__(
        self, before: tuple[Any, Leaves, jax.Array], key: jax.Array, *data: Any
    ) -> tuple[Leaves, dict[str, Any]]:
        """Takes the experiment, the state, and how many steps."""
        experiment, leaves, m = before
        # Only the form of this start is used; what computes its leaves is dead code.
        inner = Form.of(_inner(self.steps, experiment, key, data)).filled(leaves)
        state = Run(experiment, inner) if self.steps.methods else inner
        state = self.steps.segment(state, m, *data)
        metrics = self.steps.measure(state, *data)
        return plain(state.state if self.steps.methods else state), metrics


def state_of(steps: Steps, experiment: Any, leaves: Leaves, key: jax.Array, data: tuple[Any, ...]) -> State:
    """The state of an experiment, as `Steps.segment` takes it, of its leaves.

    Args:
        steps: The training.
        experiment: The experiment, which is not traced here.
        leaves: The leaves.
        key: The key that it began with.
        data: Arguments that all configurations share.
    """
    form: Form = Form(jax.tree.structure(None), ())

    def start(key: jax.Array, data: tuple[Any, ...]) -> None:
        nonlocal form
        form = Form.of(_inner(steps, experiment, key, data))

    jax.eval_shape(start, key, data)
    inner = form.filled(leaves)
    return Run(experiment, inner) if steps.methods else inner


def _inner(steps: Steps, experiment: Any, key: jax.Array, data: tuple[Any, ...]) -> State:
    """The state before the first step, without the experiment."""
    state = steps.start(experiment, key, *data)
    return state.state if steps.methods else state


def _impl(leaf: Any) -> Any:
    is_key = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return jax.random.key_impl(leaf) if is_key else None
