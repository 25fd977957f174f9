"""LaMDA, made of "Attention Is All You Need" by a list of patches.

Run it with ``python examples/lamda.py``. It writes down the transformer of Vaswani et al., "Attention Is
All You Need", 2017 (base: an encoder and a decoder), turns it into the language model of Thoppilan et al.,
"LaMDA: Language Models for Dialog Applications", 2022, section 3, and counts that one's 137 billion
parameters, of which none is allocated. The same patches with small numbers make a model that is then
trained on real text: the documentation that ships inside Python.

The idea is Figure 4 of Peng et al., "PyGlove: Efficiently Exchanging ML Ideas as Code", 2023.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import functools
import math
import pydoc_data.topics
import re
import sys
import time
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Ge, Gt

import symjax as sj
from symjax import linen as nn
from symjax import optax

# The model, as in "Attention Is All You Need".


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a transformer; by default those of the base model (table 3)."""

    num_layers: int = 6
    features: int = 512
    mlp_features: int = 2048
    num_heads: int = 8
    head_features: int = 64


@sj.role("feed_forward")
class FeedForward(nn.Module):
    """Two dense layers, with an activation between them (section 3.3)."""

    features: int
    mlp_features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = nn.relu(nn.Dense(self.mlp_features, name="expand")(x))
        return nn.Dense(self.features, name="contract")(x)


class Layer(nn.Module):
    """Attention to the sequence itself, to the encoder's output if there is one, then a feed-forward."""

    sizes: Sizes
    dropout_rate: float = 0.1

    @nn.compact
    def __call__(self, x, mask, encoded=None, encoded_mask=None, *, train: bool):
        sizes = self.sizes
        attention = functools.partial(
            nn.MultiHeadDotProductAttention,
            num_heads=sizes.num_heads,
            qkv_features=sizes.num_heads * sizes.head_features,
            out_features=sizes.features,
            use_bias=False,
            deterministic=not train,
        )
        dropout = nn.Dropout(self.dropout_rate, deterministic=not train)
        x = nn.LayerNorm()(x + dropout(attention(name="self_attention")(x, mask=mask)))
        if encoded is not None:
            y = attention(name="cross_attention")(x, encoded, mask=encoded_mask)
            x = nn.LayerNorm()(x + dropout(y))
        y = FeedForward(sizes.features, sizes.mlp_features, name="feed_forward")(x)
        return nn.LayerNorm()(x + dropout(y))


class Stack(nn.Module):
    """Layers, one upon the other."""

    sizes: Sizes

    @nn.compact
    def __call__(self, x, mask, encoded=None, encoded_mask=None, *, train: bool):
        for index in range(self.sizes.num_layers):
            x = Layer(self.sizes, name=f"layer_{index}")(x, mask, encoded, encoded_mask, train=train)
        return x


@sj.role("encoder")
class Encoder(Stack):
    """The stack that reads the source."""


@sj.role("decoder")
class Decoder(Stack):
    """The stack that writes the target."""


class Transformer(nn.Module):
    """An encoder and a decoder with one embedding; without an encoder, a language model.

    Attributes:
        vocab_size: The number of tokens; 0 pads.
        sizes: Those of both stacks.
        encoder: None in a model that reads nothing but what it writes.
    """

    vocab_size: int
    sizes: Sizes = Sizes()
    encoder: nn.Module | None = Encoder(sizes=sj.ref("sizes", up=2))
    decoder: nn.Module = Decoder(sizes=sj.ref("sizes", up=2))

    @nn.compact
    def __call__(self, target: jax.Array, source: jax.Array | None = None, *, train: bool = False):
        """The logits ``[n, length, vocab_size]`` of what follows each of the tokens ``int32[n, length]``."""
        embed = nn.Embed(
            self.vocab_size, self.sizes.features, embedding_init=nn.initializers.normal(0.02), name="embed"
        )
        encoded = encoded_mask = None
        if self.encoder is not None and source is not None:
            source_mask = nn.make_attention_mask(source > 0, source > 0)
            encoded = self.encoder(self.embedded(embed, source), source_mask, train=train)
            encoded_mask = nn.make_attention_mask(target > 0, source > 0)
        mask = nn.combine_masks(nn.make_causal_mask(target), nn.make_attention_mask(target > 0, target > 0))
        x = self.decoder(self.embedded(embed, target), mask, encoded, encoded_mask, train=train)
        return embed.attend(x)

    def embedded(self, embed, tokens: jax.Array) -> jax.Array:
        """Scaled embeddings, and the positions as sines and cosines (sections 3.4 and 3.5)."""
        features = self.sizes.features
        rates = 1e4 ** (-np.arange(0, features, 2) / features)
        angles = np.arange(tokens.shape[1])[:, None] * rates
        positions = np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)[:, :features]
        return embed(tokens) * math.sqrt(features) + jnp.float32(positions)


# The data: real text that is always at hand, the reference documentation that ships inside Python.


@functools.cache
def _pieces() -> list[str]:
    """The text as words, spaces and other characters."""
    topics = [pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics)]
    return re.findall(r"\w+|\s+|[^\w\s]", "\n".join(topics))


@functools.cache
def _tokens(vocab_size: int) -> np.ndarray:
    """The text as numbers: the commonest words and, for all others, bytes; 0, which pads, does not occur."""
    numbers = {bytes([byte]).decode("latin-1"): 1 + byte for byte in range(256)}
    for piece, _ in collections.Counter(_pieces()).most_common(vocab_size - len(numbers) - 1):
        numbers.setdefault(piece, 1 + len(numbers))
    encoded = [
        [numbers[piece]] if piece in numbers else [1 + byte for byte in piece.encode()] for piece in _pieces()
    ]
    return np.concatenate([np.int32(item) for item in encoded])


class Batch(NamedTuple):
    """What the model is called with, and the token ``int32[n, length]`` that should follow each."""

    inputs: tuple[jax.Array, ...]
    targets: jax.Array


@sj.role("dataset")
class Continuations(sj.Object):
    """Pairs of a text and its continuation: for a model with an encoder."""

    vocab_size: Annotated[int, Ge(257)] = 37_000
    length: Annotated[int, Gt(0)] = 64

    def batch(self, key: jax.Array, size: int) -> Batch:
        text = _windows(self.vocab_size, key, size, 2 * self.length)
        source, target = jnp.split(text, 2, axis=1)
        return Batch((text[:, self.length - 1 : -1], source), target)


@sj.role("dataset")
class Documents(sj.Object):
    """Texts: for a language model."""

    vocab_size: Annotated[int, Ge(257)] = 32_000
    length: Annotated[int, Gt(0)] = 64

    def batch(self, key: jax.Array, size: int) -> Batch:
        text = _windows(self.vocab_size, key, size, self.length + 1)
        return Batch((text[:, :-1],), text[:, 1:])


def _windows(vocab_size: int, key: jax.Array, size: int, length: int) -> jax.Array:
    """Pieces of the text, ``int32[size, length]``, from places drawn at random."""
    tokens = _tokens(vocab_size)
    starts = jax.random.randint(key, (size, 1), 0, len(tokens) - length)
    return jnp.asarray(tokens)[starts + jnp.arange(length)]


# The experiment.


class Experiment(sj.Object):
    """Trains a model of sequences."""

    model: nn.Module
    dataset: sj.Object
    optimizer: optax.GradientTransformation = optax.adam(1e-3, b2=0.98)
    batch_size: Annotated[int, Gt(0)] = 16
    steps: Annotated[int, Gt(0)] = 100

    def example_inputs(self) -> tuple[jax.Array, ...]:
        """What the model is called with, as shapes."""
        return jax.eval_shape(lambda: self.dataset.batch(jax.random.key(0), 2)).inputs

    def run(self, key: jax.Array) -> jax.Array:
        """Trains from scratch, and returns the loss at each step."""
        init_key, train_key = jax.random.split(key)
        variables = self.model.init(init_key, *self.dataset.batch(key, 1).inputs)

        def step(carry, key):
            params, state = carry
            batch_key, dropout_key = jax.random.split(key)
            batch = self.dataset.batch(batch_key, self.batch_size)
            loss, gradients = jax.value_and_grad(self.loss)(params, batch, dropout_key)
            updates, state = self.optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), loss

        carry = (variables["params"], self.optimizer.init(variables["params"]))
        return jax.lax.scan(step, carry, jax.random.split(train_key, self.steps))[1]

    def loss(self, params: Any, batch: Batch, key: jax.Array) -> jax.Array:
        """The mean cross entropy of the next token, in nats."""
        logits = self.model.apply({"params": params}, *batch.inputs, train=True, rngs={"dropout": key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch.targets).mean()


def attention_is_all_you_need() -> Experiment:
    """The encoder-decoder transformer, base."""
    return Experiment(model=Transformer(vocab_size=37_000), dataset=Continuations())


# The patches: the library's, which were written without this model, and numbers by their paths.

LAMDA = {"num_layers": 64, "features": 8192, "mlp_features": 65_536, "num_heads": 128, "head_features": 128}
SMALL = {"num_layers": 2, "features": 64, "mlp_features": 256, "num_heads": 4, "head_features": 16}


def lamda(vocabulary: int, **sizes: int) -> list[str]:
    """The ideas by which LaMDA differs from the transformer of 2017.

    Args:
        vocabulary: The number of tokens.
        **sizes: Those of the model, see `Sizes`.
    """
    return [
        "remove_encoder",
        ", ".join([f"model.sizes.{name}={size}" for name, size in sizes.items()]),
        f"change_dataset?name=documents&vocabulary={vocabulary}",
        "gated_feed_forward",
        "swap_activation?gelu",
        "relative_attention_bias",
    ]


def count(exp: Experiment) -> int:
    """The number of parameters; nothing is allocated."""
    variables = jax.eval_shape(
        lambda key, inputs: exp.model.init(key, *inputs), jax.random.key(0), exp.example_inputs()
    )
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(variables["params"]))


train = jax.jit(Experiment.run)


def main() -> None:
    """Patches, counts, and trains at a small size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (0)")
    parser.add_argument("--steps", type=int, default=200, help="of the small training (200)")
    options = parser.parse_args()

    base = attention_is_all_you_need()
    print(f"{sj.format(base)}\n\n{count(base):,} parameters\n")

    start, exp = time.perf_counter(), base
    for patch in lamda(32_000, **LAMDA):
        exp = sj.patch(exp, patch, strict=True)
        print(f"{count(exp):>19,} parameters after {patch}")
    print(f"\nLaMDA has 137 billion. [{time.perf_counter() - start:.1f} s]\n")

    small = sj.patch(base, [*lamda(1024, **SMALL), f"steps={options.steps}"])
    print(f"The same patches, small: {count(small):,} parameters, trained on {len(_tokens(1024)):,} tokens")
    losses = train(small, jax.random.key(options.seed))
    for step in range(0, options.steps, max(1, options.steps // 10)):
        print(f"    step {step:>4}: loss {float(losses[step]):.3f}")
    print(f"    step {options.steps - 1:>4}: loss {float(losses[-1]):.3f}")


if __name__ == "__main__":
    sys.exit(main())
