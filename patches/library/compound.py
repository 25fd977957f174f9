"""`compound_scale`: depth, width and resolution together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import jax
from annotated_types import Ge

from symjax.core.paths import Path
from symjax.verbs.rebind import rebind
from symjax.verbs.walk import walk

from ..analysis.check import check
from ..core.patch import LookingFor
from ..core.patcher import patcher
from ..outlines.finding import models
from .depth import scale_depth
from .width import scale_width

_UNITS: Final = (1, 2, 4, 8, 16, 32)  # what sizes of images are multiples of, for models that halve them


@patcher(static=["phi", "depth", "width", "resolution"])
def compound_scale(
    tree: Any,
    phi: float,
    depth: Annotated[float, Ge(1)] = 1.2,
    width: Annotated[float, Ge(1)] = 1.1,
    resolution: Annotated[float, Ge(1)] = 1.15,
    inputs: Any = None,
) -> LookingFor:
    """Scales depth, width and resolution together, each by its own base to the power of `phi`.

    The bases are those of EfficientNet, with which the FLOPs of a convolutional network grow by about
    ``2**phi``: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    2019, section 3.3, equation 3. Depth and width as by `scale_depth` and `scale_width`. The resolution is an
    int outside of the models (of a dataset) that two axes of ``tree.example_inputs()`` grow with, rounded as
    the models need it, since some halve it several times; an experiment without such a method keeps it,
    and so does one whose models take no other.

    Args:
        tree: The experiment.
        phi: How much more; below 0 for less.
        depth: The base for the depth.
        width: The base for the width.
        resolution: The base for the resolution.
        inputs: Example inputs; without, the resolution stays as it is.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Conv(10, (3, 3)), nn.relu, nn.Conv(10, (3, 3)), nn.relu, nn.Dense(2)])
        >>> large = sj.patch(model, 'compound_scale?3')
        >>> len(large.layers), large.layers[0].features
        (7, 13)
    """
    steps: list[Any] = [scale_depth(depth**phi), scale_width(width**phi)]
    sizes = {} if inputs is None else _resized(tree, resolution**phi)
    return LookingFor("depths, widths and the resolution of images", [sizes, *steps] if sizes else steps)


def _resized(tree: Any, factor: float) -> dict[Any, int]:
    """The new resolution, as near to the factor as the models take it; nothing if they take none."""
    old = dict(_resolutions(tree))
    for unit in _UNITS:
        if any(value % unit for value in old.values()):
            break
        new: dict[Any, int] = {
            path: max(1, round(value * factor / unit)) * unit for path, value in old.items()
        }
        if new == old:
            break
        try:
            check(rebind(tree, new))
        except Exception:  # noqa: BLE001 - other people's models may raise anything
            continue
        return new
    return {}


def _resolutions(tree: Any) -> Iterator[tuple[Path, int]]:
    """The ints outside of the models that two axes of an example input are as long as, beside its batch."""
    if not callable(getattr(tree, "example_inputs", None)):
        return
    before = _shapes(tree)
    inside = [model.path for model in models(tree)]
    for path, value, _ in walk(tree):
        if type(value) is int and value > 0 and not any(path.startswith(model) for model in inside):
            try:
                after = _shapes(rebind(tree, {path: 2 * value}))
            except Exception:  # noqa: BLE001 - other people's experiments may raise anything
                continue
            if any(map(_is_larger_image, before, after)):
                yield path, value


def _shapes(tree: Any) -> list[tuple[int, ...]]:
    return [leaf.shape for leaf in jax.tree.leaves(tree.example_inputs()) if hasattr(leaf, "shape")]


def _is_larger_image(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    grown = [axis for axis, (old, new) in enumerate(zip(before, after, strict=False)) if new == 2 * old]
    return len(before) == len(after) and len(grown) == 2 and 0 not in grown
