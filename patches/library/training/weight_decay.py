"""`change_weight_decay`: parameters that shrink a little at each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import optax as plain_optax
from annotated_types import Ge, Lt

from symjax.adoption.symbolize import symbolize
from symjax.verbs.equality import eq

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import has_role
from ...roles.settings import is_number, names_of, settings
from .chains import appended, inner_transformations
from .rates import peak, with_rate


class DecayState(NamedTuple):
    """The state of `decayed`: how many steps were made, ``int32[]``."""

    steps: jax.Array


@symbolize
def decayed(
    learning_rate: float | Callable[[Any], Any], weight_decay: Annotated[float, Ge(0)]
) -> plain_optax.GradientTransformationExtraArgs:
    """Behind an optimizer: takes ``learning_rate · weight_decay · parameters`` from the parameters.

    The decay is decoupled from the gradients: Loshchilov & Hutter, "Decoupled Weight Decay Regularization",
    2019, algorithms 1 and 2.

    Args:
        learning_rate: A number, or a schedule.
        weight_decay: At least 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import optax
        >>> optimizer = optax.chain(optax.sgd(0.5), decayed(0.5, 0.25))
        >>> params = jnp.float32(8.0)
        >>> updates, _ = optimizer.update(jnp.float32(1.0), optimizer.init(params), params)
        >>> float(updates)  # -0.5 · 1 - 0.5 · 0.25 · 8
        -1.5
    """

    def init(params: Any) -> DecayState:
        return DecayState(jnp.zeros((), jnp.int32))

    def update(updates: Any, state: DecayState, params: Any = None, **_: Any) -> tuple[Any, DecayState]:
        if params is None:
            raise ValueError("weight decay needs the parameters: optimizer.update(gradients, state, params)")
        rate = learning_rate(state.steps) if callable(learning_rate) else learning_rate

        def shrunk(step: jax.Array, parameter: jax.Array) -> jax.Array:
            return (step - rate * weight_decay * parameter).astype(step.dtype)

        steps = plain_optax.safe_increment(state.steps)
        return jax.tree.map(shrunk, updates, params), DecayState(steps)

    return plain_optax.GradientTransformationExtraArgs(init, update)


@patcher
def change_weight_decay(tree: Any, weight_decay: Annotated[float, Ge(0), Lt(math.inf)]) -> LookingFor:
    """Sets the weight decay, which is decoupled from the gradients.

    Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. It is set where there is an argument
    or field for it, under its usual names: in ``adamw``, ``lion``, ``add_decayed_weights`` and in
    configurations. A gradient transformation (role ``'transformation'``, see `symjax.role`) that has none
    inside gets it behind it, with the learning rate that stands in it, and shrinks all its parameters;
    unless a configuration of the experiment has a field for it, which other code reads.

    Args:
        tree: The experiment.
        weight_decay: At least 0.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch(optax.adamw(1e-3), 'change_weight_decay?0.1')
        adamw(learning_rate=0.001, weight_decay=0.1)
        >>> sj.patch(optax.sgd(0.5), 'change_weight_decay?0.1')
        chain(args=(sgd(learning_rate=0.5), decayed(learning_rate=0.5, weight_decay=0.1)))
    """
    decays = {
        path: old
        for path, old in settings(tree, "weight_decay").items()
        if old is None or is_number(old) or has_role(old, "schedule")
    }
    updates = {
        path: weight_decay if old is None else with_rate(old, weight_decay, path)
        for path, old in decays.items()
    }
    transformations = inner_transformations(tree)
    elsewhere = [path for path in decays if not any(map(path.startswith, transformations))]
    for path, transformation in transformations.items():
        rates = _rates(transformation)
        if not elsewhere and not settings(transformation, "weight_decay") and len(rates) == 1:
            updates[path] = appended(transformation, decayed(rates[0], weight_decay))
    what = (
        f"arguments and settings called {names_of('weight_decay')}, and gradient transformations (role "
        "'transformation') with one learning rate inside, which can be seen in those of symjax.optax"
    )
    return LookingFor(what, updates)


def _rates(transformation: Any) -> list[Any]:
    """The different learning rates of a transformation, schedules included."""
    rates: list[Any] = []
    for rate in settings(transformation, "learning_rate").values():
        if peak(rate) is not None and not any(eq(rate, other) for other in rates):
            rates.append(rate)
    return rates
