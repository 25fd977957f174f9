"""A language model, as its author wrote it for Flax Linen: layers in ``setup``, embeddings tied by `attend`."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn


class Mlp(nn.Module):
    """Two dense layers with dropout between them; kernels carry the names of their axes."""

    width: int
    hidden: int
    dropout: float = 0.1

    def setup(self):
        init = nn.initializers.variance_scaling(1.0, "fan_in", "truncated_normal")
        self.up = nn.Dense(self.hidden, kernel_init=nn.with_logical_partitioning(init, ("embed", "mlp")))
        self.down = nn.Dense(self.width, kernel_init=nn.with_logical_partitioning(init, ("mlp", "embed")))
        self.drop = nn.Dropout(self.dropout)

    def __call__(self, x, deterministic: bool):
        return self.down(self.drop(nn.gelu(self.up(x)), deterministic=deterministic))


class Block(nn.Module):
    """Attention, then the two dense layers, each normalized before and added after."""

    width: int
    heads: int
    dropout: float = 0.1
    epsilon: float = 1e-5

    def setup(self):
        self.norms = [nn.LayerNorm(epsilon=self.epsilon), nn.LayerNorm(epsilon=self.epsilon)]
        self.attention = nn.MultiHeadDotProductAttention(self.heads, dropout_rate=self.dropout)
        self.mlp = Mlp(self.width, 2 * self.width, self.dropout)

    def __call__(self, x, mask, deterministic: bool):
        x = x + self.attention(self.norms[0](x), mask=mask, deterministic=deterministic)
        return x + self.mlp(self.norms[1](x), deterministic)


class Transformer(nn.Module):
    """Predicts the next token; the head has the weights of the embedding."""

    vocabulary: int
    width: int = 8
    heads: int = 2
    depth: int = 2
    max_length: int = 16
    dropout: float = 0.1
    position_init: Any = nn.initializers.normal(stddev=0.02)

    def setup(self):
        self.embed = nn.Embed(self.vocabulary, self.width)
        self.positions = self.param("positions", self.position_init, (self.max_length, self.width))
        self.blocks = [Block(self.width, self.heads, self.dropout) for _ in range(self.depth)]
        self.heads_norm = {"final": nn.LayerNorm()}

    def __call__(self, tokens, deterministic: bool = True):
        x = self.embed(tokens) + self.positions[: tokens.shape[1]]
        mask = nn.make_causal_mask(tokens)
        for block in self.blocks:
            x = block(x, mask, deterministic)
        return self.embed.attend(self.heads_norm["final"](x))

    def generate(self, tokens, steps: int):
        """Appends the most probable next tokens."""
        for _ in range(steps):
            logits = self(tokens)
            tokens = jnp.concatenate([tokens, jnp.argmax(logits[:, -1:], axis=-1)], axis=1)
        return tokens


def next_token_loss(logits, tokens):
    """The mean cross entropy of each token given those before it."""
    log_probs = jax.nn.log_softmax(logits[:, :-1])
    return -jnp.mean(jnp.take_along_axis(log_probs, tokens[:, 1:, None], axis=-1))
