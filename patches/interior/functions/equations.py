"""New equations for a program: calls of functions, and equations whose inner programs have changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Var

from .calls import Atom, Function, opened


def constants_of(program: Jaxpr | ClosedJaxpr) -> Sequence[Any]:
    """The values of a program's constants."""
    return program.consts if isinstance(program, ClosedJaxpr) else ()


def program_of(function: Function, operands: Sequence[Atom], at: JaxprEqn) -> ClosedJaxpr:
    """The program of one call of a function.

    Args:
        function: A function of arrays that returns a tuple of arrays.
        operands: Its arguments, in another program.
        at: The equation in whose place the call stands: under its mesh, say.

    Returns:
        Its constants are what the function closes over. Each result is one of an equation.
    """
    types = [atom.aval for atom in operands]
    with at.ctx.manager:
        program = jax.make_jaxpr(function)(*types)
        if _is_direct(program.jaxpr):
            return program
        return jax.make_jaxpr(lambda *arrays: [_computed(result) for result in function(*arrays)])(*types)


def _computed(array: Any) -> jax.Array:
    """An array as the result of equations, which XLA leaves out; a constant would not be copied by any."""
    return jax.lax.squeeze(jax.lax.expand_dims(array, (0,)), (0,))


def _is_direct(program: Jaxpr) -> bool:
    """Whether each result comes from an equation, and none comes twice."""
    computed = {id(var) for eqn in program.eqns for var in eqn.outvars}
    results = [id(atom) for atom in program.outvars]
    return computed.issuperset(results) and len(set(results)) == len(results)


def inlined(program: Jaxpr, operands: Sequence[Atom], results: Sequence[Var], at: JaxprEqn) -> list[JaxprEqn]:
    """The equations of a program, for another one, with variables of their own.

    Args:
        program: From `program_of`; its constants keep their variables.
        operands: What its arguments become.
        results: What its results become.
        at: The equation in whose place they stand.
    """
    known: dict[Any, Any] = dict(zip(program.invars, operands, strict=True))
    known.update({var: var for var in program.constvars})
    known.update(zip(program.outvars, results, strict=True))
    stack = at.source_info.name_stack
    eqns = []
    for eqn in program.eqns:
        known.update({var: Var(var.aval) for var in eqn.outvars if var not in known})
        eqns.append(
            eqn.replace(
                invars=[known[atom] if isinstance(atom, Var) else atom for atom in eqn.invars],
                outvars=[known[var] for var in eqn.outvars],
                source_info=eqn.source_info.replace(name_stack=stack + eqn.source_info.name_stack),
                ctx=at.ctx,
            )
        )
    return eqns


def rebuilt(eqn: JaxprEqn, params: Mapping[str, Any]) -> ClosedJaxpr:
    """The program of an equation whose inner programs have got constants, which JAX hands in.

    Args:
        eqn: The old equation: a call, a checkpoint, a scan, a loop, or a branch.
        params: Its parameters with the new programs in them.

    Raises:
        NotImplementedError: It is none of these.
    """
    rebuild = _REBUILDERS.get(eqn.primitive.name)
    if rebuild is None:
        raise NotImplementedError(
            f"the new function closes over arrays that cannot be handed into {eqn.primitive.name}, where it "
            "would be called; replace by a function of its operands alone"
        )
    function = rebuild(eqn, params)
    return program_of(lambda *operands: tuple(function(*operands)), eqn.invars, eqn)


def _function(program: Jaxpr | ClosedJaxpr) -> Callable[..., list[Any]]:
    body, constants = opened(program), constants_of(program)
    return lambda *operands: jax.core.eval_jaxpr(body, constants, *operands)


def _jit(eqn: JaxprEqn, params: Mapping[str, Any]) -> Callable[..., Any]:
    function = _function(params["jaxpr"])
    function.__name__ = params["name"]
    return jax.jit(function)


def _checkpoint(eqn: JaxprEqn, params: Mapping[str, Any]) -> Callable[..., Any]:
    function = _function(params["jaxpr"])
    return jax.checkpoint(function, prevent_cse=params["prevent_cse"], policy=params["policy"])


def _scan(eqn: JaxprEqn, params: Mapping[str, Any]) -> Callable[..., Any]:
    """The operands are constants, what is carried, and what is scanned over, which loses an axis within."""
    body = opened(params["jaxpr"])
    inner = body.invars[-len(eqn.invars) :]
    scanned = sum(len(_shape(a)) != len(_shape(b)) for a, b in zip(eqn.invars, inner, strict=True))
    carried = sum(len(_shape(a)) == len(_shape(b)) for a, b in zip(eqn.outvars, body.outvars, strict=True))
    constant = len(eqn.invars) - scanned - carried
    function = _function(params["jaxpr"])

    def scan(*operands: Any) -> list[Any]:
        fixed, initial, rows = (
            operands[:constant],
            operands[constant : constant + carried],
            operands[constant + carried :],
        )

        def step(carry: Any, row: Any) -> Any:
            results = function(*fixed, *carry, *row)
            return results[:carried], results[carried:]

        carry, columns = jax.lax.scan(
            step,
            list(initial),
            list(rows),
            length=params["length"],
            reverse=params["reverse"],
            unroll=params["unroll"],
        )
        return [*carry, *columns]

    return scan


def _shape(atom: Atom) -> tuple[int, ...]:
    aval: Any = atom.aval
    return tuple(aval.shape)


def _while(eqn: JaxprEqn, params: Mapping[str, Any]) -> Callable[..., Any]:
    goes_on, step = _function(params["cond_jaxpr"]), _function(params["body_jaxpr"])
    first, second = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]

    def loop(*operands: Any) -> Any:
        before, within = operands[:first], operands[first:second]
        return jax.lax.while_loop(
            lambda state: goes_on(*before, *state)[0],
            lambda state: step(*within, *state),
            list(operands[second:]),
        )

    return loop


def _branch(eqn: JaxprEqn, params: Mapping[str, Any]) -> Callable[..., Any]:
    branches = [_function(branch) for branch in params["branches"]]
    return lambda index, *operands: jax.lax.switch(index, branches, *operands)


_REBUILDERS: Final[Mapping[str, Callable[[JaxprEqn, Mapping[str, Any]], Callable[..., Any]]]] = {
    "jit": _jit,
    "pjit": _jit,
    "closed_call": lambda eqn, params: _function(params["call_jaxpr"]),
    "core_call": lambda eqn, params: _function(params["call_jaxpr"]),
    "checkpoint": _checkpoint,
    "remat": _checkpoint,
    "remat2": _checkpoint,
    "scan": _scan,
    "while": _while,
    "cond": _branch,
}


def fitting(function: Function, results: Sequence[Any]) -> Function:
    """A function of arrays as one that returns a tuple of arrays.

    Args:
        function: The function.
        results: What has the shapes and dtypes of the results.

    Raises:
        ValueError: When it is called: it returns other shapes, or not as many arrays.
    """

    @functools.wraps(function)
    def called(*operands: Any) -> tuple[Any, ...]:
        arrays = [jax.numpy.asarray(array) for array in jax.tree.leaves(function(*operands))]
        shapes, wanted = [array.shape for array in arrays], [result.shape for result in results]
        if shapes != wanted:
            raise ValueError(f"it returns arrays of the shapes {shapes} in place of {wanted}")
        return tuple([array.astype(result.dtype) for array, result in zip(arrays, results, strict=True)])

    return called


def required(function: Function) -> int | None:
    """How many arguments a function must be given by position, at least one; None if it takes any number."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # without a signature, as builtins are
        return 1
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return max(1, len([p for p in positional if p.default is p.empty]))
