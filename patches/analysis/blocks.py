"""Blocks of a model, told by one abstract call: feed-forwards by widths, residual blocks by sums."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import flax.linen
import jax
from jax.extend import core as jex

from ..interior.views import is_lifted
from ..outlines.calling import program_of
from ..outlines.finding import LAYERS, Model
from ..outlines.inputs import Inputs, abstract_key
from ..roles.marks import has_role, noting_roles
from .work import names_around

Names: TypeAlias = tuple[str, ...]
"""The path of a module from the root of the model, by the names that Flax gives."""

_PLAIN: Final = frozenset(
    {"convert_element_type", "copy", "logistic", "reduce_precision", "sharding_constraint", "tanh"}
)
_AGAIN: Final = frozenset({"checkpoint", "remat", "remat2"})
_CALLS: Final = frozenset({"custom_jvp_call", "jit", "pjit"})


class Visit(NamedTuple):
    """A module that was called.

    Attributes:
        path: Its path.
        module: The module, as it ran.
        inputs: The first argument, if that is an array; its shape and dtype.
        outputs: The outputs, likewise.
        shares: Whether it is a dense layer, and another one beside it was called with the same array.
    """

    path: Names
    module: flax.linen.Module
    inputs: jax.ShapeDtypeStruct | None = None
    outputs: jax.ShapeDtypeStruct | None = None
    shares: bool = False


class FeedForward(NamedTuple):
    """Two dense layers of one module, the second as wide as the inputs of the first.

    Attributes:
        path: The module's path.
        up: The name of the first layer in it.
        down: The name of the second.
        hidden: The width between them.
        alone: Whether the module has no other layers with parameters.
    """

    path: Names
    up: str
    down: str
    hidden: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """What an abstract call of a Linen model tells of its blocks.

    Attributes:
        visits: The modules in the order in which they were called first.
        residual: The paths of the residual blocks.
        unseen: The outermost modules inside of `flax.linen.scan`, `flax.linen.remat` and their like, whose
            sums are not seen.
        scanned: Those of them that a scan repeats, if it keeps what they compute.
    """

    visits: tuple[Visit, ...]
    residual: tuple[Names, ...]
    unseen: tuple[Names, ...] = ()
    scanned: tuple[Names, ...] = ()

    def with_role(self, *roles: str) -> list[Visit]:
        """The layers that have one of some roles."""
        return [visit for visit in self.visits if has_role(visit.module, *roles)]

    def feed_forwards(self) -> list[FeedForward]:
        """The feed-forwards: modules that call two dense layers, which widen and narrow by the same factor.

        A layer with the same inputs as another one, as queries and keys have, or a gate, is not the first of
        them.

        Vaswani et al., "Attention Is All You Need", 2017, section 3.3.
        """
        return [block for visit in self._parents() for block in self._feed_forwards_of(visit)]

    def _parents(self) -> list[Names]:
        layers = self.with_role("dense")
        return list(dict.fromkeys(visit.path[:-1] for visit in layers if visit.path))

    def _feed_forwards_of(self, parent: Names) -> Iterator[FeedForward]:
        own = [visit for visit in self.visits if visit.path[:-1] == parent and visit.path]
        if any(has_role(visit.module, "attention") for visit in self.visits if visit.path == parent):
            return
        dense = [visit for visit in own if has_role(visit.module, "dense")]
        others = [visit for visit in own if not has_role(visit.module, "dense", "dropout")]
        for up, down in itertools.pairwise(dense):
            if up.inputs is None or up.outputs is None or up.shares:
                continue
            hidden = up.outputs.shape[-1]
            if (down.inputs, down.outputs) == (up.outputs, up.inputs) and hidden > up.inputs.shape[-1]:
                alone = len(dense) == 2 and not others
                yield FeedForward(parent, up.path[-1], down.path[-1], hidden, alone)


@noting_roles()
def blocks(model: Model, inputs: Inputs) -> Blocks:
    """The blocks of a Linen model.

    A residual block is a module whose outputs are its inputs plus something that depends on these, perhaps
    through an activation: in the program, a chain of sums leads from the one to the other. One that holds
    further residual blocks is a stack of them, and not listed. Modules inside of `flax.linen.scan` and
    `flax.linen.remat` are visited, but their sums are not seen.

    Args:
        model: One of `models`, of the kind ``linen``.
        inputs: What it is called with.

    Example:
        >>> import flax.linen
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> from symjax.patches.outlines.finding import models
        >>> class Block(nn.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         y = flax.linen.relu(flax.linen.Dense(4 * x.shape[-1])(x))
        ...         return x + flax.linen.Dense(x.shape[-1])(y)
        >>> (model,) = models(nn.Sequential([nn.Dense(8), Block()]))
        >>> seen = blocks(model, Inputs(jnp.ones((2, 3))))
        >>> seen.residual, seen.feed_forwards()[0].path
        ((('layers_1',),), ('layers_1',))
    """
    program = program_of(model, inputs)
    key = abstract_key()
    variables = jax.eval_shape(program.init, key, program.arrays)
    visits: dict[Names, Visit] = {}
    ends: dict[Names, tuple[Any, Any]] = {}  # inputs and outputs of those in the outermost program
    firsts: dict[Names, Any] = {}  # first arguments
    level: list[Any] = []
    unseen: list[Names] = []

    def watch(run: Any, args: Any, kwargs: Any, context: Any) -> Any:
        module = context.module
        if context.method_name != "__call__" or module.scope is None or is_lifted(module):
            return run(*args, **kwargs)
        path = tuple(module.path)
        level.append(module.scope.trace_level)
        visits.setdefault(path, Visit(path, module))
        if module.scope.trace_level != level[0] and not any(path[: len(o)] == o for o in unseen):
            unseen.append(path)
        x = args[0] if args else None
        y = run(*args, **kwargs)
        if visits[path].outputs is None:
            visits[path] = Visit(path, module, _outline(x), _outline(y))
            firsts[path] = x
            if module.scope.trace_level == level[0] and _is_traced(x) and _is_traced(y):
                ends[path] = x, y
        return y

    def call(variables: Any, key: Any, arrays: Any) -> list[Any]:
        with flax.linen.intercept_methods(watch):
            program.apply(variables, key, arrays, bool(program.trains))
        return list(ends.values())

    jaxpr = jax.make_jaxpr(call)(variables, key, program.arrays).jaxpr
    variables_of = dict(zip(ends, zip(jaxpr.outvars[::2], jaxpr.outvars[1::2], strict=True), strict=True))
    program_sums = _Sums(jaxpr)
    candidates = [
        path
        for path, (x, y) in variables_of.items()
        if path and not has_role(visits[path].module, *LAYERS) and program_sums.lead(x, y)
    ]
    innermost = [
        path
        for path in visits  # in the order of the calls
        if path in candidates
        and not any(other != path and other[: len(path)] == path for other in candidates)
    ]
    sharing = _sharing({path: x for path, x in firsts.items() if has_role(visits[path].module, "dense")})
    scanned = _scanned(jaxpr, frozenset(unseen))
    return Blocks(
        tuple(visit._replace(shares=path in sharing) for path, visit in visits.items()),
        tuple(innermost),
        tuple(unseen),
        tuple(path for path in unseen if path in scanned),
    )


def _sharing(firsts: dict[Names, Any]) -> set[Names]:
    """The paths of those modules that were called with the same array as another one beside them."""
    alike: dict[tuple[Names, int], list[Names]] = {}
    for path, x in firsts.items():
        alike.setdefault((path[:-1], id(x)), []).append(path)
    return {path for paths in alike.values() if len(paths) > 1 for path in paths}


def _scanned(jaxpr: Any, paths: frozenset[Names], outer: Names = (), repeats: bool = False) -> set[Names]:
    """Those of some modules in a program that a scan runs, and of which nothing is computed again."""
    result = set()
    for equation in jaxpr.eqns:
        names = (*outer, *names_around(equation))
        if repeats:  # the class of the model stands before its path
            result |= {path for path in paths if path in (names[: len(path)], names[1:][: len(path)])}
        if equation.primitive.name not in _AGAIN:
            for part in jex.jaxprs_in_params(equation.params):
                result |= _scanned(part, paths, names, repeats or equation.primitive.name == "scan")
    return result


def _outline(x: Any) -> jax.ShapeDtypeStruct | None:
    return jax.ShapeDtypeStruct(x.shape, x.dtype) if isinstance(x, jax.Array) else None  # type: ignore[no-untyped-call]


def _is_traced(x: Any) -> bool:
    return isinstance(x, jax.core.Tracer)


class _Sums:
    """The sums of a program."""

    def __init__(self, jaxpr: Any) -> None:
        self.makers: dict[Any, Any] = {out: eqn for eqn in jaxpr.eqns for out in eqn.outvars}

    def lead(self, x: Any, y: Any) -> bool:
        """Whether `y` is `x` plus something that depends on it."""
        if isinstance(x, jex.Literal) or isinstance(y, jex.Literal):
            return False
        return any(self._depends(other, x) for other in self._summands(x, y))

    def _summands(self, x: Any, y: Any) -> list[Any]:
        """What is added to `x` on a way of sums and activations to `y`; none where none leads there."""
        ways: list[tuple[Any, tuple[Any, ...]]] = [(y, ())]
        seen = set()
        while ways:
            end, others = ways.pop()
            if end is x:
                return list(others)
            if isinstance(end, jex.Literal) or end in seen or end not in self.makers:
                continue
            seen.add(end)
            eqn = self.makers[end]
            operands = [v for v in eqn.invars if not isinstance(v, jex.Literal)]
            if eqn.primitive.name in ("add", "add_any") and len(operands) == 2:
                first, second = operands
                ways += [(second, (*others, first)), (first, (*others, second))]
            elif len(operands) == 1 and len(eqn.outvars) == 1 and _is_plain(eqn):
                ways.append((operands[0], others))
        return []

    def _depends(self, y: Any, x: Any) -> bool:
        ends: list[Any] = [y]
        seen = set()
        while ends:
            end = ends.pop()
            if end is x:
                return True
            if isinstance(end, jex.Literal) or end in seen or end not in self.makers:
                continue
            seen.add(end)
            ends += self.makers[end].invars
        return False


def _is_plain(eqn: Any) -> bool:
    """Whether an equation is an activation, or changes no more than the dtype."""
    if eqn.primitive.name in _CALLS:
        shape = eqn.outvars[0].aval.shape
        inner = next(value for value in eqn.params.values() if hasattr(value, "eqns"))
        return all(_keeps(part, shape) for part in inner.eqns)
    return eqn.primitive.name in _PLAIN


def _keeps(eqn: Any, shape: tuple[int, ...]) -> bool:
    """Whether an equation, and all in it, computes number by number."""
    inner = [part for value in eqn.params.values() if hasattr(value, "eqns") for part in value.eqns]
    return all(out.aval.shape in (shape, ()) for out in eqn.outvars) and all(_keeps(e, shape) for e in inner)


def paths_shown(paths: Sequence[Names]) -> str:
    """Paths as messages have them.

    Example:
        >>> paths_shown([('encoder', 'Block_0'), ()])
        'encoder/Block_0, <root>'
    """
    return ", ".join("/".join(path) or "<root>" for path in paths)
