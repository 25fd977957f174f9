"""A multilayer perceptron: layers made in a loop inside ``@nn.compact``."""

from collections.abc import Sequence

import jax
from flax import linen as nn


class MLP(nn.Module):
    features: Sequence[int]
    num_classes: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = x.reshape((x.shape[0], -1))
        for size in self.features:
            x = nn.relu(nn.Dense(size)(x))
        return nn.Dense(self.num_classes)(x)
