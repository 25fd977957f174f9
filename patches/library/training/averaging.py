"""`average_parameters`: a moving average of the parameters, beside them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import optax as plain_optax
from annotated_types import Ge, Lt

from symjax.adoption.symbolize import symbolize

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import role, with_role
from ...roles.settings import is_number, names_of, settings
from .chains import appended, inner_transformations


class AverageState(NamedTuple):
    """The state of `parameter_average`.

    Attributes:
        weight: The sum of the weights of all parameters so far, ``float32[]``, in [0, 1).
        average: Their weighted sum, of the structure and shapes of the parameters.
    """

    weight: jax.Array
    average: Any


@role("averaging", average_decay="decay")
@symbolize
def parameter_average(
    decay: Annotated[float, Ge(0), Lt(1)],
) -> plain_optax.GradientTransformationExtraArgs:
    """The last transformation of a chain, which keeps a moving average of the parameters in its state.

    It changes no update. After each step the average becomes ``decay · average + (1 - decay) ·
    parameters``; with `averaged_parameters` it is read, corrected for its start at zero. Averages are
    float32 where parameters are of a lower precision.

    Args:
        decay: In [0, 1).

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import optax
        >>> optimizer = optax.chain(optax.sgd(1.0), parameter_average(0.5))
        >>> params, gradients = jnp.float32(0.0), jnp.float32(-1.0)
        >>> state = optimizer.init(params)
        >>> for _ in range(2):  # the parameters are 1, then 2
        ...     updates, state = optimizer.update(gradients, state, params)
        ...     params = optax.apply_updates(params, updates)
        >>> float(averaged_parameters(state))  # (1 · 0.25 + 2 · 0.5) / 0.75
        1.6666666269302368
    """

    def init(params: Any) -> AverageState:
        return AverageState(
            jnp.zeros((), jnp.float32), jax.tree.map(lambda p: jnp.zeros(p.shape, _wide(p)), params)
        )

    def update(updates: Any, state: AverageState, params: Any = None, **_: Any) -> tuple[Any, AverageState]:
        if params is None:
            raise ValueError(
                "parameter_average needs the parameters: optimizer.update(gradients, state, params)"
            )

        def mixed(average: jax.Array, new: jax.Array) -> jax.Array:
            return (decay * average + (1 - decay) * new.astype(average.dtype)).astype(average.dtype)

        new_params = plain_optax.apply_updates(params, updates)
        weight = decay * state.weight + (1 - decay)
        return updates, AverageState(weight, jax.tree.map(mixed, state.average, new_params))

    return plain_optax.GradientTransformationExtraArgs(init, update)


def averaged_parameters(state: Any) -> Any:
    """The moving average of the parameters, out of the state of an optimizer that keeps one.

    The mean is corrected for its start at zero, as in Kingma & Ba, "Adam", 2015, section 7.2.

    Args:
        state: The state of an optimizer that was patched with `average_parameters`, or anything that holds
            it.

    Returns:
        A tree of the parameters' structure; zeros before the first step.

    Raises:
        ValueError: The state holds no average, or several.

    Example:
        >>> import jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import optax
        >>> optimizer = sj.patch(optax.sgd(1.0), 'average_parameters?0.9')
        >>> params = jnp.float32(0.0)
        >>> _, state = optimizer.update(jnp.float32(-1.0), optimizer.init(params), params)
        >>> round(float(averaged_parameters(state)), 6)
        1.0
    """

    def is_average(value: object) -> bool:
        return isinstance(value, AverageState)

    averages = [leaf for leaf in jax.tree.leaves(state, is_leaf=is_average) if is_average(leaf)]
    if len(averages) != 1:
        raise ValueError(
            f"the state holds {len(averages)} averages of parameters, and one was expected: patch the "
            "optimizer with average_parameters, and give the state of one optimizer"
        )
    (only,) = averages
    weight = jnp.where(only.weight > 0, only.weight, 1)
    return jax.tree.map(lambda average: (average / weight).astype(average.dtype), only.average)


@patcher
def average_parameters(tree: Any, decay: Annotated[float, Ge(0), Lt(1)] = 0.999) -> LookingFor:
    """Keeps an exponential moving average of the parameters, which often generalize better.

    Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; as an exponential
    average with a corrected start in Kingma & Ba, "Adam", 2015, section 7.2. Training itself goes on as
    before, to the last bit: the average is part of the optimizer's state. The experiment must hand the
    parameters to ``optimizer.update``, and evaluates with ``patches.averaged_parameters(optimizer_state)``.

    Every outermost gradient transformation (role ``'transformation'``, see `symjax.role`) becomes a chain
    that ends in `parameter_average`; inside gradient accumulation, so that steps of the optimizer count.
    One that averages already gets another decay. Settings of a configuration (``ema_decay`` and the like)
    are set.

    Args:
        tree: The experiment.
        decay: The weight of the past, in [0, 1).

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch(optax.adam(1e-3), 'average_parameters?0.99')
        chain(args=(adam(learning_rate=0.001), parameter_average(decay=0.99)))
    """
    updates = {
        path: decay
        for path, value in settings(tree, "average_decay").items()
        if value is None or is_number(value)
    }
    for path, transformation in inner_transformations(tree).items():
        if not with_role(transformation, "averaging"):  # whose decay is a setting
            updates[path] = appended(transformation, parameter_average(decay))
    what = f"gradient transformations (role 'transformation') and settings called {names_of('average_decay')}"
    return LookingFor(what, updates)


def _wide(value: Any) -> Any:
    return jnp.promote_types(value.dtype, jnp.float32)
