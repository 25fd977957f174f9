"""`squeeze_excite`: channels weighted by what an image as a whole shows."""

from __future__ import annotations

from typing import Annotated, Any, Final

import flax.linen
import jax
import jax.numpy as jnp
from annotated_types import Ge
from flax.typing import Dtype

from symjax.adoption.linen.modules import Module
from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.inserting import insert, inserts
from ...interior.layers import layers
from ...roles.editing import is_flax_layer, values


class SqueezeExcitation(Module):
    """Weights each channel by a number between 0 and 1 that is computed from the means of all channels.

    ``x * sigmoid(W2 relu(W1 mean(x)))``, with ``W1`` to ``channels / ratio`` features.

    Hu, Shen and Sun, "Squeeze-and-Excitation Networks", 2018, section 3, equations 2 to 4.

    Attributes:
        ratio: By how much the inner layer is narrower; it has one feature at least.
        positions: How many axes before the last one are positions; None for all but the first.

    Example:
        >>> import jax
        >>> x = jax.numpy.ones((2, 5, 5, 8))
        >>> variables = SqueezeExcitation(ratio=4).init(jax.random.key(0), x)
        >>> jax.tree.map(jax.numpy.shape, variables['params']['reduce'])
        {'bias': (2,), 'kernel': (8, 2)}
    """

    ratio: int = 16
    positions: int | None = None
    dtype: Dtype | None = None
    param_dtype: Dtype = jnp.float32

    @flax.linen.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Weights.

        Args:
            x: ``[*batch, *positions, channels]``.

        Returns:
            An array of the same shape.
        """
        channels = x.shape[-1]
        count = x.ndim - 2 if self.positions is None else self.positions
        means = x.mean(tuple(range(-1 - count, -1)), keepdims=True)
        types: dict[str, Any] = {"dtype": self.dtype, "param_dtype": self.param_dtype}
        inner = flax.linen.Dense(max(1, channels // self.ratio), name="reduce", **types)(means)
        weights = flax.linen.Dense(channels, name="expand", **types)(jax.nn.relu(inner))
        return x * jax.nn.sigmoid(weights).astype(x.dtype)


@patcher
def squeeze_excite(tree: Any, ratio: Annotated[int, Ge(1)] = 16) -> Any:
    """Puts a `SqueezeExcitation` after every convolution over positions.

    Pointwise convolutions, which are the projections of residual blocks, have none.

    Hu, Shen and Sun, "Squeeze-and-Excitation Networks", 2018, section 3.

    Args:
        tree: The experiment.
        ratio: By how much the inner layer is narrower than the channels.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Conv(8, (3, 3)), nn.Conv(4, (1, 1))])
        >>> x = jax.numpy.ones((1, 5, 5, 3))
        >>> variables = sj.patch(model, 'squeeze_excite?ratio=4').init(jax.random.key(0), x)
        >>> sum(leaf.size for leaf in jax.tree.leaves(variables))
        302
    """

    def rule(k: Path, v: Any, p: Any) -> Any:
        arguments = values(v, "convolution")
        size = arguments.get("kernel_size")
        if size is None or is_pointwise(size) or not is_flax_layer(v):
            return v
        types = {name: arguments[name] for name in _TYPES if name in arguments}
        positions = len(size) if isinstance(size, tuple) else 1
        new = SqueezeExcitation(ratio, positions, **types)
        return v if inserts(p, new) else insert(v, after=(new,))

    return layers(rule)


_TYPES: Final = ("dtype", "param_dtype")


def is_pointwise(size: Any) -> bool:
    """Whether a convolution of this kernel size looks at one position at a time.

    Example:
        >>> is_pointwise((1, 1)), is_pointwise(1), is_pointwise((3, 1))
        (True, True, False)
    """
    return size == 1 or (isinstance(size, tuple | list) and all(part == 1 for part in size))
