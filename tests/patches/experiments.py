"""Experiments, written by hand as users do: what stands around a model of the zoo when a patch is applied.

One for Linen, one for NNX, and for plain JAX a plain dataclass; and the data that they train on.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx as flax_nnx

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax

Batch = tuple[tuple[Any, ...], Any]
"""The arguments of a model, and what should come out."""


# The data.


@sj.role("dataset")
class Images(sj.Object):
    """Images of noise, each with a class."""

    name: str = "digits"
    num_classes: int = 10
    size: int = 8

    def batch(self, index: int, size: int) -> Batch:
        draw = _random(self.name, index)
        images = draw.normal(size=(size, self.size, self.size, 1))
        return (np.float32(images),), np.int32(draw.integers(self.num_classes, size=size))


@sj.role("dataset")
class NoisyImages(sj.Object):
    """Images with noise, and the same without."""

    name: str = "digits"
    size: int = 8

    def batch(self, index: int, size: int) -> Batch:
        draw = _random(self.name, index)
        clean = draw.uniform(size=(size, self.size, self.size, 1))
        return (np.float32(clean + 0.1 * draw.normal(size=clean.shape)),), np.float32(clean)


@sj.role("dataset")
class Reviews(sj.Object):
    """Sequences of tokens, each with a class; 0 pads."""

    name: str = "films"
    num_classes: int = 3
    vocab_size: int = 11
    length: int = 6

    def batch(self, index: int, size: int) -> Batch:
        draw = _random(self.name, index)
        tokens = draw.integers(1, self.vocab_size, size=(size, self.length))
        tokens[0, -2:] = 0
        return (np.int32(tokens),), np.int32(draw.integers(self.num_classes, size=size))


@sj.role("dataset")
class Characters(sj.Object):
    """Sequences of tokens, and the token after each."""

    name: str = "novels"
    vocab_size: int = 11
    length: int = 6

    def batch(self, index: int, size: int) -> Batch:
        tokens = _random(self.name, index).integers(self.vocab_size, size=(size, self.length + 1))
        return (np.int32(tokens[:, :-1]),), np.int32(tokens[:, 1:])


@sj.role("dataset")
class Copies(Characters):
    """The same, with the sequence that is to be copied."""

    def batch(self, index: int, size: int) -> Batch:
        (inputs,), targets = super().batch(index, size)
        return (inputs, targets), targets


def _random(name: str, index: int) -> np.random.Generator:
    return np.random.default_rng([*name.encode(), index])


# The training. Its parts are compiled one by one, each with the part of the experiment that it computes with: another
# optimizer compiles no model.


class Result(NamedTuple):
    """What comes of a short training: the loss at each step, and what it ends with."""

    losses: list[jax.Array]
    params: Any
    state: Any


@jax.jit
def update(optimizer: Any, gradients: Any, state: Any, params: Any) -> Any:
    """The new parameters, and the new state of the optimizer."""
    updates, state = optimizer.update(gradients, state, params)
    return optax.apply_updates(params, updates), state


class Objective(sj.Object):
    """What is minimized."""

    model: Any
    loss: Callable[..., Any]


@jax.jit
def linen_variables(model: Any, key: jax.Array, inputs: Any) -> Any:
    return sj.init(model, key, *inputs)


@jax.jit
def linen_gradients(objective: Objective, variables: Any, batch: Batch, key: jax.Array) -> Any:
    """The loss and the new collections, and the gradients."""
    inputs, targets = batch

    def loss(params):
        outputs, collections = sj.apply(
            objective.model, {**variables, "params": params}, *inputs, key=key, train=True
        )
        return jnp.mean(objective.loss(outputs, targets)), collections

    return jax.value_and_grad(loss, has_aux=True)(variables["params"])


class LinenExperiment(sj.Object):
    """Trains a Linen module."""

    model: nn.Module
    dataset: sj.Object
    loss: Callable[..., Any] = optax.softmax_cross_entropy_with_integer_labels
    optimizer: optax.GradientTransformation = optax.adam(1e-2)
    batch_size: int = 4
    steps: int = 2
    seed: int = 0

    def example_inputs(self) -> Any:
        return self.dataset.batch(0, self.batch_size)[0]

    def run(self) -> Result:
        key, objective, losses = jax.random.key(self.seed), Objective(self.model, self.loss), []
        variables = linen_variables(self.model, key, self.example_inputs())
        state = self.optimizer.init(variables["params"])
        for index in range(self.steps):
            batch = self.dataset.batch(index, self.batch_size)
            (loss, collections), gradients = linen_gradients(
                objective, variables, batch, jax.random.fold_in(key, index)
            )
            params, state = update(self.optimizer, gradients, state, variables["params"])
            variables = {**collections, "params": params}
            losses.append(loss)
        return Result(losses, params, state)


def _split(model: Any, key: jax.Array) -> Any:
    """The graph of a module, its parameters, and the rest."""
    module = sj.build(model, rngs=key)
    module.train()
    return flax_nnx.split(module, flax_nnx.Param, ...)


@jax.jit
def nnx_state(model: Any, key: jax.Array) -> Any:
    # Without the graph: it may hold floats of a configuration, which are traced here.
    return _split(model, key)[1:]


@jax.jit
def nnx_gradients(objective: Objective, params: Any, rest: Any, batch: Batch) -> Any:
    """The loss and the new rest, and the gradients."""
    inputs, targets = batch
    graph = _split(objective.model, jax.random.key(0))[0]

    def loss(params):
        module = flax_nnx.merge(graph, params, rest, copy=True)
        outputs = module(*inputs)
        return jnp.mean(objective.loss(outputs, targets)), flax_nnx.split(module, flax_nnx.Param, ...)[2]

    return jax.value_and_grad(loss, has_aux=True)(params)


class NNXExperiment(sj.Object):
    """Trains an NNX module, split into what is trained and the rest."""

    model: nnx.Module
    dataset: sj.Object
    loss: Callable[..., Any] = optax.softmax_cross_entropy_with_integer_labels
    optimizer: optax.GradientTransformation = optax.adam(1e-2)
    batch_size: int = 4
    steps: int = 2
    seed: int = 0

    def example_inputs(self) -> Any:
        return self.dataset.batch(0, self.batch_size)[0]

    def run(self) -> Result:
        params, rest = nnx_state(self.model, jax.random.key(self.seed))
        state, losses = self.optimizer.init(params), []
        for index in range(self.steps):
            batch = self.dataset.batch(index, self.batch_size)
            (loss, rest), gradients = nnx_gradients(Objective(self.model, self.loss), params, rest, batch)
            params, state = update(self.optimizer, gradients, state, params)
            losses.append(loss)
        return Result(losses, params, state)


@jax.jit
def plain_params(network: Any, key: jax.Array, inputs: Any) -> Any:
    return network.init(key, inputs[0].size)


@jax.jit
def plain_gradients(network: Any, params: Any, batch: Batch) -> Any:
    (inputs,), labels = batch

    def loss(params):
        logits = network(params, inputs)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))

    return jax.value_and_grad(loss)(params)


@sj.symbolize
@dataclasses.dataclass(frozen=True)
class PlainExperiment:
    """Trains a function of parameters and inputs; the loss is called by its name, there is no seed."""

    network: Any
    data: Any
    tx: Any
    batch_size: int = 4
    epochs: int = 2

    def run(self) -> Result:
        params = plain_params(self.network, jax.random.key(0), self.data.batch(0, 1)[0][0])
        state, losses = self.tx.init(params), []
        for index in range(self.epochs):
            loss, gradients = plain_gradients(self.network, params, self.data.batch(index, self.batch_size))
            params, state = update(self.tx, gradients, state, params)
            losses.append(loss)
        return Result(losses, params, state)
