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
from ..core.errors import PatchError
from ..core.patch import RuleFunction
from ..core.patcher import patcher
from ..outlines.calling import outline
from ..outlines.finding import models
from ..outlines.inputs import inputs_for

_LIMIT: Final = 64.0  # the largest factor, and the inverse of the smallest
_STEPS: Final = 10
_ROUNDS: Final = 3
_CLOSE: Final = 0.005  # of the budget


@patcher(static=["flops"])
def search_for_width(
    tree: Any, flops: Annotated[float, Gt(0), Lt(math.inf)], *, inputs: Any = None
) -> RuleFunction:
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
        PatchError: There are no example inputs; or the operations hang on no width, or not enough on any.

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
        raise PatchError(
            "search_for_width counts what calls of the models cost, and needs example inputs: "
            "sj.patch(…, inputs=…), or a method example_inputs of the experiment"
        )
    standing = [model for model in models(tree) if model.path in by_path]
    plans = [Resizing.of(tree, model, by_path[model.path]) for model in standing]
    meter = Meter()

    def count(experiment: Any) -> float:
        calls = [
            outline(model._replace(node=value_at(experiment, model.path)), by_path[model.path])
            for model in standing
        ]
        return sum(work.flops for call in calls for _, work in meter.entries(call.jaxpr()))

    new = _nearest(tree, plans, count, flops)
    return lambda k, v, p: new if p is None else v


def _nearest(tree: Any, plans: list[Resizing], count: Callable[[Any], float], flops: float) -> Any:
    """The scaled experiment that costs most nearly what it may."""
    tried: list[tuple[float, float, Any]] = []
    budget = flops  # of products alone, which are quick to count, as all operations grow with them
    for _ in range(_ROUNDS):
        experiment = rebind(tree, _search(plans, budget))
        cost = count(experiment)
        tried.append((abs(math.log(max(cost, 1) / flops)), cost, experiment))
        if tried[-1][0] < _CLOSE:
            break
        budget *= flops / max(cost, 1)
    distance, cost, experiment = min(tried, key=lambda entry: entry[0])
    if distance > math.log(2):
        raise PatchError(
            f"no factor of the widths between 1/{_LIMIT:g} and {_LIMIT:g} brings a call to {flops:g} "
            f"operations: the nearest has {cost:g}"
        )
    return experiment


def _search(plans: list[Resizing], flops: float) -> dict[Any, Any]:
    """The new widths with which the products of the models are most nearly so many operations."""
    low, high, factor = 1 / _LIMIT, _LIMIT, 1.0
    tried: list[tuple[float, dict[Path, Any]]] = []
    for _ in range(_STEPS):
        resized = [plan.scaled(factor) for plan in plans]
        cost = max(1, sum(one.flops for one in resized))
        updates = {path: value for one in resized for path, value in one.updates.items()}
        tried.append((abs(math.log(cost / flops)), updates))
        if tried[-1][0] < _CLOSE or high / low < 1 + 2 * _CLOSE:
            break
        low, high = (factor, high) if cost < flops else (low, factor)
        # They grow as the square of the widths, or less fast: a guess, within what is known.
        guess = factor * math.sqrt(flops / cost)
        factor = guess if low * 1.001 < guess < high / 1.001 else math.sqrt(low * high)
    return min(tried, key=lambda entry: entry[0])[1]
