"""How a program uses its parameters: along which axes of them it sums over products."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from jax.extend import core

from .rules.loops import scan_counts


class View(NamedTuple):
    """An array that is a parameter in another shape.

    Attributes:
        parameter: Which one, by its position among the program's inputs.
        axes: For each axis of the array, the axes of the parameter that it is made of, major first.
    """

    parameter: int
    axes: tuple[tuple[int, ...], ...]

    def sums(self, axes: Sequence[int]) -> frozenset[int]:
        """The axes of the parameter that these axes of the array are made of."""
        return frozenset(axis for place in axes for axis in self.axes[place])


Uses: TypeAlias = dict[int, list[frozenset[int]]]
"""By parameter, for each use of it, the axes that are summed over with another array's."""


def uses_of(jaxpr: core.Jaxpr) -> Uses:
    """How a program uses its inputs.

    A product of matrices or a convolution sums over some axes of a kernel; a lookup, a scale or a bias over
    none. A parameter is followed through changes of its shape and dtype, into loops and calls, until it meets
    another array.

    Args:
        jaxpr: The program.

    Returns:
        For each input that is used, the axes that are summed over, once for each use.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def program(kernel, bias, x):
        ...     return x @ kernel.T + bias
        >>> jaxpr = jax.make_jaxpr(program)(jnp.ones((3, 2)), jnp.ones(3), jnp.ones((4, 2)))
        >>> uses_of(jaxpr.jaxpr)[0], uses_of(jaxpr.jaxpr)[1]
        ([frozenset({1})], [frozenset()])
    """
    uses: Uses = {}
    views = [
        View(position, tuple((axis,) for axis in range(len(getattr(variable.aval, "shape", ())))))
        for position, variable in enumerate(jaxpr.invars)
    ]
    _follow(jaxpr, views, uses)
    return uses


def _follow(jaxpr: core.Jaxpr, views: Sequence[View | None], uses: Uses) -> list[View | None]:
    """Collects uses; gives back which results are views still."""
    known: dict[Any, View | None] = dict(zip(jaxpr.invars, views, strict=True))

    def read(atom: Any) -> View | None:
        return None if isinstance(atom, core.Literal) else known.get(atom)

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        results = _results(equation, operands, uses) if any(operands) else [None] * len(equation.outvars)
        known.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _results(equation: Any, operands: list[View | None], uses: Uses) -> list[View | None]:
    name, params = equation.primitive.name, equation.params
    if name == "scan":
        return _scan(params, operands, uses)
    if name == "while":
        outside, inside = params["cond_nconsts"], params["body_nconsts"]
        carried: list[View | None] = [None] * (len(operands) - outside - inside)
        _follow(params["cond_jaxpr"].jaxpr, [*operands[:outside], *carried], uses)
        _follow(params["body_jaxpr"].jaxpr, [*operands[outside : outside + inside], *carried], uses)
        return carried
    if name == "cond":
        results = [_follow(branch.jaxpr, operands[1:], uses) for branch in params["branches"]]
        return results[0]
    body = _body(equation)
    if body is not None:
        return _follow(body, operands, uses)
    reshaped = _reshaped(equation, operands)
    if reshaped is not None:
        return [reshaped]
    for view, summed in zip(operands, _summed(equation), strict=False):
        if view is not None:
            uses.setdefault(view.parameter, []).append(view.sums(summed))
    return [None] * len(equation.outvars)


def _scan(params: Mapping[str, Any], operands: list[View | None], uses: Uses) -> list[View | None]:
    """A loop over slices: of a stacked parameter, the first axis is the loop's."""
    first, carried = scan_counts(params)
    last = first + carried
    slices = [None if view is None else View(view.parameter, view.axes[1:]) for view in operands[last:]]
    inner = [*operands[:first], *[None] * carried, *slices]
    results = _follow(getattr(params["jaxpr"], "jaxpr", params["jaxpr"]), inner, uses)
    return [None] * len(results)


def _body(equation: Any) -> Any:
    """The program that a call runs on its own operands, or None."""
    for value in equation.params.values():
        jaxpr = getattr(value, "jaxpr", value)
        if isinstance(jaxpr, core.Jaxpr) and len(jaxpr.invars) == len(equation.invars):
            return jaxpr
    return None


_SAME: Final = (
    "convert_element_type",
    "copy",
    "reduce_precision",
    "sharding_constraint",
    "neg",
    "stop_gradient",
)
_SCALED: Final = ("mul", "div", "add", "sub")


def _reshaped(equation: Any, operands: list[View | None]) -> View | None:
    """What an equation makes of one parameter alone; None if it does something else."""
    name, params, view = equation.primitive.name, equation.params, operands[0]
    if name in _SCALED and len(equation.invars) == 2:  # by a number
        pairs = zip(operands, reversed(equation.invars), strict=True)
        return next((view for view, other in pairs if view is not None and not other.aval.shape), None)
    if view is None:
        return None
    if name in _SAME:
        return view
    if name == "transpose":
        return View(view.parameter, tuple(view.axes[axis] for axis in params["permutation"]))
    if name == "squeeze":
        kept = [axis for axis in range(len(view.axes)) if axis not in params["dimensions"]]
        return View(view.parameter, tuple(view.axes[axis] for axis in kept))
    if name == "broadcast_in_dim":
        sources = dict(zip(params["broadcast_dimensions"], view.axes, strict=True))
        return View(view.parameter, tuple(sources.get(axis, ()) for axis in range(len(params["shape"]))))
    if name == "reshape":
        axes = _regrouped(equation.invars[0].aval.shape, params["new_sizes"], view.axes)
        return None if axes is None else View(view.parameter, axes)
    return None


def _regrouped(
    old: Sequence[int], new: Sequence[int], axes: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], ...] | None:
    """The axes of a reshaped view, where each new axis is made of whole old ones."""
    rest = list(zip(old, axes, strict=True))
    regrouped = []
    for size in new:
        group: list[tuple[int, tuple[int, ...]]] = []
        while rest and math.prod(each for each, _ in group) < size:
            group.append(rest.pop(0))
        if math.prod(each for each, _ in group) != size:
            return None
        regrouped.append(tuple(axis for _, origin in group for axis in origin))
    return tuple(regrouped)


def _summed(equation: Any) -> Iterator[Sequence[int]]:
    """The axes of each operand over which an equation sums products."""
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        yield from params["dimension_numbers"][0]
    elif name == "conv_general_dilated":
        numbers = params["dimension_numbers"]
        yield numbers.lhs_spec[1:]
        yield numbers.rhs_spec[1:]
    else:
        yield from [()] * len(equation.invars)
