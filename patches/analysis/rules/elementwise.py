"""Rules of what keeps shapes or makes arrays anew, and of what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..extents import Extents
from .values import Rule, Value, results_of


def same(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Operands and results of one shape, but for scalars and axes of size 1: elementwise, or nearly so."""
    shapes = {variable.aval.shape for variable in equation.outvars if variable.aval.shape}
    if not shapes:
        return [() for _ in equation.outvars]
    arrays = [value for value in operands if value]
    shape = min(shapes)
    if len(shapes) > 1 or not _broadcasts([atom.aval.shape for atom in equation.invars], shape):
        return unknown(extents, equation, operands)
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


def unknown(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Nothing is known of the primitive: what goes in and comes out keeps its size."""
    results = results_of(extents, equation)
    for value in (*operands, *results):
        for extent in value:
            extents.pin(extent, f"{equation.primitive.name} may depend on it")
    return results


def _source(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    """Random numbers: of a shape that stands in the code, or follows from another array's."""
    results = results_of(extents, equation)
    for value in results:
        for extent in value:
            extents.pin(extent, "an array of this size is drawn", lightly=True)
    return results


def _iota(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    (result,) = results_of(extents, equation)
    for extent in result:
        extents.pin(extent, "positions are counted along it", lightly=True)
    return [result]


def _pairwise(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return operands


ELEMENTWISE: Final[Mapping[str, Rule]] = {
    "empty": _source,
    "iota": _iota,
    "optimization_barrier": _pairwise,
}
"""Rules by primitive; anything else of one shape is `same`."""

SOURCES: Final[Mapping[str, Rule]] = {"random_": _source, "rng_": _source, "threefry": _source}
"""Rules by how the names of primitives start."""
