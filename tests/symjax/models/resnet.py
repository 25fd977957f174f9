"""A residual network for images, as its author wrote it for Flax Linen: layers inside ``@nn.compact``."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn


class ResNetBlock(nn.Module):
    """Two convolutions around which the input is added to the output."""

    filters: int
    conv: Callable[..., Any]
    norm: Callable[..., Any]
    act: Callable[[Any], Any] = nn.relu
    strides: tuple[int, int] = (1, 1)

    @nn.compact
    def __call__(self, x):
        residual = x
        y = self.conv(self.filters, (3, 3), self.strides)(x)
        y = self.act(self.norm()(y))
        y = self.conv(self.filters, (3, 3))(y)
        y = self.norm(scale_init=nn.initializers.zeros_init())(y)
        if residual.shape != y.shape:
            residual = self.conv(self.filters, (1, 1), self.strides, name="conv_proj")(residual)
            residual = self.norm(name="norm_proj")(residual)
        return self.act(residual + y)


class ResNet(nn.Module):
    """A stem, stages of blocks, an average over the image, a classifier."""

    stage_sizes: Sequence[int]
    num_classes: int
    num_filters: int = 4
    dtype: Any = jnp.float32
    act: Callable[[Any], Any] = nn.relu
    momentum: float = 0.9
    head_init: Callable[..., Any] = nn.initializers.normal(stddev=0.02)

    @nn.compact
    def __call__(self, x, train: bool = True):
        conv = functools.partial(nn.Conv, use_bias=False, dtype=self.dtype)
        norm = functools.partial(
            nn.BatchNorm, use_running_average=not train, momentum=self.momentum, dtype=self.dtype
        )
        x = conv(self.num_filters, (3, 3), name="conv_init")(x)
        x = self.act(norm(name="bn_init")(x))
        x = nn.max_pool(x, (2, 2), strides=(2, 2), padding="SAME")
        for stage, blocks in enumerate(self.stage_sizes):
            for block in range(blocks):
                strides = (2, 2) if stage > 0 and block == 0 else (1, 1)
                x = ResNetBlock(self.num_filters * 2**stage, conv, norm, self.act, strides)(x)
        x = jnp.mean(x, axis=(1, 2))
        return nn.Dense(self.num_classes, kernel_init=self.head_init, dtype=self.dtype)(x)
