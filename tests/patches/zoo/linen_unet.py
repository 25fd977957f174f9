"""A U-Net that removes noise: group normalization, skip connections, transposed convolutions; a plain dataclass."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import linen as nn


class DoubleConv(nn.Module):
    channels: int
    groups: int = 2

    @nn.compact
    def __call__(self, x):
        for _ in range(2):
            x = nn.Conv(self.channels, (3, 3), padding="SAME")(x)
            x = nn.GroupNorm(num_groups=self.groups)(x)
            x = nn.swish(x)
        return x


class UNet(nn.Module):
    channels: Sequence[int]
    out_channels: int = 1

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        skips = []
        for channels in self.channels[:-1]:
            x = DoubleConv(channels)(x)
            skips.append(x)
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = DoubleConv(self.channels[-1])(x)
        for channels, skip in zip(reversed(self.channels[:-1]), reversed(skips), strict=True):
            x = nn.ConvTranspose(channels, (2, 2), strides=(2, 2))(x)
            x = DoubleConv(channels)(jnp.concatenate([x, skip], axis=-1))
        return nn.Conv(self.out_channels, (1, 1))(x)
