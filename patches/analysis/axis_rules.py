"""What each primitive of JAX says of axes: which of its results are as long as which of its operands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from jax.extend import core

from .extents import Extent, Extents

WINDOW: Final = "the window of a convolution"
SCAN: Final = "the length of a scan"
LOOKUP: Final = "it is looked up by index"

Value: TypeAlias = tuple[Extent, ...]
"""The extents of an array's axes."""

_Rule: TypeAlias = "Callable[[Extents, Any, list[Value]], Sequence[Value]]"


def interpret(
    extents: Extents, jaxpr: core.Jaxpr, constants: Sequence[Value], inputs: Sequence[Value]
) -> list[Value]:
    """The extents of a program's results.

    Args:
        extents: What is known; joined by what the program says.
        jaxpr: The program.
        constants: The extents of its constants.
        inputs: The extents of its inputs.
    """
    values: dict[Any, Value] = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Value:
        return _fresh(extents, atom.aval) if isinstance(atom, core.Literal) else values[atom]

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        results = _rule_of(equation)(extents, equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _rule_of(equation: Any) -> _Rule:
    name = equation.primitive.name
    rule = _RULES.get(name)
    if rule is not None:
        return rule
    for prefix, rule in _FAMILIES.items():
        if name.startswith(prefix):
            return rule
    return _call if _body(equation) is not None else _same


def _fresh(extents: Extents, aval: Any) -> Value:
    return tuple([extents.fresh(size) for size in getattr(aval, "shape", ())])


def _results(extents: Extents, equation: Any) -> list[Value]:
    return [_fresh(extents, variable.aval) for variable in equation.outvars]


def _pinned(extents: Extents, size: int, reason: str) -> Extent:
    extent = extents.fresh(size)
    extents.pin(extent, reason)
    return extent


def _join(extents: Extents, a: Value, b: Value) -> None:
    for left, right in zip(a, b, strict=True):
        extents.join(left, right)


# What keeps shapes, and what is not known.


def _same(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Operands and results of one shape, but for scalars and axes of size 1: elementwise, or nearly so."""
    shapes = {variable.aval.shape for variable in equation.outvars if variable.aval.shape}
    if not shapes:
        return [() for _ in equation.outvars]
    arrays = [value for value in operands if value]
    shape = min(shapes)
    if len(shapes) > 1 or not _broadcasts([atom.aval.shape for atom in equation.invars], shape):
        return _unknown(extents, equation, operands)
    result = []
    for axis in range(len(shape)):
        first, *others = [value[axis] for value in arrays if value[axis]] or [()]
        for other in others:
            extents.join(first, other)
        result.append(first)
    return [tuple(result) if variable.aval.shape else () for variable in equation.outvars]


def _broadcasts(operands: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> bool:
    """Whether operands, scalars aside, have a shape together, by axes of size 1."""
    arrays = [operand for operand in operands if operand]
    if any(len(operand) != len(shape) for operand in arrays):
        return False
    return bool(arrays) and tuple([max(sizes) for sizes in zip(*arrays, strict=True)]) == shape


def _unknown(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Nothing is known of the primitive: what goes in and comes out keeps its size."""
    results = _results(extents, equation)
    for value in (*operands, *results):
        for extent in value:
            extents.pin(extent, f"{equation.primitive.name} may depend on it")
    return results


def _source(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Random numbers: of a shape that stands in the code, or follows from another array's."""
    results = _results(extents, equation)
    for value in results:
        for extent in value:
            extents.pin(extent, "an array of this size is drawn", lightly=True)
    return results


def _iota(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    (result,) = _results(extents, equation)
    for extent in result:
        extents.pin(extent, "positions are counted along it", lightly=True)
    return [result]


def _pairwise(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return operands


# Shapes.


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
    return [_without(operands[0], gone)]


def _without(value: Value, axes: Sequence[int]) -> Value:
    return tuple([extent for axis, extent in enumerate(value) if axis not in axes])


def _transpose(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return [tuple([operands[0][axis] for axis in equation.params["permutation"]])]


def _concatenate(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["dimension"]
    for other in operands[1:]:
        _join(extents, _without(operands[0], [axis]), _without(other, [axis]))
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
            return _pinned(extents, -(-(limit - start) // stride), "it is taken in steps of another")
        kept = extents.fresh(every)
        steps = _pinned(extents, stride, "a step in a slice")
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
        return _pinned(extents, low + high + size + interior * max(0, size - 1), "it is padded inside")
    margins = [_pinned(extents, margin, "a margin") for margin in (low, high)]
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
            extent = _pinned(extents, part, "so many entries are looked up")
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
    offsets = iter(_without(taken, hidden))
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
    for extent, window in zip(_without(target, hidden), windows, strict=True):
        if extents.size(extent) == extents.size(window):
            extents.join(extent, window)
    for axis in numbers.inserted_window_dims:
        extents.pin(target[axis], LOOKUP)
    return [target]


def _tile(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    repeats = [_pinned(extents, times, "so many copies are made") for times in equation.params["reps"]]
    return [tuple([times + extent for times, extent in zip(repeats, operands[0], strict=True)])]


def _stack(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["axis"]
    for other in operands[1:]:
        _join(extents, operands[0], other)
    count = _pinned(extents, len(operands), "so many arrays are stacked")
    return [(*operands[0][:axis], count, *operands[0][axis:])]


def _unstack(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axis = equation.params["axis"]
    extents.pin(operands[0][axis], "its entries are taken one by one")
    return [_without(operands[0], [axis]) for _ in equation.outvars]


# Sums over axes, products.


def _reduce(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    axes = equation.params.get("axes", equation.params.get("dimensions", ()))
    return [_without(value, axes) for value in operands[: len(equation.outvars)]]


def _dot(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    left, right = operands
    for ours, theirs in zip((*left_sum, *left_batch), (*right_sum, *right_batch), strict=True):
        extents.join(left[ours], right[theirs])
    batch = tuple([left[axis] for axis in left_batch])
    return [batch + _without(left, (*left_sum, *left_batch)) + _without(right, (*right_sum, *right_batch))]


def _ragged_dot(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """A product in which groups of rows have matrices of their own: a mixture of experts."""
    numbers = equation.params["ragged_dot_dimension_numbers"]
    groups = tuple(numbers.rhs_group_dimensions)
    (left_sum, right_sum), (left_batch, right_batch) = numbers.dot_dimension_numbers
    left, right, sizes = operands
    if not groups or left_batch:
        return _unknown(extents, equation, operands)
    for ours, theirs in zip(left_sum, right_sum, strict=True):
        extents.join(left[ours], right[theirs])
    extents.join(right[groups[0]], sizes[-1])
    return [_without(left, left_sum) + _without(right, (*right_sum, *right_batch, *groups))]


def _convolution(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    params = equation.params
    if params["batch_group_count"] != 1:
        return _unknown(extents, equation, operands)
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
        result[axis] = _pinned(
            extents, equation.outvars[0].aval.shape[axis], "the positions of a convolution"
        )
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
            extent if size == 1 and old == new else _pinned(extents, new, "the positions of a window")
            for extent, size, old, new in zip(operands[0], window, before, after, strict=True)
        ]
    )
    return [result for _ in equation.outvars]


def _top_k(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    kept = _pinned(extents, equation.outvars[0].aval.shape[-1], "the first few are taken")
    return [(*operands[0][:-1], kept) for _ in equation.outvars]


# Programs within programs.


def _body(equation: Any) -> Any:
    """The program that a call enters with its own operands, or None."""
    for value in equation.params.values():
        jaxpr = getattr(value, "jaxpr", value)
        if not isinstance(jaxpr, core.Jaxpr):
            continue
        pairs = [*zip(jaxpr.invars, equation.invars), *zip(jaxpr.outvars, equation.outvars)]  # noqa: B905
        fits = len(jaxpr.invars) == len(equation.invars) and len(jaxpr.outvars) == len(equation.outvars)
        if fits and all(inner.aval.shape == outer.aval.shape for inner, outer in pairs):
            return value
    return None


def _call(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return _enter(extents, _body(equation), operands)


def _enter(extents: Extents, body: Any, operands: Sequence[Value]) -> list[Value]:
    if isinstance(body, core.ClosedJaxpr):
        return interpret(extents, body.jaxpr, constants_of(extents, body), operands)
    return interpret(extents, body, (), operands)


def constants_of(extents: Extents, body: core.ClosedJaxpr) -> list[Value]:
    """The extents of the arrays that stand in a program, whose sizes may stand in the code."""
    values = [_fresh(extents, variable.aval) for variable in body.jaxpr.constvars]
    for value in values:
        for extent in value:
            extents.pin(extent, "an array in the code has this size", lightly=True)
    return values


def _scan(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    constants, carries = equation.params["num_consts"], equation.params["num_carry"]
    fixed, carry, slices = (
        operands[:constants],
        operands[constants : constants + carries],
        operands[constants + carries :],
    )
    length = _pinned(extents, equation.params["length"], SCAN)
    for value in slices:
        extents.join(value[0], length)
    results = _enter(extents, equation.params["jaxpr"], [*fixed, *carry, *[value[1:] for value in slices]])
    for before, after in zip(carry, results, strict=False):
        _join(extents, before, after)
    return [*results[:carries], *[(length, *value) for value in results[carries:]]]


def _while(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    params = equation.params
    outside, inside = params["cond_nconsts"], params["body_nconsts"]
    carry = operands[outside + inside :]
    _enter(extents, params["cond_jaxpr"], [*operands[:outside], *carry])
    results = _enter(extents, params["body_jaxpr"], operands[outside:])
    for before, after in zip(carry, results, strict=True):
        _join(extents, before, after)
    return results


def _cond(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    first, *others = [_enter(extents, branch, operands[1:]) for branch in equation.params["branches"]]
    for other in others:
        for a, b in zip(first, other, strict=True):
            _join(extents, a, b)
    return first


_MONOIDS: Final = ("and", "max", "min", "or", "prod", "sum", "xor")
_REDUCTIONS: Final = ("argmax", "argmin", "reduce", *[f"reduce_{name}" for name in _MONOIDS])
_RULES: Final[Mapping[str, _Rule]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "cond": _cond,
    "conv_general_dilated": _convolution,
    "dot_general": _dot,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "gather": _gather,
    "iota": _iota,
    "optimization_barrier": _pairwise,
    "pad": _pad,
    "ragged_dot_general": _ragged_dot,
    **dict.fromkeys(_REDUCTIONS, _reduce),
    "reshape": _reshape,
    "scan": _scan,
    "slice": _slice,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "tile": _tile,
    "top_k": _top_k,
    "transpose": _transpose,
    "unstack": _unstack,
    "while": _while,
}
_FAMILIES: Final[Mapping[str, _Rule]] = {
    "reduce_window": _window,
    "scatter": _scatter,
    "random_": _source,
    "rng_": _source,
    "empty": _source,
    "threefry": _source,
}
