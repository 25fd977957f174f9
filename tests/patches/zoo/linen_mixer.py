"""A mixer of patches and channels: blocks of layers in lists, all made in ``setup``."""

import jax
import jax.numpy as jnp
from flax import linen as nn


class FeedForward(nn.Module):
    hidden_dim: int
    out_dim: int

    def setup(self):
        self.expand = nn.Dense(self.hidden_dim)
        self.contract = nn.Dense(self.out_dim)

    def __call__(self, x):
        return self.contract(nn.gelu(self.expand(x)))


class MixerBlock(nn.Module):
    tokens: int
    channels: int
    tokens_hidden: int
    channels_hidden: int

    def setup(self):
        self.norm_tokens = nn.LayerNorm()
        self.mix_tokens = FeedForward(self.tokens_hidden, self.tokens)
        self.norm_channels = nn.LayerNorm()
        self.mix_channels = FeedForward(self.channels_hidden, self.channels)

    def __call__(self, x):
        y = jnp.swapaxes(self.norm_tokens(x), 1, 2)
        x = x + jnp.swapaxes(self.mix_tokens(y), 1, 2)
        return x + self.mix_channels(self.norm_channels(x))


class Mixer(nn.Module):
    num_classes: int
    tokens: int
    patch_size: int = 4
    channels: int = 64
    num_blocks: int = 4
    tokens_hidden: int = 32
    channels_hidden: int = 128

    def setup(self):
        patch = (self.patch_size, self.patch_size)
        self.stem = nn.Conv(self.channels, patch, strides=patch)
        self.blocks = [
            MixerBlock(self.tokens, self.channels, self.tokens_hidden, self.channels_hidden)
            for _ in range(self.num_blocks)
        ]
        self.norm = nn.LayerNorm()
        self.head = nn.Dense(self.num_classes, kernel_init=nn.initializers.zeros_init())

    def __call__(self, images: jax.Array) -> jax.Array:
        x = self.stem(images)
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        for block in self.blocks:
            x = block(x)
        return self.head(jnp.mean(self.norm(x), axis=1))
