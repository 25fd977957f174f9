"""A convolutional autoencoder of images, as its author wrote it for Flax NNX."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx


class ConvBlock(nnx.Module):
    """A convolution that halves the image, normalized; dropout where it is asked for."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        momentum: float = 0.9,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.conv = nnx.Conv(in_features, out_features, (3, 3), strides=2, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(out_features, momentum=momentum, rngs=rngs)
        self.dropout = nnx.Dropout(dropout) if dropout else None
        self.act = nnx.PReLU()

    def __call__(self, x, rngs: nnx.Rngs | None = None):
        x = self.act(self.norm(self.conv(x)))
        return x if self.dropout is None else self.dropout(x, rngs=rngs)


class Encoder(nnx.Module):
    """Blocks, then a dense layer to the code."""

    def __init__(
        self,
        channels: Sequence[int],
        code: int,
        size: int = 8,
        *,
        momentum: float = 0.9,
        dropout: float = 0.0,
        rngs: nnx.Rngs,
    ):
        self.blocks = nnx.List(
            [
                ConvBlock(a, b, momentum=momentum, dropout=dropout, rngs=rngs)
                for a, b in itertools.pairwise(channels)
            ]
        )
        side = size // 2 ** len(self.blocks)
        self.code = nnx.Linear(side * side * channels[-1], code, rngs=rngs)

    def __call__(self, x, rngs: nnx.Rngs | None = None):
        for block in self.blocks:
            x = block(x, rngs)
        return self.code(x.reshape(x.shape[0], -1))


class Decoder(nnx.Module):
    """A dense layer, then transposed convolutions back to the image."""

    def __init__(
        self,
        channels: Sequence[int],
        code: int,
        size: int = 8,
        act: Callable[[jax.Array], jax.Array] = nnx.relu,
        *,
        rngs: nnx.Rngs,
    ):
        self.shape = (size // 2 ** (len(channels) - 1),) * 2 + (channels[0],)
        self.expand = nnx.Linear(code, self.shape[0] * self.shape[1] * self.shape[2], rngs=rngs)
        layers: list[Any] = []
        for a, b in itertools.pairwise(channels):
            layers += [act, nnx.ConvTranspose(a, b, (3, 3), strides=(2, 2), rngs=rngs)]
        self.layers = nnx.Sequential(*layers)

    def __call__(self, code):
        return self.layers(self.expand(code).reshape(code.shape[0], *self.shape))


class Autoencoder(nnx.Module):
    """Encodes a noisy image, decodes a clean one."""

    def __init__(self, encoder: Encoder, decoder: Decoder, noise: float = 0.1, *, rngs: nnx.Rngs):
        self.encoder = encoder
        self.decoder = decoder
        self.noise = noise
        self.scale = nnx.Param(jnp.ones(()))
        self.rngs = rngs.fork()

    def __call__(self, x):
        noisy = x + self.noise * self.rngs.noise.normal(x.shape)
        return self.scale * self.decoder(self.encoder(noisy, self.rngs))

    @nnx.jit
    def encode(self, x):
        return self.encoder(x, self.rngs)


def autoencoder(rngs: nnx.Rngs, channels: Sequence[int] = (3, 4, 6), code: int = 5) -> Autoencoder:
    """One of a size."""
    return Autoencoder(
        Encoder(channels, code, dropout=0.25, rngs=rngs),
        Decoder(tuple(channels)[::-1], code, rngs=rngs),
        noise=0.2,
        rngs=rngs,
    )


def loss_fn(model: Autoencoder, x: jax.Array) -> jax.Array:
    """The mean squared error of an image."""
    return jnp.mean((model(x) - x) ** 2)


@nnx.jit
def train_step(model: Autoencoder, optimizer: nnx.Optimizer, x: jax.Array) -> jax.Array:
    """One step of training; changes the model and the optimizer."""
    loss, grads = nnx.value_and_grad(loss_fn)(model, x)
    optimizer.update(model, grads)
    return loss


def train(model: Autoencoder, x: jax.Array, steps: int = 3) -> list[jax.Array]:
    """The losses of some steps."""
    model.train()
    optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)
    return [train_step(model, optimizer, x) for _ in range(steps)]
