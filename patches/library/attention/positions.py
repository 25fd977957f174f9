"""What attention knows of positions: rotations of queries and keys, and biases of logits."""

from __future__ import annotations

import math

import flax.linen
import jax
import jax.numpy as jnp
from flax.typing import Initializer

from symjax import linen as nn
from symjax.adoption.linen.modules import Module


def rotate(x: jax.Array, positions: jax.Array, base: float = 10_000.0) -> jax.Array:
    """Rotates each pair of features by an angle that grows with the position.

    Logits of rotated queries and keys depend on positions by their difference only. Feature ``i`` of the
    first half makes a pair with the same one of the second half; its angle is ``position * base**(-2i/d)``. A
    last feature of an odd number stays.

    Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, section 3.2, equation
    15.

    Args:
        x: Queries or keys, ``[*batch, positions, heads, d]``.
        positions: ``[positions]``.
        base: Greater than 1; the larger, the slower the last pairs turn.

    Example:
        >>> import jax.numpy as jnp
        >>> rotate(jnp.array([[[1.0, 0.0]]] * 2), jnp.array([0.0, jnp.pi / 2])).round().astype(int).tolist()
        [[[1, 0]], [[0, 1]]]
    """
    half = x.shape[-1] // 2
    frequencies = base ** (-jnp.arange(half, dtype=jnp.float32) / max(half, 1))
    angles = positions[:, None].astype(jnp.float32) * frequencies
    cos, sin = (f(angles)[:, None, :] for f in (jnp.cos, jnp.sin))
    first, second, rest = jnp.split(x.astype(jnp.float32), [half, 2 * half], axis=-1)
    turned = jnp.concatenate([first * cos - second * sin, second * cos + first * sin, rest], axis=-1)
    return turned.astype(x.dtype)


class RelativeBias(Module):
    """A learned number for each head and each distance of two positions, added to the logits of attention.

    Near distances have a number each, far ones share some, in buckets that widen with their logarithm; all
    beyond `max_distance` are one.

    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020,
    section 2.1.

    Attributes:
        buckets: Numbers for each head, at least 2.
        max_distance: Where the last bucket begins.
        bidirectional: Whether positions to come have buckets of their own, half of all; otherwise they count
            as distance 0, as where a mask hides them.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> layer, positions = RelativeBias(buckets=8), jnp.arange(5)
        >>> variables = layer.init(jax.random.key(0), positions, positions, 2)
        >>> jax.tree.map(jnp.shape, variables), layer.apply(variables, positions, positions, 2).shape
        ({'params': {'bias': (8, 2)}}, (2, 5, 5))
    """

    buckets: int = 32
    max_distance: int = 128
    bidirectional: bool = True
    bias_init: Initializer = nn.initializers.normal(0.02)

    @flax.linen.compact
    def __call__(self, queries: jax.Array, keys: jax.Array, heads: int) -> jax.Array:
        """The biases.

        Args:
            queries: Positions, ``int[q]``.
            keys: Positions, ``int[k]``.
            heads: The number of heads.

        Returns:
            ``[heads, q, k]``.
        """
        numbers = self.param("bias", self.bias_init, (self.buckets, heads))
        buckets = bucket(
            keys[None, :] - queries[:, None], self.buckets, self.max_distance, self.bidirectional
        )
        return jnp.moveaxis(numbers[buckets], -1, 0)


def bucket(distance: jax.Array, buckets: int, max_distance: int, bidirectional: bool) -> jax.Array:
    """The buckets of distances, see `RelativeBias`.

    Args:
        distance: The position of the key less that of the query, an array of ints.
        buckets: How many there are.
        max_distance: Where the last one begins.
        bidirectional: Whether half of them are for positive distances.

    Example:
        >>> import jax.numpy as jnp
        >>> bucket(-jnp.array([0, 1, 2, 3, 4, 6, 9, 50]), 6, 12, False).tolist()
        [0, 1, 2, 3, 3, 4, 5, 5]
    """
    side = buckets // 2 if bidirectional else buckets
    past = jnp.abs(distance) if bidirectional else jnp.maximum(-distance, 0)
    exact = max(side // 2, 1)  # one number for each of these distances
    ratio = jnp.log(jnp.maximum(past, exact) / exact) / math.log(max(max_distance, exact + 1) / exact)
    far = jnp.minimum(exact + (ratio * (side - exact)).astype(jnp.int32), side - 1)
    own = jnp.where(past < exact, past, far)
    return own + jnp.where(distance > 0, side, 0) if bidirectional else own


class LinearBias(Module):
    """The distance of two positions times a slope for each head, taken from the logits of attention.

    The slopes are ``2**(-8 (h+1) / heads)``. Nothing is learned, and sequences may be longer than those seen.

    Press, Smith and Lewis, "Train Short, Test Long: Attention with Linear Biases Enables Input Length
    Extrapolation", 2022, section 3; for positions to come the distance counts alike.

    Example:
        >>> import jax.numpy as jnp
        >>> LinearBias().apply({}, jnp.arange(2), jnp.arange(3), 1).tolist()
        [[[-0.0, -0.00390625, -0.0078125], [-0.00390625, -0.0, -0.00390625]]]
    """

    def __call__(self, queries: jax.Array, keys: jax.Array, heads: int) -> jax.Array:
        """The biases, see `RelativeBias`."""
        slopes = 2.0 ** (-8.0 * (jnp.arange(heads) + 1) / heads)
        distance = jnp.abs(keys[None, :] - queries[:, None])
        return -slopes[:, None, None] * distance
