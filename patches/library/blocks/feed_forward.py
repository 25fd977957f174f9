"""Gated feed-forwards: gated linear units and their variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen
import jax

from symjax.core.paths import Path

from ...analysis.blocks import Blocks, Names
from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.views import view
from ...interior.wrapping import Wrapping, innermost, is_wrapped
from ...outlines.finding import LAYERS
from ...outlines.inputs import ExampleInputs
from ...roles.editing import values
from ...roles.marks import has_role
from .planning import Plan, planned


class Gated(Wrapping):
    """A module whose feed-forwards are gated: ``W2 (act(W1 x) * V x)`` in the place of ``W2 act(W1 x)``.

    A feed-forward is two dense layers that a module calls one after the other: the first widens what it gets,
    the second makes something of the shape of its outputs as wide as that was. ``V`` is a layer like the
    first, beside it, with its name and ``_gate`` after that. What happens between the two (an activation,
    dropout) stays as it is. Layers that get the same inputs, as queries and keys do, or a gate that is there
    already, are no feed-forward.

    Shazeer, "GLU Variants Improve Transformer", 2020, section 2, equation 6.

    Attributes:
        layer: The module.
        deep: Whether the modules inside of it are looked at, too.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> module = Gated(nn.Sequential([nn.Dense(8), nn.gelu, nn.Dense(4)]))
        >>> sorted(module.init(jax.random.key(0), jax.numpy.ones((1, 4)))['params'])
        ['layers_0', 'layers_0_gate', 'layers_2']
    """

    deep: bool = False

    @flax.linen.compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the module returns, gated."""
        if self.is_repeated():
            return self.run(*args, **kwargs)
        with flax.linen.intercept_methods(_Gates(tuple(self.path), self.deep)):
            return self.run(*args, **kwargs)


class _Gates:
    """An interceptor of one call of a module: gates a second dense layer by the first one's inputs."""

    def __init__(self, path: Names, deep: bool) -> None:
        self.path = path
        self.deep = deep
        self.calls: dict[Names, list[_Call]] = {}  # of dense layers, by the module that calls them
        self.running: set[Names] = set()

    def __call__(self, run: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        layer, path = context.module, tuple(context.module.path)
        is_dense = context.method_name == "__call__" and has_role(innermost(layer), "dense")
        # What runs inside a layer may have its path, where patches have put something around it.
        if not is_dense or not args or path in self.running or not self._is_inside(path[:-1]):
            return run(*args, **kwargs)
        x, *rest = args
        calls = self.calls.setdefault(path[:-1], [])
        if calls and calls[-1].is_undone_by(layer, x) and not any(calls[-1].x is c.x for c in calls[:-1]):
            x = x * self._gate(calls[-1]).astype(x.dtype)
        y = self._alone(path, run, x, *rest, **kwargs)
        calls.append(_Call(layer, args[0], y.shape))
        return y

    def _is_inside(self, module: Names) -> bool:
        return module[: len(self.path)] == self.path if self.deep else module == self.path

    def _alone(self, path: Names, run: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.running.add(path)
        try:
            return run(*args, **kwargs)
        finally:
            self.running.remove(path)

    def _gate(self, first: _Call) -> jax.Array:
        """The outputs of a layer like the first one, beside it."""
        *module, own = first.layer.path
        gate = first.layer.clone(parent=first.layer.scope.parent.rewound().push(f"{own}_gate"))
        return self._alone((*module, f"{own}_gate"), gate, first.x)  # type: ignore[no-any-return]


class _Call(NamedTuple):
    """A call of a dense layer."""

    layer: Any
    x: jax.Array
    shape: tuple[int, ...]  # of its outputs

    def is_undone_by(self, layer: Any, y: jax.Array) -> bool:
        """Whether it widens, and another layer makes of what may be its outputs the width of its inputs."""
        width = self.x.shape[-1]
        widens = self.shape[:-1] == self.x.shape[:-1] and self.shape[-1] > width
        if not widens or y.shape != self.shape:
            return False
        shown = view(innermost(layer))
        return shown is not None and values(shown.node, "dense").get("features") == width


@patcher
def gated_feed_forward(tree: Any, *, inputs: ExampleInputs = None) -> Any:
    """Gates every feed-forward: ``W2 (act(W1 x) * V x)`` in the place of ``W2 act(W1 x)``, see `Gated`.

    With the activation that the model has: followed by ``swap_activation?gelu``, it is the gated GELU.
    ``V`` has as many parameters as ``W1``; the paper makes all three narrower by a third to keep their
    number.

    Feed-forwards are found by a call of the model, from example inputs; without them, every module that
    another one makes inside is looked at when it runs.

    Shazeer, "GLU Variants Improve Transformer", 2020, section 2, equations 5 and 6; Dauphin et al., "Language
    Modeling with Gated Convolutional Networks", 2017.

    Args:
        tree: The experiment.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import flax.linen
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> class Block(nn.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         return flax.linen.Dense(4)(flax.linen.gelu(flax.linen.Dense(16)(x)))
        >>> x = jax.numpy.ones((1, 4))
        >>> model = sj.patch(nn.Sequential([Block()]), 'gated_feed_forward', inputs=x)
        >>> sorted(model.init(jax.random.key(0), x)['params']['layers_0'])
        ['Dense_0', 'Dense_1', 'Dense_1_gate']
    """
    if inputs is None:
        return layers(_gated)

    def plan(seen: Blocks) -> Plan:
        return {block.path: Gated.partial() for block in seen.feed_forwards()}

    return planned(tree, inputs, plan, "feed-forwards")


def _gated(k: Path, v: Any, p: Any) -> Any:
    """A rule that puts `Gated` around what is, or may have, a feed-forward."""
    if is_wrapped(p, Gated):
        return v
    if has_role(v, "feed_forward"):
        return Gated(v)
    # What a lifted transform runs has no parent, nor has the root of a tree, which stays what it is.
    is_part = isinstance(p, flax.linen.Module) or (p is None and bool(k))
    is_block = isinstance(v, flax.linen.Module) and not has_role(v, *LAYERS) and not isinstance(v, Wrapping)
    return Gated(v, deep=True) if is_part and is_block else v
