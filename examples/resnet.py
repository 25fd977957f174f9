"""A residual network as people write them: plain Flax, every layer made inside ``@nn.compact``.

`adopt.py` takes it as it is. Nothing here knows of symjax.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class Block(nn.Module):
    """Two convolutions around which the input is added, projected where its shape is another."""

    features: int
    strides: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        shortcut = x
        x = nn.Conv(self.features, (3, 3), strides=self.strides, use_bias=False)(x)
        x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        x = nn.relu(x)
        x = nn.Conv(self.features, (3, 3), use_bias=False)(x)
        x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        if shortcut.shape != x.shape:
            shortcut = nn.Conv(
                self.features, (1, 1), strides=self.strides, use_bias=False, name="projection"
            )(shortcut)
            shortcut = nn.BatchNorm(use_running_average=not train, momentum=0.9)(shortcut)
        return nn.relu(x + shortcut)


class ResNet(nn.Module):
    """A stem, stages of blocks that halve the image and double the features, a linear classifier."""

    stage_sizes: Sequence[int]
    num_classes: int
    features: int = 32

    @nn.compact
    def __call__(self, images: jax.Array, train: bool = False) -> jax.Array:
        x = nn.Conv(self.features, (3, 3), use_bias=False, name="stem")(images)
        x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
        x = nn.relu(x)
        for stage, blocks in enumerate(self.stage_sizes):
            for block in range(blocks):
                strides = 2 if stage > 0 and block == 0 else 1
                x = Block(self.features * 2**stage, strides)(x, train)
        x = jnp.mean(x, axis=(1, 2))
        return nn.Dense(self.num_classes)(x)
