"""Experiments around the models of the zoo: what stands around a model when a patch is applied.

The models are plain Flax and plain JAX, in a file each, and know nothing of this library; here they become
symbolic from outside. Three experiments train them, written by hand as users do: one for Linen, one for NNX,
and for plain JAX a plain dataclass.
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

from .zoo import (
    linen_cnn,
    linen_language_model,
    linen_mixer,
    linen_mlp,
    linen_resnet,
    linen_rnn,
    linen_seq2seq,
    linen_transformer,
    linen_unet,
    nnx_autoencoder,
    nnx_cnn,
    nnx_transformer,
    plain_jax,
)

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


def stacked(dataset: Any, steps: int, batch_size: int) -> Batch:
    """A batch for each step, in arrays with a leading axis of steps."""
    batches = [dataset.batch(step, batch_size) for step in range(steps)]
    return jax.tree.map(lambda *arrays: np.stack(arrays), *batches)


# The training.


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

    def run(self) -> jax.Array:
        """The loss at each step of a short training."""
        key = jax.random.key(self.seed, impl="unsafe_rbg")
        batches = stacked(self.dataset, self.steps, self.batch_size)
        variables = sj.init(self.model, key, *jax.tree.map(lambda array: array[0], batches[0]))
        state = self.optimizer.init(variables["params"])

        def step(carry, batch):
            variables, state, key = carry
            inputs, targets = batch
            key, step_key = jax.random.split(key)

            def loss(params):
                outputs, collections = sj.apply(
                    self.model, {**variables, "params": params}, *inputs, key=step_key, train=True
                )
                return jnp.mean(self.loss(outputs, targets)), collections

            (value, collections), gradients = jax.value_and_grad(loss, has_aux=True)(variables["params"])
            updates, state = self.optimizer.update(gradients, state, variables["params"])
            params = optax.apply_updates(variables["params"], updates)
            return ({**collections, "params": params}, state, key), value

        return jax.lax.scan(step, (variables, state, key), batches)[1]


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

    def run(self) -> jax.Array:
        """The loss at each step of a short training."""
        model = sj.build(self.model, rngs=jax.random.key(self.seed, impl="unsafe_rbg"))
        model.train()
        graph, params, rest = flax_nnx.split(model, flax_nnx.Param, ...)

        def step(carry, batch):
            params, rest, state = carry
            inputs, targets = batch

            def loss(params):
                model = flax_nnx.merge(graph, params, rest, copy=True)
                outputs = model(*inputs)
                return jnp.mean(self.loss(outputs, targets)), flax_nnx.split(model, flax_nnx.Param, ...)[2]

            (value, rest), gradients = jax.value_and_grad(loss, has_aux=True)(params)
            updates, state = self.optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), rest, state), value

        carry = (params, rest, self.optimizer.init(params))
        return jax.lax.scan(step, carry, stacked(self.dataset, self.steps, self.batch_size))[1]


@sj.symbolize
@dataclasses.dataclass(frozen=True)
class PlainExperiment:
    """Trains a function of parameters and inputs; the loss is called by its name, there is no seed."""

    network: Any
    data: Any
    tx: Any
    batch_size: int = 4
    epochs: int = 2

    def run(self) -> jax.Array:
        """The loss at each step of a short training."""
        batches = stacked(self.data, self.epochs, self.batch_size)
        params = self.network.init(jax.random.key(0, impl="unsafe_rbg"), batches[0][0][0, 0].size)

        def step(carry, batch):
            params, state = carry
            (inputs,), targets = batch

            def loss(params):
                logits = self.network(params, inputs)
                return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, targets))

            value, gradients = jax.value_and_grad(loss)(params)
            updates, state = self.tx.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), value

        return jax.lax.scan(step, (params, self.tx.init(params)), batches)[1]


# The models, symbolized from outside, in experiments.


class Network(NamedTuple):
    """An experiment around a model of the zoo.

    Attributes:
        build: Makes it.
        has: The roles of the layers and functions that the model computes with, as a reader sees them
            in its file, and what else of the experiment patches may ask for.
    """

    build: Callable[[], Any]
    has: frozenset[str]


def _has(*names: str) -> frozenset[str]:
    return frozenset(names)


Reader = sj.role("encoder")(sj.symbolize(linen_seq2seq.Reader))
Affine = sj.role("dense", features="units")(sj.symbolize(plain_jax.Affine))
sj.role("activation")(plain_jax.softsign)

NETWORKS: dict[str, Network] = {
    "Linen MLP": Network(
        lambda: LinenExperiment(sj.symbolize(linen_mlp.MLP)([16, 8], num_classes=10), Images()),
        _has("dense", "activation", "depth"),
    ),
    "Linen CNN": Network(
        lambda: LinenExperiment(sj.symbolize(linen_cnn.CNN)(), Images()),
        _has("convolution", "dense", "activation"),
    ),
    "Linen ResNet": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_resnet.ResNet)([1, 1], num_classes=10, num_filters=4),
            Images(),
        ),
        _has("convolution", "dense", "normalization", "activation", "depth", "residual"),
    ),
    "Linen transformer": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_transformer.TextClassifier)(
                linen_transformer.TransformerConfig(
                    vocab_size=11, num_classes=3, emb_dim=8, num_heads=2, num_layers=1, mlp_dim=16, max_len=8
                )
            ),
            Reviews(),
        ),
        _has(
            "dense", "normalization", "dropout", "embedding", "attention", "activation", "depth", "residual"
        ),
    ),
    "Linen LSTM": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_rnn.CharLSTM)(vocab_size=11, embed_dim=8, hidden_size=8),
            Characters(),
        ),
        _has("dense", "normalization", "dropout", "embedding", "activation", "recurrence"),
    ),
    "Linen mixer": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_mixer.Mixer)(
                10, tokens=4, channels=8, num_blocks=1, tokens_hidden=4, channels_hidden=16
            ),
            Images(),
        ),
        _has("convolution", "dense", "normalization", "activation", "depth", "residual"),
    ),
    "Linen language model": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_language_model.LanguageModel)(
                linen_language_model.LMConfig(vocab_size=11, depth=2, width=8, heads=2, mlp_ratio=2)
            ),
            Characters(),
        ),
        _has("dense", "normalization", "embedding", "attention", "activation", "depth", "residual"),
    ),
    "Linen U-Net": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_unet.UNet)([4, 8]), NoisyImages(), loss=optax.squared_error
        ),
        _has("convolution", "normalization", "activation", "depth"),
    ),
    "Linen seq2seq": Network(
        lambda: LinenExperiment(
            sj.symbolize(linen_seq2seq.Seq2Seq)(
                11, writer=linen_seq2seq.Writer(8), reader=Reader(8), embed_dim=8
            ),
            Copies(),
        ),
        _has("dense", "normalization", "embedding", "attention", "activation", "recurrence", "encoder"),
    ),
    "NNX CNN": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_cnn.CNN)(nnx_cnn.CNNConfig(in_channels=1, channels=(4, 8))), Images()
        ),
        _has("convolution", "dense", "normalization", "dropout", "activation", "depth"),
    ),
    "NNX transformer": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_transformer.GPT)(
                nnx_transformer.GPTConfig(vocab_size=11, block_size=8, n_layer=1, n_head=2, n_embd=8)
            ),
            Characters(),
        ),
        _has(
            "dense", "normalization", "dropout", "embedding", "attention", "activation", "depth", "residual"
        ),
    ),
    "NNX autoencoder": Network(
        lambda: NNXExperiment(
            sj.symbolize(nnx_autoencoder.AutoEncoder)(features=4, latent=6),
            NoisyImages(),
            loss=optax.squared_error,
        ),
        _has("convolution", "dense", "normalization", "activation"),
    ),
    "Plain JAX": Network(
        lambda: PlainExperiment(
            sj.symbolize(plain_jax.Network)([Affine(16), Affine(8), Affine(10)]), Images(), optax.adam(1e-3)
        ),
        _has("dense", "activation", "depth"),
    ),
}
