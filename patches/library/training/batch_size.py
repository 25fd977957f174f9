"""`change_batch_size`: larger or smaller batches, and the learning rate with them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from annotated_types import Gt

from symjax.core.errors import at, locate
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.settings import is_count, names_of, settings
from .rates import scaled

_POWERS: Final = {"linear": 1.0, "sqrt": 0.5, "none": 0.0}


@patcher
def change_batch_size(
    tree: Any,
    batch_size: Annotated[int, Gt(0)],
    scaling: Literal["linear", "sqrt", "none"] = "linear",
) -> LookingFor:
    """Sets the size of the batches, and scales the learning rate with it.

    ``linear``: a batch that is k times larger gets a learning rate k times higher (Goyal et al., "Accurate,
    Large Minibatch SGD", 2017, section 2.1), right for SGD. ``sqrt``: √k times, which keeps the variance of
    the updates (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014,
    section 5; for Adam: Malladi et al., "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms",
    2022). ``none``.

    Batch sizes are settings called ``batch_size`` or the like, see `symjax.role` for others; sizes for
    evaluation stay. Schedules are scaled in height, not in length.

    Args:
        tree: The experiment.
        batch_size: The new one, greater than 0.
        scaling: How the learning rate follows.

    Raises:
        ValueError: The learning rate is to follow, but the old batch sizes differ from each other, or one of
            them or the learning rate is an open choice.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> exp = {'batch_size': 64, 'optimizer': optax.sgd(0.1)}
        >>> sj.patch(exp, 'change_batch_size?256')
        {'batch_size': 256, 'optimizer': sgd(learning_rate=0.4)}
        >>> sj.patch(exp, 'change_batch_size?256&scaling=sqrt')
        {'batch_size': 256, 'optimizer': sgd(learning_rate=0.2)}
    """
    sizes = {path: size for path, size in settings(tree, "batch_size").items() if is_count(size)}
    updates: dict[Path, Any] = dict.fromkeys(sizes, batch_size)
    power = _POWERS[scaling]
    if sizes and power:
        factor = (batch_size / _only(sizes)) ** power
        for path, rate in settings(tree, "learning_rate").items():
            try:
                updates[path] = scaled(rate, factor)
            except ValueError as error:
                locate(error, path, "while scaling this")
                raise
    return LookingFor(f"integers called {names_of('batch_size')}", updates)


def _only(sizes: dict[Path, Any]) -> int:
    """The batch size that all settings agree on."""
    for path, size in sizes.items():
        if isinstance(size, Placeholder):
            raise ValueError(
                "the batch size is an open choice, so that nobody knows by how much the learning rate should "
                f"change: say scaling=none, or change it before it is opened {at(path)}"
            )
    if len(set(sizes.values())) > 1:
        places = ", ".join(f"{path}={size}" for path, size in sizes.items())
        raise ValueError(
            f"the batch sizes differ ({places}), so that nobody knows by how much the learning rate "
            "should change: say scaling=none"
        )
    return int(next(iter(sizes.values())))
