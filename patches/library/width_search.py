"""`search_for_width`: the widths at which a model costs what it may."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Final

from annotated_types import Gt, Lt

from symjax.core.paths import Path
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import value_at

from ..analysis.sizes.resizing import Resizing
from ..analysis.work import Meter
from ..core.patch import RuleFunction
from ..core.patcher import patcher
from ..models.calling import outline
from ..models.finding import models
from ..models.inputs import inputs_for

_LIMIT: Final = 64.0  # the largest factor, and the inverse of the smallest
_STEPS: Final = 12
_CLOSE: Final = 0.005  # of the budget


@patcher(static=["flops"])
def search_for_width(tree: Any, flops: Annotated[float, Gt(0), Lt(math.inf)], *, inputs: Any) -> RuleFunction:
    """Scales the widths of the models so that a call costs a number of operations, as nearly as widths can.

    The factor is found by a search between 1/64 and 64; each is tried by abstract calls, with the widths
    that `scale_width` gives, and counted as `symjax.patches.cost` does: nothing is computed. The whole
    experiment is replaced.

    The example of Peng et al., "PyGlove: Efficiently Exchanging ML Ideas as Code", 2023, figure 3, where a
    search replaces the experiment by a larger one. Other than there the widths are decided here and now: a
    search over what a model learns, too, is `symjax.search`'s.

    Args:
        tree: The experiment.
        flops: How many operations a call of the models may be, all together, on the example inputs (a batch
            of them is as many times an example); a multiplication and an addition are two.
        inputs: The example inputs that `symjax.patch` was given.

    Raises:
        ValueError: There are no example inputs; or the operations hang on no width, or on none enough.

    Example:
        >>> import jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import linen as nn, patches
        >>> model = nn.Sequential([nn.Dense(50), nn.relu, nn.Dense(10)])
        >>> x = jnp.ones((1, 20))
        >>> large = sj.patch(model, 'search_for_width?flops=10000', inputs=x)
        >>> large.layers[0].features, patches.cost(large, x).forward.flops
        (161, 9992.0)
    """
    by_path = inputs_for(tree, inputs)
    if not by_path:
        raise ValueError(
            "search_for_width counts what calls of the models cost, and needs example inputs: "
            "sj.patch(…, inputs=…), or a method example_inputs of the experiment"
        )
    standing = [model for model in models(tree) if model.path in by_path]
    plans = [Resizing.of(tree, model, by_path[model.path]) for model in standing]
    meter = Meter()

    def scaled(factor: float) -> Any:
        updates: dict[Path, Any] = {}
        for plan in plans:
            updates.update(plan.scaled(factor))
        return rebind(tree, updates)

    def count(experiment: Any) -> float:
        calls = [
            outline(model._replace(node=value_at(experiment, model.path)), by_path[model.path])
            for model in standing
        ]
        return sum(work.flops for call in calls for _, work in meter.entries(call.jaxpr()))

    new = _found(scaled, count, flops)
    return lambda k, v, p: new if p is None else v


def _found(scaled: Callable[[float], Any], count: Callable[[Any], float], flops: float) -> Any:
    """The scaled experiment that costs most nearly what it may."""
    low, high = 1 / _LIMIT, _LIMIT
    factor = 1.0
    best: tuple[float, Any, float] | None = None
    for _ in range(_STEPS):
        experiment = scaled(factor)
        cost = count(experiment)
        distance = abs(math.log(cost / flops)) if cost else math.inf
        if best is None or distance < best[0]:
            best = distance, experiment, cost
        if distance < _CLOSE or high / low < 1 + _CLOSE:
            break
        low, high = (factor, high) if cost < flops else (low, factor)
        # Products grow as the square of the widths, or less fast: a guess, within what is known.
        guess = factor * math.sqrt(flops / cost) if cost else math.inf
        factor = guess if low * 1.001 < guess < high / 1.001 else math.sqrt(low * high)
    assert best is not None
    if best[0] > math.log(2):
        raise ValueError(
            f"no factor of the widths between 1/{_LIMIT:g} and {_LIMIT:g} brings a call to {flops:g} "
            f"operations: the nearest has {best[2]:g}"
        )
    return best[1]
