"""The work that a traced program does, as XLA counts it; but loops count as often as they run.

XLA's own count takes the body of a loop once. Here each equation that computes is
lowered by itself, analysed, and multiplied by the lengths of the scans around it. The sum over a program
without loops is XLA's count of it. `total_work` has XLA analyse a program and each body of a scan as a whole
instead: no scopes, but a few lowerings in the place of one for each equation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import jax
from jax.extend.core import jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

Scope: TypeAlias = tuple[str, ...]
"""Names from the name stack of an equation, outermost first, without those of transformations."""


@dataclass(frozen=True, slots=True)
class Work:
    """How much is computed, and how much is read and written for it.

    Attributes:
        flops: Arithmetic operations, as XLA counts them: a multiplication and an addition are two.
        bytes: Read and written by all operations, none of them fused: an upper bound.

    Example:
        >>> Work(2, 8) + 3 * Work(1, 4)
        Work(flops=5, bytes=20)
    """

    flops: float = 0.0
    bytes: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.flops + other.flops, self.bytes + other.bytes)

    def __rmul__(self, times: float) -> Work:
        return Work(times * self.flops, times * self.bytes)


class Meter:
    """Counts the work of jaxprs; equal equations are analysed once.

    Attributes:
        notes: What could not be counted as it runs, in words.
    """

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}  # in order, each once
        self._known: dict[Any, Work] = {}

    def entries(self, closed: Any) -> list[tuple[Scope, Work]]:
        """The work of each equation of a `jax.extend.core.ClosedJaxpr`, and where it stands.

        What no output depends on is left out, as the compiler leaves it out.
        """
        jaxpr, _ = dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
        return list(self._entries(jaxpr, (), 1))

    def _entries(self, jaxpr: Any, outer: Scope, times: float) -> Iterator[tuple[Scope, Work]]:
        for equation in jaxpr.eqns:
            scope = (*outer, *names_around(equation))
            name = equation.primitive.name
            if name == "scan":
                body = equation.params["jaxpr"].jaxpr
                yield from self._entries(body, scope, times * equation.params["length"])
            elif name == "while":
                self._note(_UNKNOWN_TURNS, scope)
                for part in ("cond_jaxpr", "body_jaxpr"):
                    yield from self._entries(equation.params[part].jaxpr, scope, times)
            elif name == "cond":
                yield from self._dearest(equation.params["branches"], scope, times)
            elif name in _CALLS:
                yield from self._entries(_called(equation), scope, times)
            else:
                yield scope, times * self._work(equation, scope)

    def _dearest(self, branches: Any, scope: Scope, times: float) -> list[tuple[Scope, Work]]:
        """The entries of the branch that computes most."""
        counted = [list(self._entries(branch.jaxpr, scope, times)) for branch in branches]
        return max(counted, key=lambda entries: sum(work.flops for _, work in entries))

    def _work(self, equation: Any, scope: Scope) -> Work:
        if equation.primitive.name in _OPAQUE:
            self._note(_not_seen(equation.primitive.name), scope)
            return Work()
        key = _key(equation)
        if key is None:
            return _analysed(equation)
        if key not in self._known:
            self._known[key] = _analysed(equation)
        return self._known[key]

    def _note(self, what: str, scope: Scope) -> None:
        self.notes[_note(what, scope)] = None


def total_work(closed: Any) -> tuple[Work, tuple[str, ...]]:
    """The work of a whole program: XLA's count, to which each scan adds the turns that XLA leaves out.

    Args:
        closed: A `jax.extend.core.ClosedJaxpr`.

    Returns:
        The work, and what could not be counted as it runs, in words. What no output depends on is left
        out; of the branches of a conditional the dearest counts.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> def power(x):
        ...     return jax.lax.scan(lambda y, _: (x @ y, None), x, length=10)[0]
        >>> total_work(jax.make_jaxpr(power)(jnp.ones((4, 4))))[0].flops >= 10 * 2 * 4**3
        True
    """
    jaxpr, _ = dce_jaxpr(closed.jaxpr, [True] * len(closed.jaxpr.outvars))
    live = closed.replace(jaxpr=jaxpr)
    notes: dict[str, None] = {}
    return _lowered(live) + _left_out(jaxpr, (), notes), tuple(notes)


def _left_out(jaxpr: Any, outer: Scope, notes: dict[str, None]) -> Work:
    """The turns of the scans in a program beyond the first, which is all that XLA counts."""
    work = Work()
    for equation in jaxpr.eqns:
        scope = (*outer, *names_around(equation))
        name, params = equation.primitive.name, equation.params
        if name == "scan":
            body, turns = params["jaxpr"], params["length"]
            within = _left_out(body.jaxpr, scope, notes)
            work += turns * within
            if turns > 1:  # a scan of no turn is not lowered at all
                work += (turns - 1) * _lowered(body)
        elif name == "while":
            notes[_note(_UNKNOWN_TURNS, scope)] = None
            for part in ("cond_jaxpr", "body_jaxpr"):
                work += _left_out(params[part].jaxpr, scope, notes)
        elif name == "cond":
            branches = [_left_out(branch.jaxpr, scope, notes) for branch in params["branches"]]
            work += max(branches, key=lambda branch: branch.flops)
        elif name in _CALLS:
            work += _left_out(_called(equation), scope, notes)
        elif name in _OPAQUE:
            notes[_note(_not_seen(name), scope)] = None
    return work


def _note(what: str, scope: Scope) -> str:
    return f"{what}: in {'/'.join(scope) or 'the model'}"


def _not_seen(primitive: str) -> str:
    return f"a {primitive}, which XLA does not see into, not counted"


_UNKNOWN_TURNS: Final = "a while loop whose number of turns is not known, counted as one turn"

# Primitives that call a jaxpr once.
_CALLS: Final = frozenset(
    {
        "checkpoint",
        "closed_call",
        "core_call",
        "custom_jvp_call",
        "custom_vjp_call",
        "custom_vjp_call_jaxpr",
        "jit",
        "pjit",
        "remat",
        "remat2",
    }
)
_OPAQUE: Final = frozenset(
    {"custom_partitioning", "ffi_call", "io_callback", "pallas_call", "pure_callback", "debug_callback"}
)


def _called(equation: Any) -> Any:
    """The jaxpr that an equation calls."""
    called = next(value for value in equation.params.values() if hasattr(value, "eqns"))
    return getattr(called, "jaxpr", called)


def names_around(equation: Any) -> Iterator[str]:
    """The scopes of an equation; a transformation is written around the name of what it transformed."""
    for name in filter(None, str(equation.source_info.name_stack).split("/")):
        while (wrapped := _TRANSFORMED.fullmatch(name)) is not None:
            name = wrapped[1]
        if name:
            yield name


_TRANSFORMED: Final = re.compile(r"\w+\((.*)\)")


def _key(equation: Any) -> Any:
    """What the work of an equation depends on; None if that cannot be compared."""
    key = (
        equation.primitive,
        tuple((atom.aval.shape, atom.aval.dtype) for atom in equation.invars if hasattr(atom.aval, "shape")),
        tuple(equation.params.items()),
    )
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _analysed(equation: Any) -> Work:
    """XLA's count of one equation, lowered by itself; nothing is compiled."""

    def alone(*operands: Any) -> Any:
        return equation.primitive.bind(*operands, **equation.params)

    return _counted(alone, equation.invars)


def _lowered(closed: Any) -> Work:
    """XLA's count of a program, which takes the body of each loop once; nothing is compiled."""
    function = jaxpr_as_fun(closed)
    return _counted(lambda *operands: function(*operands), closed.jaxpr.invars)


def _counted(function: Callable[..., Any], operands: Sequence[Any]) -> Work:
    struct: Any = jax.ShapeDtypeStruct
    shapes = [struct(atom.aval.shape, atom.aval.dtype) for atom in operands]
    analysis = jax.jit(function).lower(*shapes).cost_analysis() or {}
    return Work(max(0.0, analysis.get("flops", 0.0)), max(0.0, analysis.get("bytes accessed", 0.0)))
