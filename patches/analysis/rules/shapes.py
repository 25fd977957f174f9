"""Rules of what changes shapes: reshapes, slices, concatenations, lookups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..extents import Extent, Extents
from .values import LOOKUP, Rule, Value, join, pinned, without


def _broadcast(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    shape = equation.params["shape"]
    sources = dict(zip(equation.params["broadcast_dimensions"], operands[0], strict=True))
    result = []
    for axis, size in enumerate(shape):
        source = sources.get(axis, ())
        extent = source if source else extents.fresh(size)
        if not source:
            extents.pin(extent, "an array is repeated to this size", lightly=True)
        result.append(extent)
    return [tuple(result)]


def _reshape(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return [tuple(extents.regroup(operands[0], equation.params["new_sizes"]))]


def _squeeze(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    gone = equation.params["dimensions"]
    return [without(operands[0], gone)]


def _transpose(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return [tuple([operands[0][axis] for axis in equation.params["permutation"]])]


def _concatenate(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["dimension"]
    for other in operands[1:]:
        join(extents, without(operands[0], [axis]), without(other, [axis]))
    total = extents.total([value[axis] for value in operands])
    return [(*operands[0][:axis], total, *operands[0][axis + 1 :])]


def _split(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis, sizes = equation.params["axis"], equation.params["sizes"]
    (value,) = operands
    rest, parts = value[axis], []
    for size in sizes[:-1]:
        first, rest = extents.cut(rest, int(size))
        parts.append(first)
    return [(*value[:axis], part, *value[axis + 1 :]) for part in (*parts, rest)]


def _slice(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    params = equation.params
    strides = params["strides"] or (1,) * len(operands[0])
    sizes = equation.invars[0].aval.shape
    places = zip(operands[0], sizes, params["start_indices"], params["limit_indices"], strides, strict=True)
    return [tuple([_sliced(extents, *place) for place in places])]


def _sliced(extents: Extents, extent: Extent, size: int, start: int, limit: int, stride: int) -> Extent:
    if stride > 1:
        every, remainder = divmod(size, stride)
        if remainder or start >= stride or limit <= size - stride:
            extents.pin(extent, "a part of it is taken in steps")
            return pinned(extents, -(-(limit - start) // stride), "it is taken in steps of another")
        kept = extents.fresh(every)
        steps = pinned(extents, stride, "a step in a slice")
        extents.join(extent, kept + steps)
        return kept
    if limit < size:
        extent, rest = extents.cut(extent, limit)
        extents.leave(rest, LOOKUP)
    if start:
        rest, extent = extents.cut(extent, start)
        extents.leave(rest, LOOKUP)
    extents.use(extent)
    return extent


def _pad(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return [
        tuple(
            [
                _padded(extents, extent, *sizes)
                for extent, sizes in zip(operands[0], equation.params["padding_config"], strict=True)
            ]
        )
    ]


def _padded(extents: Extents, extent: Extent, low: int, high: int, interior: int) -> Extent:
    if not (low or high or interior):
        return extent
    size = extents.size(extent)
    if interior or low < 0 or high < 0:
        extents.pin(extent, "it is padded inside")
        return pinned(extents, low + high + size + interior * max(0, size - 1), "it is padded inside")
    margins = [pinned(extents, margin, "a margin") for margin in (low, high)]
    parts = ([margins[0]] if low else []) + [extent] + ([margins[1]] if high else [])
    return extents.total(parts)


def _dynamic_slice(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return [_window_of(extents, operands[0], equation.invars[0].aval.shape, equation.params["slice_sizes"])]


def _window_of(extents: Extents, value: Value, sizes: Sequence[int], taken: Sequence[int]) -> Value:
    """An array of which a part is taken at a place that is not known."""
    result = []
    for extent, size, part in zip(value, sizes, taken, strict=True):
        if size != part:
            extents.pin(extent, LOOKUP)
            extent = pinned(extents, part, "so many entries are looked up")
        result.append(extent)
    return tuple(result)


def _dynamic_update_slice(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    target, update = operands[:2]
    for axis, (size, part) in enumerate(
        zip(equation.invars[0].aval.shape, equation.invars[1].aval.shape, strict=True)
    ):
        if size == part:
            extents.join(target[axis], update[axis])
    return [target]


def _gather(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    table, indices = operands
    taken = _window_of(extents, table, equation.invars[0].aval.shape, sizes)
    hidden = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    offsets = iter(without(taken, hidden))
    for ours, theirs in zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True):
        extents.join(table[ours], indices[theirs])
    batch = iter(indices[:-1])
    axes = range(len(equation.outvars[0].aval.shape))
    return [tuple([next(offsets) if axis in numbers.offset_dims else next(batch) for axis in axes])]


def _scatter(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    numbers = equation.params["dimension_numbers"]
    target, _, updates = operands
    hidden = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    windows = [updates[axis] for axis in numbers.update_window_dims]
    for extent, window in zip(without(target, hidden), windows, strict=True):
        if extents.size(extent) == extents.size(window):
            extents.join(extent, window)
    for axis in numbers.inserted_window_dims:
        extents.pin(target[axis], LOOKUP)
    return [target]


def _tile(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    repeats = [pinned(extents, times, "so many copies are made") for times in equation.params["reps"]]
    return [tuple([times + extent for times, extent in zip(repeats, operands[0], strict=True)])]


def _stack(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["axis"]
    for other in operands[1:]:
        join(extents, operands[0], other)
    count = pinned(extents, len(operands), "so many arrays are stacked")
    return [(*operands[0][:axis], count, *operands[0][axis:])]


def _unstack(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["axis"]
    extents.pin(operands[0][axis], "its entries are taken one by one")
    return [without(operands[0], [axis]) for _ in equation.outvars]


SHAPES: Final[Mapping[str, Rule]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "gather": _gather,
    "pad": _pad,
    "reshape": _reshape,
    "slice": _slice,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "tile": _tile,
    "transpose": _transpose,
    "unstack": _unstack,
}
"""Rules by primitive."""

SCATTERS: Final[Mapping[str, Rule]] = {"scatter": _scatter}
"""Rules by how the names of primitives start."""
