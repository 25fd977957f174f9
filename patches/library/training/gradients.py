"""`clip_gradients` and `accumulate_gradients`: what becomes of gradients before the optimizer sees them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal

import optax as plain_optax
from annotated_types import Ge, Gt, Lt

from symjax import optax
from symjax.adoption.symbolize import symbolize

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.editing import updated
from ...roles.marks import role, with_role
from ...roles.settings import is_count, is_number, names_of, settings
from .chains import inner_transformations, prepended

_CLIPPINGS: Final = {
    "global_norm": (optax.clip_by_global_norm, "clip_norm"),
    "value": (optax.clip, "clip_value"),
}


@patcher
def clip_gradients(
    tree: Any,
    limit: Annotated[float, Gt(0), Lt(math.inf)],
    by: Literal["global_norm", "value"] = "global_norm",
) -> LookingFor:
    """Bounds the gradients before the optimizer sees them.

    By their ``global_norm``: where the norm of all gradients together exceeds the limit, all of them are
    scaled down to it (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks",
    2013, section 3.2, algorithm 1). By ``value``: each number is clipped to [-limit, limit].

    Every outermost gradient transformation (role ``'transformation'``, see `symjax.role`) becomes a chain
    that clips first; inside gradient accumulation, so that the accumulated gradient is clipped. One that
    clips already (role ``'gradient_clipping'``) clips at this limit instead. Settings of a
    configuration (``grad_clip``, ``max_grad_norm`` and the like) are set.

    Args:
        tree: The experiment.
        limit: Greater than 0.
        by: What is bounded.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch(optax.adam(1e-3), 'clip_gradients?1.0')
        chain(args=(clip_by_global_norm(max_norm=1.0), adam(learning_rate=0.001)))
        >>> sj.patch({'max_grad_norm': 5.0}, 'clip_gradients?1.0')
        {'max_grad_norm': 1.0}
    """
    make, setting = _CLIPPINGS[by]
    updates = {
        path: limit for path, value in settings(tree, setting).items() if value is None or is_number(value)
    }
    for path, transformation in inner_transformations(tree).items():
        clippings = with_role(transformation, "gradient_clipping")
        for inside, old in clippings.items():
            new = updated(old, "gradient_clipping", limit=limit)
            updates[path / inside] = new if type(old) is make else make(limit)
        if not clippings:
            updates[path] = prepended(transformation, make(limit))
    what = f"gradient transformations (role 'transformation') and settings called {names_of(setting)}"
    return LookingFor(what, updates)


@role("accumulation", accumulation_steps="every")
@symbolize
def accumulated(
    optimizer: plain_optax.GradientTransformation, every: Annotated[int, Ge(1)]
) -> plain_optax.GradientTransformationExtraArgs:
    """An optimizer that averages the gradients of several steps, and then makes one of its own.

    `optax.MultiSteps`, as a gradient transformation. In between its updates are zeros.

    Args:
        optimizer: The optimizer; it sees one mean gradient for so many of the experiment's.
        every: How many, at least 1.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import optax
        >>> optimizer = accumulated(optax.sgd(1.0), 2)
        >>> first, state = optimizer.update(jnp.float32(1.0), optimizer.init(jnp.float32(0.0)))
        >>> second, state = optimizer.update(jnp.float32(3.0), state)
        >>> float(first), float(second)
        (0.0, -2.0)
    """
    accumulating = plain_optax.MultiSteps(optimizer, every)
    return plain_optax.GradientTransformationExtraArgs(accumulating.init, accumulating.update)


@patcher
def accumulate_gradients(tree: Any, steps: Annotated[int, Ge(1)]) -> LookingFor:
    """Makes one step of the optimizer out of several of the experiment: batches too large for the memory.

    The gradients are averaged, so that `steps` batches count as one that is as many times larger (Ott et
    al., "Scaling Neural Machine Translation", 2018, section 3.2, "cumul"). Schedules count the steps of the
    optimizer, of which there are as many times fewer.

    Every outermost gradient transformation (role ``'transformation'``, see `symjax.role`) is wrapped; one
    that accumulates already (role ``'accumulation'``, `optax.MultiSteps` too) gets another number of steps.
    Settings of a configuration (``accumulation_steps`` and the like) are set.

    Args:
        tree: The experiment.
        steps: How many gradients make a step, at least 1.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch(optax.adam(1e-3), 'accumulate_gradients?4')
        accumulated(optimizer=adam(learning_rate=0.001), every=4)
    """
    updates = {
        path: steps
        for path, value in settings(tree, "accumulation_steps").items()
        if value is None or is_count(value)
    }
    for path, transformation in with_role(tree, "transformation").items():
        if not any(at.startswith(path) for at in updates):
            updates[path] = accumulated(transformation, steps)
    what = (
        "gradient transformations (role 'transformation') and settings called "
        f"{names_of('accumulation_steps')}"
    )
    return LookingFor(what, updates)
