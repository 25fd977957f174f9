"""Which equations of a program are the call of a function, and where they stand."""

from __future__ import annotations

import functools
import inspect
import itertools
import operator
import os
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

Function: TypeAlias = Callable[..., Any]
Atom: TypeAlias = "Var | Literal"


class Source(NamedTuple):
    """Where a function is defined, as JAX keeps it with the program that was traced from it.

    Attributes:
        name: Its name.
        place: File and line; ``''`` if it is not written in Python.
    """

    name: str
    place: str = ""

    @classmethod
    def of(cls, function: Function) -> Source:
        """The source of a function, through decorators such as `jax.jit` and `jax.custom_jvp`."""
        inner = inspect.unwrap(function)
        code = getattr(inner, "__code__", None)
        name = getattr(inner, "__name__", type(inner).__name__)
        return cls(name, "" if code is None else f"{code.co_filename}:{code.co_firstlineno}")


class Call(NamedTuple):
    """Equations that are the call of a function.

    Attributes:
        functions: The functions whose call it may be, of those that were asked for.
        source: The function that the program names; None where it names none.
        eqns: The equations, which follow each other.
        operands: What the function is called with; what it closes over is none of these.
        results: What it returns.
    """

    functions: tuple[Function, ...]
    source: Source | None
    eqns: tuple[JaxprEqn, ...]
    operands: tuple[Atom, ...]
    results: tuple[Var, ...]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.source.name if self.source else Source.of(_whole(self.functions[0])).name


_JAX: Final = os.path.dirname(os.path.abspath(jax.__file__)) + os.sep
_JIT: Final = ("jit", "pjit")
_BODIES: Final = ("call_jaxpr", "fun_jaxpr", "jaxpr")


def shape_of(
    shape: tuple[int, ...], dtype: Any = np.float32, weak_type: bool = False
) -> jax.ShapeDtypeStruct:
    """An array without its values."""
    return jax.ShapeDtypeStruct(shape, dtype, weak_type=weak_type)  # type: ignore[no-untyped-call]


def opened(program: Jaxpr | ClosedJaxpr) -> Jaxpr:
    """A program without its constants."""
    return program.jaxpr if isinstance(program, ClosedJaxpr) else program


def is_custom(eqn: JaxprEqn) -> bool:
    """Whether an equation calls a function that comes with rules of its own, such as its derivative."""
    return eqn.primitive.name.startswith("custom_") or eqn.primitive.name == "pallas_call"


def is_of_jax(eqn: JaxprEqn) -> bool:
    """Whether an equation calls a function of JAX itself, such as `jax.nn.glu`, which is one piece."""
    source = source_of(eqn)
    return source is not None and source.place.startswith(_JAX)


def scopes_of(eqn: JaxprEqn) -> tuple[str, ...]:
    """The named scopes that an equation stands in, within its own program."""
    return tuple([part.name for part in eqn.source_info.name_stack.stack if type(part).__name__ == "Scope"])


def is_derivative(eqn: JaxprEqn) -> bool:
    """Whether an equation is part of a derivative that was taken inside the program."""
    stack = eqn.source_info.name_stack.stack
    return any(type(part).__name__ == "Transform" and part.name in ("jvp", "transpose") for part in stack)


class Recognizer:
    """Finds the calls of some functions in programs.

    A function that JAX calls as a whole (by `jax.jit`, `jax.custom_jvp` or `jax.custom_vjp`) is known by
    its name and the place of its definition. One that leaves its equations alone (`jax.nn.gelu`,
    `jax.numpy.tanh`) is known by these: they are traced at the same shapes, and looked for in the program.

    Args:
        functions: The functions. A `functools.partial` is found where it is called with its very arguments.
        names: Names of functions that the program calls as a whole, wherever these are defined.
    """

    def __init__(self, functions: Sequence[Function], names: frozenset[str] = frozenset()) -> None:
        self._names = names
        self._by_source: dict[Source, tuple[Function, ...]] = {}
        self._spelled: list[tuple[Function, Function]] = []
        for function in functions:
            if not isinstance(function, functools.partial):
                source = Source.of(function)
                self._by_source[source] = (*self._by_source.get(source, ()), function)
            spelled_out = _known_spelled_out if _is_lasting(function) else _spelled_out
            self._spelled += [(function, variant) for variant in spelled_out(function)]
        self._templates: dict[Any, Jaxpr | None] = {}
        self._outlines: dict[Any, tuple[Any, ...] | None] = {}

    def call_at(self, program: Jaxpr, start: int, uses: Mapping[Var, int]) -> Call | None:
        """The call that begins at an equation.

        Args:
            program: Where it stands.
            start: The position of the equation.
            uses: How often the program uses each variable.

        Returns:
            The longest one of those that are asked for, or None.
        """
        eqn = program.eqns[start]
        longest = self._named(eqn)
        for function, variant in self._spelled:
            for operand in dict.fromkeys([atom for atom in eqn.invars if isinstance(atom, Var)]):
                if not self._may_begin(function, variant, operand, program, start):
                    continue
                template = self._template(variant, operand, eqn)
                call = template and _matching(function, template, operand, program, start, uses)
                if not call:
                    continue
                if longest is None or len(call.eqns) > len(longest.eqns):
                    longest = call
                elif len(call.eqns) == len(longest.eqns):
                    longest = longest._replace(functions=(*longest.functions, *call.functions))
        return longest

    def _named(self, eqn: JaxprEqn) -> Call | None:
        source = source_of(eqn)
        if source is None or not eqn.outvars:  # what is left of a call whose results nobody uses
            return None
        functions = self._by_source.get(source, ())
        if not functions and source.name not in self._names:
            return None
        operands = tuple(eqn.invars)[_constants(eqn) :]
        return Call(functions, source, (eqn,), operands, tuple(eqn.outvars))

    def _may_begin(
        self, function: Function, variant: Function, operand: Var, program: Jaxpr, start: int
    ) -> bool:
        """Whether a call may begin at an equation, as the primitives there have it."""
        aval: Any = operand.aval
        if not jax.numpy.issubdtype(getattr(aval, "dtype", np.int32), jax.numpy.inexact):
            return False
        key = (len(aval.shape), aval.dtype, aval.weak_type)
        if (id(variant), key) not in self._outlines:
            outline_of = _known_outline if _is_lasting(function) else _outline
            self._outlines[id(variant), key] = outline_of(variant, *key)
        outline = self._outlines[id(variant), key]
        if outline is None:
            return True
        eqns = program.eqns[start : start + len(outline)]
        return all(map(operator.is_, outline, [eqn.primitive for eqn in eqns]))

    def _template(self, function: Function, operand: Var, at: JaxprEqn) -> Jaxpr | None:
        """What the function's program is where it is called with such an operand, at an equation."""
        key = (id(function), operand.aval)
        if key not in self._templates:
            with at.ctx.manager:
                self._templates[key] = _program_of(function, operand.aval)
        return self._templates[key]


def source_of(eqn: JaxprEqn) -> Source | None:
    """The function that an equation calls as a whole, or None."""
    if eqn.primitive.name not in _JIT and not is_custom(eqn):
        return None
    body = next((eqn.params[name] for name in _BODIES if name in eqn.params), None)
    if not isinstance(body, Jaxpr | ClosedJaxpr):
        return None
    name, _, place = opened(body).debug_info.func_src_info.partition(" at ")
    return Source(name, place)


def _constants(eqn: JaxprEqn) -> int:
    """How many operands of a call are what its function closes over; they come first."""
    if is_custom(eqn):
        return int(eqn.params.get("num_consts", 0))
    names = opened(eqn.params["jaxpr"]).debug_info.arg_names or ()
    return len(list(itertools.takewhile(lambda name: name == "", names)))


def _whole(function: Function) -> Function:
    return function.func if isinstance(function, functools.partial) else function


def _spelled_out(function: Function) -> tuple[Function, ...]:
    """The function with each choice of its switches, as far as it is no single call in a program.

    A switch is an argument whose default is True or False: `jax.nn.gelu` is one program if it is
    approximate, and another one if it is not.
    """
    example = shape_of(())
    return tuple([variant for variant in _variants(function) if not _is_named(function, variant, example)])


def _outline(function: Function, ndim: int, dtype: Any, weak_type: bool) -> tuple[Any, ...] | None:
    """The primitives of a function's program, whatever the sizes of its operand; None where that fails."""
    program = _program_of(function, shape_of((3,) * ndim, dtype, weak_type))
    return None if program is None else tuple([eqn.primitive for eqn in program.eqns])


# Kept, since each trace of a model asks for the same activations at a few types: 18 ms, not 60, for a small
# convolutional model.
_known_spelled_out = functools.lru_cache(maxsize=256)(_spelled_out)
_known_outline = functools.lru_cache(maxsize=4096)(_outline)


def _is_lasting(function: Function) -> bool:
    """Whether a function depends on nothing but its arguments, so that what is known of it may be kept."""
    inner = inspect.unwrap(function)
    return isinstance(inner, types.FunctionType) and inner.__closure__ is None


def _variants(function: Function) -> Iterator[Function]:
    if isinstance(function, functools.partial):
        yield function
        return
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # without a signature, as builtins are
        parameters = []
    switches = [p.name for p in parameters if type(p.default) is bool]
    for choices in itertools.product((True, False), repeat=len(switches)):
        chosen = dict(zip(switches, choices, strict=True))
        yield functools.partial(function, **chosen) if chosen else function


def _is_named(function: Function, variant: Function, example: jax.ShapeDtypeStruct) -> bool:
    """Whether a program shows a call of the function under its name, whatever it is called with."""
    if isinstance(function, functools.partial):
        return False
    program = _program_of(variant, example)
    if program is None or len(program.eqns) != 1:
        return False
    return source_of(program.eqns[0]) == Source.of(function)


def _program_of(function: Function, operand: Any) -> Jaxpr | None:
    """The program of a function of one array of a type; None for one that cannot be called so."""
    try:
        program = jax.make_jaxpr(function)(operand)
    except Exception:  # noqa: BLE001 - then it was not called so in the program either
        return None
    plain = program.jaxpr if not program.consts and len(program.jaxpr.invars) == 1 else None
    return plain if plain is not None and plain.eqns else None


def _matching(
    function: Function, template: Jaxpr, operand: Var, program: Jaxpr, start: int, uses: Mapping[Var, int]
) -> Call | None:
    """The call of a function whose program is the template, if one begins at an equation."""
    eqns = program.eqns[start : start + len(template.eqns)]
    if len(eqns) < len(template.eqns):
        return None
    known: dict[Var, Atom] = {template.invars[0]: operand}
    if not all(_same_eqn(a, b, known) for a, b in zip(template.eqns, eqns, strict=True)):
        return None
    results = tuple([known.get(atom) if isinstance(atom, Var) else None for atom in template.outvars])
    if not all(isinstance(result, Var) for result in results):
        return None
    inner = [var for eqn in eqns for var in eqn.outvars if var not in results]
    within: dict[Any, int] = {}
    for atom in [atom for eqn in eqns for atom in eqn.invars if isinstance(atom, Var)]:
        within[atom] = within.get(atom, 0) + 1
    if any(uses.get(var, 0) != within.get(var, 0) for var in inner):  # a part is used elsewhere
        return None
    return Call((function,), None, tuple(eqns), (operand,), results)  # type: ignore[arg-type]


def _same_eqn(template: JaxprEqn, eqn: JaxprEqn, known: dict[Var, Atom]) -> bool:
    """Whether two equations are alike under what is known of the variables, which grows."""
    if template.primitive is not eqn.primitive or len(template.outvars) != len(eqn.outvars):
        return False
    if len(template.invars) != len(eqn.invars):
        return False
    if not all(_same_atom(a, b, known) for a, b in zip(template.invars, eqn.invars, strict=True)):
        return False
    if template.params.keys() != eqn.params.keys():
        return False
    names = [name for name in _BODIES if name in template.params] if is_custom(template) else template.params
    if not all(_same_param(template.params[name], eqn.params[name]) for name in names):
        return False
    known.update(zip(template.outvars, eqn.outvars, strict=True))
    return True


def _same_atom(template: Atom, atom: Atom, known: Mapping[Var, Atom]) -> bool:
    if isinstance(template, Var):
        return known.get(template) is atom
    if isinstance(atom, Var) or template.aval != atom.aval:
        return False
    return bool(np.array_equal(np.asarray(template.val), np.asarray(atom.val), equal_nan=True))


def _same_param(template: Any, value: Any) -> bool:
    if template is value:
        return True
    if isinstance(template, Jaxpr | ClosedJaxpr):
        return isinstance(value, Jaxpr | ClosedJaxpr) and _same_program(opened(template), opened(value))
    if isinstance(template, tuple) and isinstance(value, tuple) and len(template) == len(value):
        return all(map(_same_param, template, value))
    if type(template) is not type(value):
        return False
    return bool(template == value)


def _same_program(template: Jaxpr, program: Jaxpr) -> bool:
    if len(template.eqns) != len(program.eqns) or len(template.invars) != len(program.invars):
        return False
    known: dict[Var, Atom] = dict(zip(template.invars, program.invars, strict=True))
    known.update(zip(template.constvars, program.constvars, strict=False))
    return all(_same_eqn(a, b, known) for a, b in zip(template.eqns, program.eqns, strict=True)) and all(
        _same_atom(a, b, known) for a, b in zip(template.outvars, program.outvars, strict=True)
    )
