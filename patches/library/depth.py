"""`scale_depth`: more or fewer layers."""

from __future__ import annotations

import math
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt

from symjax.core.errors import at, note
from symjax.core.paths import Path

from ..analysis.sizes.probe import Probe
from ..analysis.sizes.stacks import Stack, apportioned, runs_of, stacks_of
from ..core.patch import LookingFor
from ..core.patcher import patcher
from ..outlines.finding import Model, models
from ..outlines.inputs import Inputs, inputs_for


@patcher(static=["factor"])
def scale_depth(
    tree: Any,
    factor: Annotated[float, Gt(0), Lt(math.inf)] | None = None,
    *,
    to: Annotated[int, Ge(1)] | None = None,
    inputs: Any = None,
) -> LookingFor:
    """Multiplies the depth of a model by a factor, or makes it a number.

    With example inputs the model is asked, by abstract calls, which of its fields are depths, also in
    configurations and in lists (``stage_sizes``): ints that add parameters, more the larger they are, see
    `symjax.patches.effects`.
    Sequences that hold equal blocks, or blocks that alternate with others, are repeated. A model that has
    neither, but a list of widths (``features=[64, 32]``), gets a longer or shorter one, of the same widths
    in order. All depths are multiplied and rounded, each at least 1. Without inputs sequences of blocks
    alone are found.

    He et al., "Deep Residual Learning for Image Recognition", 2016, go deeper by more equal blocks.

    Args:
        tree: The experiment.
        factor: Greater than 0; this or `to` is given.
        to: How many repetitions each model has in all; of several stages in proportion, each at least 1.
        inputs: The example inputs that `symjax.patch` was given.

    Raises:
        TypeError: Neither or both of `factor` and `to` are given.
        ValueError: The inputs are too small for the new depth, such as images that each level halves, and
            an array would be empty.
        Exception: What a model raises that cannot be as deep, with a note that names the new depths.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(8), nn.relu, nn.Dense(2)])
        >>> len(sj.patch(model, 'scale_depth?2').layers)
        9
    """
    if (factor is None) == (to is None):
        raise TypeError("scale_depth takes either a factor or to=…, the number of layers")
    by_path = inputs_for(tree, inputs)
    updates: dict[Path, Any] = {}
    for model in models(tree):
        if model.path in by_path:
            updates.update(_planned(tree, model, by_path[model.path], factor, to))
        else:
            updates.update(_repeated(list(runs_of(model.node, model.path)), factor, to))
    what = "fields that are depths, which need example inputs to be found, and sequences of equal blocks"
    return LookingFor(what, updates)


def _planned(
    tree: Any, model: Model, inputs: Inputs, factor: float | None, to: int | None
) -> dict[Path, Any]:
    """The updates of a model that was asked what makes it deeper, and takes them."""
    probe = Probe.of(tree, model, inputs)
    updates = _repeated(stacks_of(probe), factor, to)
    try:
        probe.called_alike(updates)
    except Exception as error:
        depths = ", ".join([f"{path}: {value!r}" for path, value in updates.items()])
        note(error, f"with the new depths {depths} {at(model.path)}")
        raise
    return updates


def _repeated(stacks: list[Stack], factor: float | None, to: int | None) -> dict[Path, Any]:
    if to is not None:
        counts = apportioned([stack.count for stack in stacks], to)
    else:
        assert factor is not None
        counts = [max(1, math.floor(stack.count * factor + 0.5)) for stack in stacks]
    pairs = [(stack, count) for stack, count in zip(stacks, counts, strict=True) if count != stack.count]
    return {path: value for stack, count in pairs for path, value in stack.repeated(count).items()}
