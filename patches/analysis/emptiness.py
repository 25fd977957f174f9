"""Where a program runs out of positions: windows larger than what is left, whose results are empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from jax.extend import core

from .work import names_around


class Emptied(NamedTuple):
    """A pooling or convolution whose window fits nowhere.

    Attributes:
        scope: The modules in which it stands, of the outermost one first; ``''`` where none is known.
        operation: The name of the primitive.
        before: The shape of what it got.
        after: The shape of what it gave, of which a size is 0.
        next: The first modules that compute with nothing then; ``''`` where none is known.
    """

    scope: str
    operation: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    next: str

    def __str__(self) -> str:
        where = f" in {self.scope}" if self.scope else ""
        then = f", and {self.next} computes with nothing" if self.next else ""
        return f"{self.operation}{where} makes an empty array {self.after} of {self.before}{then}"


def emptied(jaxpr: core.Jaxpr) -> Emptied | None:
    """The first window of a program that fits nowhere; None if all fit.

    JAX raises no error there: the sums are 0, the maxima minus infinity, and what comes after may give an
    array of the expected shape again, of which no number depends on the input. Arrays that code makes
    empty itself, by slices or by concatenating onto nothing, are on purpose and do not count.

    Args:
        jaxpr: The program.

    Example:
        >>> import flax.linen, jax, jax.numpy as jnp
        >>> pool = lambda x: flax.linen.max_pool(x, (2, 2), strides=(2, 2))
        >>> str(emptied(jax.make_jaxpr(pool)(jnp.ones((1, 1, 1, 3))).jaxpr))
        'reduce_window_max makes an empty array (1, 0, 0, 3) of (1, 1, 1, 3)'
        >>> emptied(jax.make_jaxpr(pool)(jnp.ones((1, 2, 2, 3))).jaxpr) is None
        True
    """
    first: Emptied | None = None
    for scope, equation in _equations(jaxpr, ""):
        operands = [_shape(atom) for atom in equation.invars]
        gets_nothing = any(0 in shape for shape in operands)
        if first is None:
            after = _shape(equation.outvars[0]) if equation.outvars else ()
            if _is_window(equation) and 0 in after and not gets_nothing:
                first = Emptied(scope, equation.primitive.name, operands[0], after, "")
        elif gets_nothing and scope != first.scope:
            return first._replace(next=scope)
    return first


_WINDOWS: Final = ("reduce_window", "conv_general_dilated")


def _is_window(equation: Any) -> bool:
    return bool(equation.primitive.name.startswith(_WINDOWS))


def _shape(atom: Any) -> tuple[int, ...]:
    return tuple(getattr(atom.aval, "shape", ()))


def _equations(jaxpr: core.Jaxpr, outer: str) -> Iterator[tuple[str, Any]]:
    """All equations that call no others, with their scopes, in the order of the program."""
    for equation in jaxpr.eqns:
        scope = "/".join(filter(None, (outer, *names_around(equation))))
        bodies = list(core.jaxprs_in_params(equation.params))
        if not bodies or _is_window(equation):  # whose sum may be a program, too
            yield scope, equation
            continue
        for body in bodies:
            yield from _equations(body, scope)
