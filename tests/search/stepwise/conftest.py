"""Trainings that tests of this floor share, so that each is compiled but once."""

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import optax, search

TRAIN = (jnp.linspace(-1.0, 1.0, 8 * 3).reshape(8, 3), jnp.arange(8) % 2)


class Net(nn.Module):
    """As Flax's examples write it: batch normalization and dropout, in a compact method."""

    rate: float = 0.1
    width: int = 4

    @nn.compact
    def __call__(self, x, train: bool):
        x = flax.linen.BatchNorm(use_running_average=not train)(flax.linen.Dense(self.width)(x))
        return flax.linen.Dense(2)(flax.linen.Dropout(self.rate, deterministic=not train)(x))


class Classifier(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation

    def init(self, key, data):
        variables = self.model.init(key, data[0], train=False)
        return {
            "variables": variables,
            "optimizer": self.optimizer.init(variables["params"]),
            "key": key,
            "step": 0,
        }

    def step(self, state, data):
        x, y = data
        rest = {name: value for name, value in state["variables"].items() if name != "params"}
        rngs = {"dropout": jax.random.fold_in(state["key"], state["step"])}

        def loss(params):
            logits, updates = self.model.apply(
                {"params": params, **rest}, x, train=True, mutable=["batch_stats"], rngs=rngs
            )
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), updates

        params = state["variables"]["params"]
        gradient, updates = jax.grad(loss, has_aux=True)(params)
        changes, optimizer = self.optimizer.update(gradient, state["optimizer"], params)
        variables = {"params": optax.apply_updates(params, changes), **updates}
        return {**state, "variables": variables, "optimizer": optimizer, "step": state["step"] + 1}

    def metric(self, state, data):
        logits = self.model.apply(state["variables"], data[0], train=False)
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, data[1]).mean()
        return {"loss": loss, "logits": logits, "step": state["step"]}


class Descent(sj.Object):
    """Of x², to be tried in an instant: a rate of 1 or more diverges."""

    rate: float
    dimensions: int = 1

    def init(self, key):
        return jax.random.normal(key, (self.dimensions,))

    def step(self, x):
        return x - self.rate * 2 * x

    def metric(self, x):
        return {"loss": jnp.sum(x**2), "at": x[0]}


@pytest.fixture(scope="session")
def classifiers():
    """A space of two structures, and its training."""
    net = Net(search.oneof([0.1, 0.3]), search.oneof([4, 6]))
    experiment = Classifier(net, optax.adam(search.floatv(1e-3, 1e-1, "log")))
    return search.space(experiment), search.Steps.of(Classifier, n=8)


@pytest.fixture(scope="session")
def descents():
    """A space of one structure, and its training."""
    return search.space(Descent(search.floatv(0.01, 0.3))), search.Steps.of(Descent, n=8)
