"""Rules of products, convolutions and sums over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..extents import Extent, Extents
from .elementwise import unknown
from .values import WINDOW, Rule, Value, pinned, without


def _reduce(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axes = equation.params.get("axes", equation.params.get("dimensions", ()))
    return [without(value, axes) for value in operands[: len(equation.outvars)]]


def _dot(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    left, right = operands
    for ours, theirs in zip((*left_sum, *left_batch), (*right_sum, *right_batch), strict=True):
        extents.join(left[ours], right[theirs])
    batch = tuple([left[axis] for axis in left_batch])
    return [batch + without(left, (*left_sum, *left_batch)) + without(right, (*right_sum, *right_batch))]


def _ragged_dot(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """A product in which groups of rows have matrices of their own: a mixture of experts."""
    numbers = equation.params["ragged_dot_dimension_numbers"]
    groups = tuple(numbers.rhs_group_dimensions)
    (left_sum, right_sum), (left_batch, right_batch) = numbers.dot_dimension_numbers
    left, right, sizes = operands
    if not groups or left_batch:
        return unknown(extents, equation, operands)
    for ours, theirs in zip(left_sum, right_sum, strict=True):
        extents.join(left[ours], right[theirs])
    extents.join(right[groups[0]], sizes[-1])
    return [without(left, left_sum) + without(right, (*right_sum, *right_batch, *groups))]


def _convolution(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    params = equation.params
    if params["batch_group_count"] != 1:
        return unknown(extents, equation, operands)
    image, kernel = operands
    numbers, groups = params["dimension_numbers"], params["feature_group_count"]
    channels, rows = image[numbers.lhs_spec[1]], kernel[numbers.rhs_spec[1]]
    features = kernel[numbers.rhs_spec[0]]
    _join_groups(extents, groups, channels, rows, features)
    result: list[Extent] = [()] * len(image)
    result[numbers.out_spec[0]] = image[numbers.lhs_spec[0]]
    result[numbers.out_spec[1]] = features
    for axis, window in zip(numbers.out_spec[2:], numbers.rhs_spec[2:], strict=True):
        extents.pin(kernel[window], WINDOW)
        result[axis] = pinned(extents, equation.outvars[0].aval.shape[axis], "the positions of a convolution")
    return [tuple(result)]


def _join_groups(extents: Extents, groups: int, channels: Extent, rows: Extent, features: Extent) -> None:
    """The channels of a convolution in groups: each group sees its own."""
    if groups == 1:
        extents.join(channels, rows)
        return
    if not rows:  # depthwise: as many groups as channels
        extents.join(features, channels + extents.fresh(extents.size(features) // groups))
        return
    count = extents.fresh(groups)
    extents.count(count)
    extents.join(channels, count + rows)
    each = extents.fresh(extents.size(features) // groups)
    extents.join(features, count + each)


def _window(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    before, after = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
    window = equation.params["window_dimensions"]
    result = tuple(
        [
            extent if size == 1 and old == new else pinned(extents, new, "the positions of a window")
            for extent, size, old, new in zip(operands[0], window, before, after, strict=True)
        ]
    )
    return [result for _ in equation.outvars]


def _top_k(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    kept = pinned(extents, equation.outvars[0].aval.shape[-1], "the first few are taken")
    return [(*operands[0][:-1], kept) for _ in equation.outvars]


_MONOIDS: Final = ("and", "max", "min", "or", "prod", "sum", "xor")
_REDUCTIONS: Final = ("argmax", "argmin", "reduce", *[f"reduce_{name}" for name in _MONOIDS])

PRODUCTS: Final[Mapping[str, Rule]] = {
    "conv_general_dilated": _convolution,
    "dot_general": _dot,
    "ragged_dot_general": _ragged_dot,
    "top_k": _top_k,
    **dict.fromkeys(_REDUCTIONS, _reduce),
}
"""Rules by primitive."""

WINDOWS: Final[Mapping[str, Rule]] = {"reduce_window": _window}
"""Rules by how the names of primitives start."""
