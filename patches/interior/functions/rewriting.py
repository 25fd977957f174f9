"""Programs with the calls of a function replaced: from jaxpr to jaxpr. Knows JAX alone."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Var, jaxprs_in_params, valid_jaxtype

from symjax.core.errors import note

from .calls import (
    Call,
    Function,
    Recognizer,
    is_custom,
    is_derivative,
    is_of_jax,
    opened,
    scopes_of,
    source_of,
)
from .equations import constants_of, fitting, inlined, program_of, rebuilt, required

Scopes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Replacement:
    """Which calls are replaced, and by what.

    Attributes:
        functions: The functions whose calls they are.
        to: What is called instead, with as many of the operands as it requires.
        names: Names of functions whose calls count wherever they are defined.
        among: Further functions, whose calls are left whole: the tanh that is part of `jax.nn.gelu` is none.
        where: Asked of each call: the named scopes that it stands in.
    """

    functions: tuple[Function, ...]
    to: Function
    names: frozenset[str] = frozenset()
    among: tuple[Function, ...] = ()
    where: Callable[[Scopes], bool] = lambda scopes: True


class Sight(NamedTuple):
    """A call of a known function.

    Attributes:
        scopes: The named scopes that it stands in.
        name: The name of the function.
        is_replaced: Whether another function is called instead.
        sealed: The function with a derivative of its own that it is part of, and for whose sake it
            stays; ``''`` for none.
    """

    scopes: Scopes
    name: str
    is_replaced: bool
    sealed: str = ""


def rewrite_program(program: ClosedJaxpr, replacement: Replacement) -> tuple[ClosedJaxpr, tuple[Sight, ...]]:
    """A program with calls replaced.

    All programs within it are entered (of `jax.jit`, `jax.checkpoint`, scans, loops, branches), but
    none of a function with a derivative of its own, and none of a function of JAX. Operands and
    results keep their shapes and types.

    Args:
        program: Any program.
        replacement: What is replaced.

    Returns:
        The program, the same one if nothing matches; and the known calls in it.

    Raises:
        TypeError: The new function requires more arguments than the old one was called with.
        ValueError: It returns another number of arrays, or other shapes; or the call is part of a
            derivative that is taken inside the program.
    """
    rewriter = _Rewriter(replacement)
    old = program.jaxpr
    body = rewriter.rewritten(old, (), False)
    if body.program is not old:
        program = ClosedJaxpr(body.program, [*program.consts, *body.captured.values()])
    return program, tuple(rewriter.sights)


class _Body(NamedTuple):
    """A program that was looked through.

    Attributes:
        program: The new one; the old one itself if it stays as it is.
        captured: What the new functions close over, by the last ones of the program's constants.
    """

    program: Jaxpr
    captured: Mapping[Var, Any]


@dataclass
class _Rewriter:
    """One replacement on its way through a program."""

    replacement: Replacement
    sights: list[Sight] = field(default_factory=list)
    _recognizer: Recognizer = field(init=False)
    _called: dict[Any, ClosedJaxpr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        functions = dict.fromkeys([*self.replacement.functions, *self.replacement.among])
        self._recognizer = Recognizer(tuple(functions), self.replacement.names)

    def rewritten(self, program: Jaxpr, around: Scopes, derived: bool, sealed: str = "") -> _Body:
        """A program with the calls replaced.

        Args:
            program: The program.
            around: The named scopes that it stands in.
            derived: Whether it is part of a derivative.
            sealed: The function with a derivative of its own that it belongs to: its calls stay.
        """
        uses = Counter([v for eqn in program.eqns for v in eqn.invars if isinstance(v, Var)])
        uses.update([v for v in program.outvars if isinstance(v, Var)])
        eqns: list[JaxprEqn] = []
        captured: dict[Var, Any] = {}
        position, changed = 0, False
        while position < len(program.eqns):
            eqn = program.eqns[position]
            place = _Place((*around, *scopes_of(eqn)), derived or is_derivative(eqn), sealed)
            call = self._recognizer.call_at(program, position, uses)
            old = call.eqns if call else (eqn,)
            new = self._replaced(call, place, captured) if call else self._entered(eqn, place, captured)
            changed = changed or new is not None
            eqns += old if new is None else new
            position += len(old)
        if not changed:
            return _Body(program, {})
        effects = {*program.effects, *[effect for eqn in eqns for effect in eqn.effects]}
        constvars = [*program.constvars, *captured]
        return _Body(_replaced(program, eqns=eqns, constvars=constvars, effects=effects), captured)

    def _replaced(self, call: Call, place: _Place, captured: dict[Var, Any]) -> Sequence[JaxprEqn] | None:
        """The equations that call the new function; None where the call stays."""
        wanted = self.replacement
        named = call.name in wanted.names
        wants = named or any(f is other for f in call.functions for other in wanted.functions)
        replaces = wants and not place.sealed and wanted.where(place.scopes)
        self.sights.append(Sight(place.scopes, call.name, replaces, place.sealed))
        if not replaces:
            return None
        if place.derived:
            raise ValueError(
                f"the program takes a derivative of {call.name}{place}, where one part would be replaced "
                "without the other; rewrite the function whose derivative it is: "
                "jax.grad(patches.rewrite(loss, …)), not patches.rewrite(jax.grad(loss), …)"
            )
        operands = _operands(wanted.to, call, place)
        program = self._called_with(operands, call, place)
        captured.update(zip(program.jaxpr.constvars, program.consts, strict=True))
        return inlined(program.jaxpr, operands, call.results, call.eqns[0])

    def _called_with(self, operands: Sequence[Any], call: Call, place: _Place) -> ClosedJaxpr:
        """The program of one call of the new function."""
        types: list[Any] = [atom.aval for atom in operands]
        results: list[Any] = [var.aval for var in call.results]
        key = (tuple(types), tuple(results))
        if key not in self._called:
            try:
                self._called[key] = program_of(fitting(self.replacement.to, results), operands, call.eqns[0])
            except Exception as error:
                note(error, f"while it is called in place of {call.name}{place}")
                raise
        return self._called[key]

    def _entered(self, eqn: JaxprEqn, place: _Place, captured: dict[Var, Any]) -> Sequence[JaxprEqn] | None:
        """An equation with the programs within it rewritten; None for one without anything to replace."""
        if is_of_jax(eqn):
            return None
        if is_custom(eqn) and not place.sealed:
            source = source_of(eqn)
            place = place._replace(sealed=source.name if source else eqn.primitive.name)
        captures: dict[Var, Any] = {}

        def enter(value: Any) -> Any:
            if isinstance(value, tuple | list):
                items = [enter(item) for item in value]
                return value if all(map(operator.is_, items, value)) else type(value)(items)
            if not isinstance(value, Jaxpr | ClosedJaxpr):
                return value
            old = opened(value)
            body = self.rewritten(old, place.scopes, place.derived, place.sealed)
            captures.update(body.captured)
            if body.program is old:
                return value
            if not isinstance(value, ClosedJaxpr) and not body.captured:
                return body.program
            return ClosedJaxpr(body.program, [*constants_of(value), *body.captured.values()])

        params = {name: enter(value) for name, value in eqn.params.items()}
        if all(params[name] is value for name, value in eqn.params.items()):
            return None
        if params.get("check_vma"):  # what JAX adds for it to code is missing in a function traced by itself
            raise NotImplementedError(
                "a function is to be replaced inside of a jax.shard_map that checks the axes over which its "
                f"values vary{place}, which is possible with check_vma=False alone"
            )
        if not captures:
            effects = {effect for program in jaxprs_in_params(params) for effect in program.effects}
            return [eqn.replace(params=params, effects={*eqn.effects, *effects})]
        program = rebuilt(eqn, params)
        captured.update(zip(program.jaxpr.constvars, program.consts, strict=True))
        return inlined(program.jaxpr, eqn.invars, eqn.outvars, eqn)


def _replaced(program: Jaxpr, **changes: Any) -> Jaxpr:
    new: Jaxpr = program.replace(**changes)  # type: ignore[no-untyped-call]
    return new


class _Place(NamedTuple):
    """Where an equation stands; see `_Rewriter.rewritten`."""

    scopes: Scopes
    derived: bool
    sealed: str

    def __str__(self) -> str:
        return f" in {'/'.join(self.scopes)}" if self.scopes else ""


def _operands(function: Function, call: Call, place: _Place) -> Sequence[Any]:
    """What a new function is called with."""
    count = required(function)
    if count is not None and count > len(call.operands):
        raise TypeError(
            f"{getattr(function, '__name__', function)} requires {count} arguments; {call.name}{place}, in "
            f"whose place it would be called, is given {len(call.operands)}"
        )
    return call.operands[:count]


class Trace(NamedTuple):
    """A call of a function as a program of arrays.

    Attributes:
        program: The program.
        arrays: What it is called with.
        finish: What the function returns, from what the program returns.
    """

    program: ClosedJaxpr
    arrays: Sequence[Any]
    finish: Callable[[Sequence[Any]], Any]


def trace(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Trace:
    """Traces one call of a function: its arrays are arguments of the program, all else is fixed.

    Args:
        function: Any function of pytrees that returns a pytree.
        *args: Its arguments: arrays, tracers and `jax.ShapeDtypeStruct` are traced; numbers, switches and the
            like are as they are.
        **kwargs: Likewise.
    """
    leaves, structure = jax.tree.flatten((args, kwargs))
    traced = [_is_traced(leaf) for leaf in leaves]
    arrays = [leaf for leaf, is_array in zip(leaves, traced, strict=True) if is_array]
    finish: Callable[[Sequence[Any]], Any] | None = None

    def called(*arrays: Any) -> list[Any]:
        nonlocal finish
        inner_args, inner_kwargs = jax.tree.unflatten(structure, _merged(traced, arrays, leaves))
        results, outer = jax.tree.flatten(function(*inner_args, **inner_kwargs))
        returned = [_is_traced(result) for result in results]
        fixed = [None if is_array else result for result, is_array in zip(results, returned, strict=True)]
        finish = lambda arrays: jax.tree.unflatten(outer, _merged(returned, arrays, fixed))  # noqa: E731
        return [result for result, is_array in zip(results, returned, strict=True) if is_array]

    program = jax.make_jaxpr(called)(*arrays)
    assert finish is not None
    return Trace(program, arrays, finish)


def _is_traced(leaf: object) -> bool:
    """Whether JAX traces a value that is no number of Python's."""
    if isinstance(leaf, np.ndarray):
        return valid_jaxtype(leaf)  # strings and objects are none
    return isinstance(leaf, jax.Array | jax.ShapeDtypeStruct)


def _merged(choices: Sequence[bool], arrays: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """Arrays where they are chosen, and what else there is elsewhere."""
    rest = iter(arrays)
    return [next(rest) if chosen else other for chosen, other in zip(choices, others, strict=True)]
