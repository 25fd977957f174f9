"""Three experiments that share no class, in the styles of public code; nothing here knows of patches but marks.

Each has ``run()``, which trains for a few steps and gives back the losses, and an optimizer or a configuration.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import ml_collections
import optax as plain_optax
from flax import nnx as plain_nnx

import symjax as sj
from symjax import linen as nn
from symjax import optax

X = jax.random.normal(jax.random.key(0), (8, 3))
Y = jnp.arange(8) % 4


class Experiment(sj.Object):
    """A symbolic experiment with an optimizer and a loss in fields."""

    model: nn.Module = nn.Sequential([nn.Dense(6), nn.relu, nn.Dense(4)])
    optimizer: plain_optax.GradientTransformation = optax.adam(0.1)
    loss: Callable = optax.softmax_cross_entropy_with_integer_labels
    batch_size: int = 8
    steps: int = 4
    seed: int = 0

    def run(self):
        params = self.model.init(jax.random.key(self.seed), X)
        state = self.optimizer.init(params)

        @jax.jit
        def step(params, state):
            x, y = X[: self.batch_size], Y[: self.batch_size]
            value, gradients = jax.value_and_grad(
                lambda params: self.loss(self.model.apply(params, x), y).mean()
            )(params)
            updates, state = self.optimizer.update(gradients, state, params)
            return plain_optax.apply_updates(params, updates), state, value

        losses = []
        for _ in range(self.steps):
            params, state, value = step(params, state)
            losses.append(float(value))
        return losses


@dataclasses.dataclass(unsafe_hash=True)
class TrainConfig:
    """As in Flax's examples of language models."""

    dataset_name: str = "lm1b"
    vocab_size: int = 12
    per_device_batch_size: int = 8
    eval_per_device_batch_size: int = 2
    num_train_steps: int = 4
    learning_rate: float = 0.1
    schedule: str = "rsqrt"
    optimizer: str = "adamw"
    warmup_steps: int = 1
    label_smoothing: float = 0.0
    weight_decay: float = 0.1
    grad_clip_norm: float | None = None
    gradient_accumulation_steps: int = 1
    ema_decay: float = 0.0
    use_bfloat16: bool = False
    num_epochs: float = 2.0
    seed: int = 0


class Classifier(flax.linen.Module):
    """All layers inside ``@compact``."""

    config: TrainConfig

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(self.config.vocab_size)(flax.linen.relu(flax.linen.Dense(5)(x)))


@sj.symbolize
class Trainer:
    """A plain class with a configuration, from which it makes its optimizer."""

    def __init__(self, config: TrainConfig):
        self.config = config
        self.model = Classifier(config)

    def run(self):
        c = self.config
        tx = plain_optax.chain(
            plain_optax.clip_by_global_norm(c.grad_clip_norm) if c.grad_clip_norm else plain_optax.identity(),
            getattr(plain_optax, c.optimizer)(c.learning_rate, weight_decay=c.weight_decay),
        )
        tx = plain_optax.MultiSteps(tx, c.gradient_accumulation_steps)
        params = self.model.init(jax.random.key(c.seed), X)
        state, losses = tx.init(params), []
        for _ in range(c.num_train_steps):

            def loss(params):
                labels = plain_optax.smooth_labels(jax.nn.one_hot(Y, c.vocab_size), c.label_smoothing)
                return plain_optax.softmax_cross_entropy(self.model.apply(params, X), labels).mean()

            value, gradients = jax.value_and_grad(loss)(params)
            updates, state = tx.update(gradients, state, params)
            params = plain_optax.apply_updates(params, updates)
            losses.append(float(value))
        return losses


def config_dict():
    """As in Flax's examples of image classification."""
    return ml_collections.ConfigDict(
        {
            "model": "ResNet50",
            "dataset": "imagenet2012:5.*.*",
            "learning_rate": 0.1,
            "warmup_epochs": 5.0,
            "batch_size": 128,
            "num_epochs": 100.0,
            "half_precision": False,
            "num_train_steps": -1,
        }
    )


class Configured(sj.Object):
    """Holds whatever configuration."""

    config: Any


class Perceptron(plain_nnx.Module):
    """Makes its layers in ``__init__``."""

    def __init__(self, width: int, *, rngs: plain_nnx.Rngs):
        self.hidden = plain_nnx.Linear(3, width, rngs=rngs)
        self.head = plain_nnx.Linear(width, 4, rngs=rngs)

    def __call__(self, x):
        return self.head(plain_nnx.relu(self.hidden(x)))


@sj.symbolize
class NnxTraining:
    """As in NNX's examples: `nnx.Optimizer`, a step that changes the model."""

    def __init__(self, model=None, tx=None, loss_fn=None, train_steps=4, train_batch_size=8):
        self.model = model
        self.tx = tx
        self.loss_fn = loss_fn
        self.train_steps = train_steps
        self.train_batch_size = train_batch_size

    def run(self):
        model = sj.build(self.model, rngs=plain_nnx.Rngs(0))
        optimizer = plain_nnx.Optimizer(model, self.tx, wrt=plain_nnx.Param)
        losses = []
        for _ in range(self.train_steps):
            value, gradients = plain_nnx.value_and_grad(lambda m: self.loss_fn(m(X), Y).mean())(model)
            optimizer.update(model, gradients)
            losses.append(float(value))
        return losses


def nnx_training():
    """An experiment with a model of NNX."""
    return NnxTraining(
        sj.symbolize(Perceptron)(5),
        optax.chain(optax.clip_by_global_norm(10.0), optax.sgd(0.1, momentum=0.9)),
        plain_optax.softmax_cross_entropy_with_integer_labels,
    )


def make_optimizer(
    learning_rate: plain_optax.ScalarOrSchedule = 0.1, weight_decay: float = 0.0
) -> plain_optax.GradientTransformation:
    """A function that builds an optimizer, as everybody has one."""
    return plain_optax.chain(
        plain_optax.scale_by_adam(),
        plain_optax.add_decayed_weights(weight_decay),
        plain_optax.scale_by_learning_rate(learning_rate),
    )


built = sj.symbolize(make_optimizer)
EXPERIMENTS = {
    "symbolic": Experiment,
    "function": functools.partial(Experiment, optimizer=built(0.1, 0.01)),
    "configured": lambda: Trainer(TrainConfig()),
    "nnx": nnx_training,
}
"""Makers of experiments, by name."""


def step_by(optimizer, gradients, params):
    """The parameters after a step for each of some gradients, and the optimizer's last state."""
    state = optimizer.init(params)
    values = []
    for gradient in gradients:
        updates, state = optimizer.update(gradient, state, params)
        params = plain_optax.apply_updates(params, updates)
        values.append(params)
    return values, state
