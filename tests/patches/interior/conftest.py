"""Models that make all their layers inside, as people write them; nothing here knows symjax."""

import flax.linen as nn
import jax.numpy as jnp
import pytest

import symjax as sj


class Block(nn.Module):
    features: int

    def setup(self):
        self.wide = nn.Dense(self.features)
        self.narrow = nn.Dense(4)

    def __call__(self, x):
        return x + self.narrow(nn.relu(self.wide(x)))


class Net(nn.Module):
    """Layers made in `@compact`, in `setup`, and given to another layer."""

    classes: int = 3

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(4)(x)
        x = Block(6)(x)
        x = nn.Sequential([nn.Dense(5), nn.tanh])(x)
        return nn.Dense(self.classes, name="head")(x)


@pytest.fixture
def net():
    return sj.symbolize(Net)()


@pytest.fixture
def x():
    return jnp.linspace(-1, 1, 8).reshape(2, 4)
