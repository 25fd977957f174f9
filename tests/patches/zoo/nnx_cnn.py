"""A convolutional network in NNX: stages made in ``__init__`` from a configuration, batch normalization."""

import dataclasses
import itertools

import jax.numpy as jnp
from flax import nnx


@dataclasses.dataclass(frozen=True)
class CNNConfig:
    in_channels: int = 3
    channels: tuple[int, ...] = (32, 64)
    num_classes: int = 10
    dropout_rate: float = 0.1


class ConvBlock(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs):
        self.conv = nnx.Conv(in_channels, out_channels, kernel_size=(3, 3), use_bias=False, rngs=rngs)
        self.bn = nnx.BatchNorm(out_channels, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.bn(self.conv(x)))
        return nnx.max_pool(x, window_shape=(2, 2), strides=(2, 2))


class CNN(nnx.Module):
    def __init__(self, cfg: CNNConfig, *, rngs: nnx.Rngs):
        widths = (cfg.in_channels, *cfg.channels)
        self.blocks = nnx.List([ConvBlock(a, b, rngs=rngs) for a, b in itertools.pairwise(widths)])
        self.dropout = nnx.Dropout(cfg.dropout_rate, rngs=rngs)
        self.head = nnx.Linear(widths[-1], cfg.num_classes, rngs=rngs)

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        x = jnp.mean(x, axis=(1, 2))
        return self.head(self.dropout(x))
