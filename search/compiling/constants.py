"""The constants of a program: arrays that tracing finds, such as a data set that a function loads."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var
from jax.sharding import Sharding

from symjax.patches.interior.functions.equations import rebuilt

from .placement import placed

# Arrays of more bytes than this are no part of a program, but arguments of it. XLA computes with smaller ones
# when it compiles, as it would for a plain `jax.jit`.
_SMALL = 4096
_LARGE = 1_000_000  # bytes that are worth a word


@final
class Constant:
    """An array that a function holds. Equal ones are one, which lies on the devices once.

    Attributes:
        text: What it is: ``'float32[60000,28,28]'``.
        bytes: Its size.
    """

    def __init__(self, array: Any) -> None:
        self.text = f"{array.dtype.name}[{','.join(map(str, array.shape))}]"
        self.bytes = int(array.nbytes)
        self._array = array
        self._placed: dict[Sharding, jax.Array] = {}
        self._lock = threading.Lock()

    def on(self, sharding: Sharding) -> jax.Array:
        """The array on devices."""
        with self._lock:
            if sharding not in self._placed:
                self._placed[sharding] = placed(self._array, sharding)
                if sharding.is_fully_addressable:
                    self._array = self._placed[sharding]  # one copy on the host would be one too many
            return self._placed[sharding]


def constants_text(constants: Iterable[Constant]) -> str:
    """What to do about constants, if they are large; empty if they are not.

    Example:
        >>> print(constants_text([Constant(np.zeros((4000, 100))), Constant(np.zeros(3))]))
        3 MB of constants, such as float64[4000,100], from the function itself: hand it in as a broadcast ...
    """
    distinct = set(constants)
    total = sum(constant.bytes for constant in distinct)
    if total < _LARGE:
        return ""
    largest = max(distinct, key=lambda constant: constant.bytes)
    return (
        f"{total / 1e6:,.0f} MB of constants, such as {largest.text}, from the function itself: hand it in "
        "as a broadcast argument"
    )


_constants: weakref.WeakValueDictionary[Any, Constant] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def _constant(array: Any) -> Constant:
    """The constant that this array is, by its content."""
    key: Any = _key(array)
    with _lock:
        constant = _constants.get(key)
        if constant is None:
            constant = _constants[key] = Constant(array)
        return constant


def _key(array: Any) -> Any:
    content = np.ascontiguousarray(array)
    return content.dtype, content.shape, hashlib.sha256(content.view(np.uint8).data).digest()


def hoisted(program: ClosedJaxpr) -> tuple[ClosedJaxpr, tuple[Constant, ...]]:
    """A program whose constants of any size are arguments, behind its own; and the constants.

    Those of functions that are jitted within it count too, in loops, branches and checkpoints.

    Example:
        >>> import jax.numpy as jnp
        >>> data = np.arange(2000.0)
        >>> program, constants = hoisted(jax.make_jaxpr(lambda i: jnp.asarray(data)[i])(0))
        >>> [constant.text for constant in constants], len(program.jaxpr.invars), len(program.consts)
        (['float32[2000]'], 2, 0)
    """
    if any(_are_inside(eqn) for eqn in program.jaxpr.eqns):
        program = _lifted(program)
    large = [index for index, constant in enumerate(program.consts) if _is_large(constant)]
    body = program.jaxpr
    hoisted_vars = [body.constvars[index] for index in large]
    kept = [index for index in range(len(program.consts)) if index not in large]
    opened = _replaced(
        body, constvars=[body.constvars[index] for index in kept], invars=[*body.invars, *hoisted_vars]
    )
    closed = ClosedJaxpr(opened, [program.consts[index] for index in kept])
    return closed, tuple(_constant(_host(program.consts[index])) for index in large)


def _host(array: Any) -> Any:
    """An array that can be put onto devices; on a host if it is no array of JAX's."""
    return array if isinstance(array, jax.Array) else np.asarray(array)


def _is_large(constant: Any) -> bool:
    if not hasattr(constant, "dtype") or jnp.issubdtype(constant.dtype, jax.dtypes.extended):
        return False
    return int(getattr(constant, "nbytes", 0)) > _SMALL


def _inner(value: Any) -> Iterator[ClosedJaxpr | Jaxpr]:
    """The programs in a parameter of an equation."""
    if isinstance(value, ClosedJaxpr | Jaxpr):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inner(item)


def _are_inside(eqn: JaxprEqn) -> bool:
    """Whether a program within an equation has a large constant of its own."""
    for program in _inner(tuple(eqn.params.values())):
        if isinstance(program, ClosedJaxpr) and any(map(_is_large, program.consts)):
            return True
        body = program.jaxpr if isinstance(program, ClosedJaxpr) else program
        if any(map(_are_inside, body.eqns)):
            return True
    return False


def _lifted(program: ClosedJaxpr) -> ClosedJaxpr:
    """A program that has all large constants of its inner programs as its own."""

    def run(*arguments: Any) -> list[Any]:
        return _evaluated(program, arguments)

    return jax.make_jaxpr(run)(*program.in_avals)


def _evaluated(program: ClosedJaxpr, arguments: Sequence[Any]) -> list[Any]:
    body = program.jaxpr
    values: dict[Var, Any] = dict(
        zip([*body.constvars, *body.invars], [*program.consts, *arguments], strict=True)
    )

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for eqn in body.eqns:
        results = _results(body, eqn, [read(atom) for atom in eqn.invars])
        values.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in body.outvars]


def _results(body: Jaxpr, eqn: JaxprEqn, operands: list[Any]) -> Sequence[Any]:
    """What an equation of a program computes, by one whose inner programs hold nothing large."""
    if _are_inside(eqn):
        if eqn.primitive.name in ("jit", "pjit"):
            return _evaluated(eqn.params["jaxpr"], operands)
        params = {name: _entered(value) for name, value in eqn.params.items()}
        try:
            program = rebuilt(eqn, params)
        except NotImplementedError:  # they stay where they are
            pass
        else:
            return jax.core.eval_jaxpr(program.jaxpr, program.consts, *operands)
    inputs: list[Any] = [Var(atom.aval) for atom in eqn.invars]
    eqns = [eqn.replace(invars=inputs)]
    alone = _replaced(body, constvars=[], invars=inputs, outvars=eqn.outvars, eqns=eqns, effects=eqn.effects)
    return jax.core.eval_jaxpr(alone, [], *operands)


def _entered(value: Any) -> Any:
    if isinstance(value, ClosedJaxpr):
        return _lifted(value)
    if isinstance(value, Jaxpr):
        return _lifted(ClosedJaxpr(value, []))
    if isinstance(value, tuple | list):
        return type(value)(map(_entered, value))
    return value


def _replaced(program: Jaxpr, **changes: Any) -> Jaxpr:
    new: Jaxpr = program.replace(**changes)  # type: ignore[no-untyped-call]
    return new
