"""NNX models in the style of public ones: all layers are made in `__init__`, from a configuration."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
from flax import nnx

IMAGES = jnp.asarray(jax.random.normal(jax.random.key(0), (2, 4, 4, 3)))
X = jnp.asarray(jax.random.normal(jax.random.key(1), (3, 4)))


def streams(seed=0):
    """The cheapest keys to compile; any will do."""
    return nnx.Rngs(jax.random.key(seed, impl="unsafe_rbg"))


@dataclasses.dataclass
class Config:
    widths: tuple[int, ...] = (4, 8)
    classes: int = 5


class Block(nnx.Module):
    """A residual block with a projection where the width changes."""

    def __init__(self, inputs, outputs, *, rngs):
        self.conv1 = nnx.Conv(inputs, outputs, (3, 3), use_bias=False, rngs=rngs)
        self.norm1 = nnx.BatchNorm(outputs, rngs=rngs)
        self.conv2 = nnx.Conv(outputs, outputs, (3, 3), use_bias=False, rngs=rngs)
        self.norm2 = nnx.BatchNorm(outputs, rngs=rngs)
        self.projection = nnx.Conv(inputs, outputs, (1, 1), rngs=rngs) if inputs != outputs else None

    def __call__(self, x):
        y = nnx.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return nnx.relu(y + (x if self.projection is None else self.projection(x)))


class ResNet(nnx.Module):
    def __init__(self, config: Config, *, rngs):
        widths = (3, *config.widths)
        self.blocks = nnx.List([Block(a, b, rngs=rngs) for a, b in itertools.pairwise(widths)])
        self.dropout = nnx.Dropout(0.25, rngs=rngs)
        self.head = nnx.Linear(widths[-1], config.classes, rngs=rngs)

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.dropout(x.mean((1, 2))))


class MLP(nnx.Module):
    """Cheap to run: layers in a list, a dict and a tuple, one of them shared, a function that is stored."""

    def __init__(self, width=4, *, rngs):
        self.stem = nnx.Linear(4, width, rngs=rngs)
        self.hidden = nnx.data([nnx.Linear(width, width, rngs=rngs), self.stem])
        self.named = nnx.data({"norm": nnx.LayerNorm(width, rngs=rngs)})
        self.pair = nnx.data((nnx.Dropout(0.5, rngs=rngs), nnx.Linear(width, 2, rngs=rngs)))
        self.activation = nnx.relu

    def __call__(self, x):
        x = self.named["norm"](self.activation(self.stem(x)))
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.pair[1](self.pair[0](nnx.tanh(x)))


class Scanned(nnx.Module):
    """A stack of layers, made by `nnx.vmap` and run by `nnx.scan`."""

    def __init__(self, depth=3, *, rngs):
        @nnx.split_rngs(splits=depth)
        @nnx.vmap(axis_size=depth)
        def make(rngs):
            return nnx.Sequential(nnx.Linear(4, 4, rngs=rngs), nnx.relu)

        self.layers = make(rngs)

    def __call__(self, x):
        @nnx.scan
        def step(x, layer):
            return layer(x), None

        return step(x, self.layers)[0]


def shapes(module):
    """The shapes of a module's parameters by path."""
    flat = nnx.to_flat_state(nnx.state(module, nnx.Param))
    return {"/".join(map(str, path)): value.shape for path, value in flat}
