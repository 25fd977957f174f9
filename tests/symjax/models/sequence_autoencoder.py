"""An autoencoder of sequences, as its author wrote it for Flax Linen: lifted, generic, with array attributes."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
from flax import linen as nn

CellT = TypeVar("CellT", bound=nn.RNNCellBase)


class Fourier(nn.Module):
    """Sines and cosines of time at fixed frequencies: an array attribute, which is no parameter."""

    frequencies: Any

    def __call__(self, times):
        angles = times[..., None] * self.frequencies
        return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)


class Recurrent(nn.Module, Generic[CellT]):
    """A scanned cell: one set of weights for all times."""

    cell: CellT
    carries: bool = False

    @nn.compact
    def __call__(self, x):
        scan = nn.scan(
            lambda cell, carry, step: cell(carry, step),
            variable_broadcast="params",
            split_rngs={"params": False},
            in_axes=1,
            out_axes=1,
        )
        carry = self.cell.initialize_carry(jax.random.key(0), x[:, 0].shape)
        carry, y = scan(self.cell, carry, x)
        return carry if self.carries else y


class Residual(nn.Module):
    """One of a stack of layers."""

    width: int
    act: Callable[[Any], Any] = nn.tanh
    scale: float = 0.5

    @nn.compact
    def __call__(self, x, _):
        return x + self.scale * self.act(nn.Dense(self.width)(x)), None


class Stack(nn.Module):
    """The same layer many times, scanned over depth and recomputed in the backward pass."""

    depth: int
    width: int
    scale: float = 0.5

    @nn.compact
    def __call__(self, x):
        layer = nn.scan(
            nn.remat(Residual), variable_axes={"params": 0}, split_rngs={"params": True}, length=self.depth
        )
        return layer(self.width, scale=self.scale)(x, None)[0]


class Autoencoder(nn.Module):
    """Encodes with one cell, decodes with another; several heads read the result."""

    encoder: Recurrent[Any]
    decoder: Recurrent[Any]
    time: Fourier
    heads: Mapping[str, nn.Module]
    stack: Stack
    ensemble: int = 2

    @nn.compact
    def __call__(self, x):
        times = jnp.broadcast_to(jnp.arange(x.shape[1], dtype=x.dtype), x.shape[:2])
        code = self.encoder(jnp.concatenate([x, self.time(times)], axis=-1))
        code = self.stack(code[:, -1])
        y = self.decoder(jnp.repeat(code[:, None], x.shape[1], axis=1))
        vote = nn.vmap(
            nn.Dense,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            in_axes=None,
            out_axes=0,
            axis_size=self.ensemble,
        )
        return {name: head(y) for name, head in self.heads.items()} | {"vote": vote(2, name="vote")(code)}


def autoencoder(features: int = 3) -> Autoencoder:
    """One of a size."""
    return Autoencoder(
        encoder=Recurrent(nn.GRUCell(features=4)),
        decoder=Recurrent(nn.OptimizedLSTMCell(features=4)),
        time=Fourier(jnp.array([0.5, 1.0], jnp.float32)),
        heads={"mean": nn.Dense(features), "spread": nn.Sequential([nn.Dense(features), nn.softplus])},
        stack=Stack(depth=2, width=4),
    )
