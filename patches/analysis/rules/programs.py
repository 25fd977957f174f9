"""What a program says of axes: equation by equation, and the programs within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jax.extend import core

from ..extents import Extents
from .elementwise import ELEMENTWISE, SOURCES, same
from .loops import scan_counts
from .products import PRODUCTS, WINDOWS
from .shapes import SCATTERS, SHAPES
from .values import SCAN, Rule, Value, fresh, join, pinned


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
        return fresh(extents, atom.aval) if isinstance(atom, core.Literal) else values[atom]

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        results = _rule_of(equation)(extents, equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _rule_of(equation: Any) -> Rule:
    name = equation.primitive.name
    rule = _RULES.get(name)
    if rule is not None:
        return rule
    for prefix, rule in _FAMILIES.items():
        if name.startswith(prefix):
            return rule
    return _call if _body(equation) is not None else same


def _body(equation: Any) -> Any:
    """The program that a call enters with its own operands, or None."""
    for value in equation.params.values():
        jaxpr = getattr(value, "jaxpr", value)
        if not isinstance(jaxpr, core.Jaxpr):
            continue
        if _shapes(jaxpr.invars) == _shapes(equation.invars) and _shapes(jaxpr.outvars) == _shapes(
            equation.outvars
        ):
            return value
    return None


def _shapes(atoms: Any) -> list[Any]:
    return [getattr(atom.aval, "shape", None) for atom in atoms]


def _call(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    return _enter(extents, _body(equation), operands)


def _enter(extents: Extents, body: Any, operands: Sequence[Value]) -> list[Value]:
    if isinstance(body, core.ClosedJaxpr):
        return interpret(extents, body.jaxpr, constants_of(extents, body), operands)
    return interpret(extents, body, (), operands)


def constants_of(extents: Extents, body: core.ClosedJaxpr) -> list[Value]:
    """The extents of the arrays that stand in a program, whose sizes may stand in the code."""
    values = [fresh(extents, variable.aval) for variable in body.jaxpr.constvars]
    for value in values:
        for extent in value:
            extents.pin(extent, "an array in the code has this size", lightly=True)
    return values


def _scan(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    constants, carries = scan_counts(equation.params)
    fixed, carry, slices = (
        operands[:constants],
        operands[constants : constants + carries],
        operands[constants + carries :],
    )
    length = pinned(extents, equation.params["length"], SCAN)
    for value in slices:
        extents.join(value[0], length)
    results = _enter(extents, equation.params["jaxpr"], [*fixed, *carry, *[value[1:] for value in slices]])
    for before, after in zip(carry, results, strict=False):
        join(extents, before, after)
    return [*results[:carries], *[(length, *value) for value in results[carries:]]]


def _while(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    params = equation.params
    outside, inside = params["cond_nconsts"], params["body_nconsts"]
    carry = operands[outside + inside :]
    _enter(extents, params["cond_jaxpr"], [*operands[:outside], *carry])
    results = _enter(extents, params["body_jaxpr"], operands[outside:])
    for before, after in zip(carry, results, strict=True):
        join(extents, before, after)
    return results


def _cond(extents: Extents, equation: Any, operands: list[Value]) -> list[Value]:
    first, *others = [_enter(extents, branch, operands[1:]) for branch in equation.params["branches"]]
    for other in others:
        for a, b in zip(first, other, strict=True):
            join(extents, a, b)
    return first


_RULES: Final[Mapping[str, Rule]] = {
    **ELEMENTWISE,
    **SHAPES,
    **PRODUCTS,
    "cond": _cond,
    "scan": _scan,
    "while": _while,
}
_FAMILIES: Final[Mapping[str, Rule]] = {**WINDOWS, **SCATTERS, **SOURCES}
