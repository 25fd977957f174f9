"""Residual connections: added, dropped at random in training, scaled."""

from __future__ import annotations

from typing import Annotated, Any, Final

import flax.linen
import jax
import jax.numpy as jnp
from annotated_types import Ge, Gt, Lt

from symjax.adoption.linen.modules import Module
from symjax.core.paths import Path

from ...analysis.blocks import Blocks, Visit
from ...analysis.standing import visits_of_fields
from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...interior.inserting import Inserted, insert, inserts
from ...interior.layers import layers
from ...interior.recording import changes_nothing
from ...interior.wrapping import Wrapping, is_wrapped
from ...outlines.finding import models
from ...outlines.inputs import ExampleInputs
from ...roles.editing import is_flax_layer, linen_version, values
from ...roles.marks import has_role
from .planning import Plan, planned

_LAYERS: Final = ("convolution", "dense")
_BRANCHES: Final = ("attention", "feed_forward")


class Residual(Wrapping):
    """A layer plus its inputs, where these have the shape of its outputs; elsewhere the layer alone.

    He et al., "Deep Residual Learning for Image Recognition", 2016, section 3.2, equation 1.

    Example:
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> params = {'params': {'kernel': jnp.array([[3.0]])}}
        >>> Residual(nn.Dense(1, use_bias=False)).apply(params, jnp.array([[2.0]])).item()
        8.0
    """

    @flax.linen.compact
    def __call__(self, x: jax.Array, *args: Any, **kwargs: Any) -> jax.Array:
        """The sum.

        Args:
            x: Inputs of the layer.
            *args: Further arguments of its call.
            **kwargs: Likewise.
        """
        y = self.run(x, *args, **kwargs)
        if x.shape == y.shape and not self.is_repeated():
            return x.astype(y.dtype) + y  # type: ignore[no-any-return]
        changes_nothing(self)
        return y  # type: ignore[no-any-return]


class StochasticDepth(Wrapping):
    """A residual block that is skipped at random, example by example, where a ``dropout`` key is given.

    With probability `rate` its outputs are its inputs; otherwise what it adds to them is divided by ``1 -
    rate``, so that the expected sum is that without a key, which is the block as it is.

    Huang et al., "Deep Networks with Stochastic Depth", 2016, section 3, equation 2.

    Attributes:
        layer: The block, whose outputs have the shape of its first argument.
        rate: How often it is skipped, less than 1.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from symjax import linen as nn
        >>> block, x = StochasticDepth(Residual(nn.Dense(1, use_bias=False)), 0.5), jnp.array([[1.0]] * 4)
        >>> params = {'params': {'kernel': jnp.array([[3.0]])}}
        >>> block.apply(params, x).ravel().tolist()
        [4.0, 4.0, 4.0, 4.0]
        >>> sorted(set(block.apply(params, x, rngs={'dropout': jax.random.key(0)}).ravel().tolist()))
        [1.0, 7.0]
    """

    rate: float = 0.1

    @flax.linen.compact
    def __call__(self, x: jax.Array, *args: Any, **kwargs: Any) -> jax.Array:
        """The outputs of the block, or its inputs.

        Args:
            x: ``[batch, ...]``.
            *args: Further arguments of the block's call.
            **kwargs: Likewise.
        """
        y = self.run(x, *args, **kwargs)
        if self.is_repeated() or not self.has_rng("dropout"):
            return y  # type: ignore[no-any-return]
        x = x.astype(y.dtype)
        keep = 1.0 - jnp.asarray(self.rate, y.dtype)
        runs = jax.random.bernoulli(self.make_rng("dropout"), keep, (y.shape[0],) + (1,) * (y.ndim - 1))
        return jnp.where(runs, x + (y - x) / keep, x)


class LayerScale(Module):
    """A learned factor for each feature, which begins small.

    Touvron et al., "Going Deeper with Image Transformers", 2021, section 2, equation 4.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> x = jnp.ones((1, 2))
        >>> LayerScale(0.5).apply(LayerScale(0.5).init(jax.random.key(0), x), x).tolist()
        [[0.5, 0.5]]
    """

    initial: float = 1e-4

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """The product, of the shape of ``x``."""
        initial = flax.linen.initializers.constant(self.initial)
        return x * self.param("scale", initial, (x.shape[-1],)).astype(x.dtype)


@patcher
def add_skip_connections(tree: Any, *, inputs: ExampleInputs = None) -> LookingFor:
    """Adds to the outputs of each convolution and dense layer its inputs, if these have their shape.

    With example inputs it is known which of Linen models have it. Without them, a layer is replaced unless
    its own arguments say that it has not, as those of NNX do; it finds out when it runs.

    He et al., "Deep Residual Learning for Image Recognition", 2016, section 3.2.

    Args:
        tree: The experiment.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8)], 'add_skip_connections')
        [Residual(layer=Dense(features=8))]
    """
    visits = visits_of_fields(tree, inputs) if inputs is not None else {}

    def rule(k: Path, v: Any, p: Any) -> Any:
        if not has_role(v, *_LAYERS) or is_wrapped(p, Residual) or _changes_the_shape(v, visits.get(k)):
            return v
        layer = linen_version(v)
        return v if layer is None else Residual(layer)

    return LookingFor("convolutions and dense layers that keep the shape of their inputs", layers(rule))


def _changes_the_shape(layer: Any, visit: Visit | None) -> bool:
    """Whether it is known that the outputs of a layer have another shape than its inputs."""
    if visit is not None and visit.inputs is not None and visit.outputs is not None:
        return visit.inputs.shape != visit.outputs.shape
    arguments = next(filter(None, (values(layer, role) for role in _LAYERS)), {})
    sizes = arguments.get("in_features"), arguments.get("features")  # NNX knows both
    return all(isinstance(size, int) for size in sizes) and sizes[0] != sizes[1]


@patcher
def stochastic_depth(
    tree: Any, rate: Annotated[float, Ge(0), Lt(1)] = 0.1, *, inputs: ExampleInputs = None
) -> Any:
    """Skips residual blocks at random in training, the deeper ones more often.

    The last block is skipped with probability `rate`, the others with one that grows from the first one
    linearly. They are found by a call of the model, from example inputs, see `symjax.patches.blocks`; without
    inputs, those are taken that have the role ``'residual_block'``, see `symjax.role`, all with the same
    rate.

    A block is skipped where `apply` gets a ``dropout`` key, see `StochasticDepth`.

    Huang et al., "Deep Networks with Stochastic Depth", 2016, section 3, equations 2 and 4.

    Args:
        tree: The experiment.
        rate: How often the last block is skipped.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import flax.linen
        >>> import jax.numpy as jnp
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> class Block(nn.Module):
        ...     @flax.linen.compact
        ...     def __call__(self, x):
        ...         return x + flax.linen.Dense(x.shape[-1])(x)
        >>> model = nn.Sequential([nn.Dense(8), Block(), Block()])
        >>> patched = sj.patch(model, 'stochastic_depth?0.2', inputs=jnp.ones((1, 4)))
        >>> {path: block.rate for path, block in patched.inside[0].around.items()}
        {'layers_1': 0.1, 'layers_2': 0.2}
    """
    if inputs is None:
        return layers(lambda k, v, p: _stochastic(v, p, rate))

    def plan(seen: Blocks) -> Plan:
        count = len(seen.residual)
        return {
            path: StochasticDepth.partial(rate=rate * number / count)
            for number, path in enumerate(seen.residual, 1)
        }

    return planned(tree, inputs, plan, "residual blocks", by_sums=True)


def _stochastic(v: Any, p: Any, rate: float) -> Any:
    marked = has_role(v, "residual_block") and not is_wrapped(p, StochasticDepth)
    return StochasticDepth(v, rate) if marked else v


@patcher
def layer_scale(tree: Any, initial: Annotated[float, Gt(0)] = 1e-4, *, inputs: ExampleInputs = None) -> Any:
    """Scales the outputs of every attention and every feed-forward by learned factors, one for each feature.

    That is, of what has the roles ``'attention'`` and ``'feed_forward'``, see `symjax.role`. With example
    inputs, other feed-forwards of Linen models are found by a call, see `symjax.patches.blocks`; the factors
    stand behind the dense layer that narrows again.

    Touvron et al., "Going Deeper with Image Transformers", 2021, section 2, equation 4.

    Args:
        tree: The experiment.
        initial: All of them at first.
        inputs: Example inputs, see `symjax.patch`.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=2)], 'layer_scale')[0].after
        (LayerScale(),)
    """
    new = LayerScale(initial)

    def rule(k: Path, v: Any, p: Any) -> Any:
        asked = has_role(v, *_BRANCHES) and is_flax_layer(v) and not inserts(p, new)
        return insert(v, after=(new,)) if asked else v

    if inputs is None or any(model.kind != "linen" for model in models(tree)):
        return layers(rule)

    def plan(seen: Blocks) -> Plan:
        marked = [visit.path for visit in seen.with_role(*_BRANCHES)]
        ends = [(*block.path, block.down) for block in seen.feed_forwards()]
        further = [path for path in ends if not any(path[: len(o)] == o for o in marked)]
        return dict.fromkeys([*marked, *further], Inserted.partial(after=(new,)))

    return planned(tree, inputs, plan, "attention or feed-forwards")
