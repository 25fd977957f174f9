"""A model that copies sequences: one recurrent cell reads, another writes and attends to what was read."""

import jax
from flax import linen as nn


class Reader(nn.Module):
    hidden_size: int

    @nn.compact
    def __call__(self, x):
        return nn.RNN(nn.GRUCell(self.hidden_size))(x)


class Writer(nn.Module):
    hidden_size: int

    @nn.compact
    def __call__(self, x, memory=None):
        x = nn.RNN(nn.GRUCell(self.hidden_size))(x)
        if memory is not None:
            x = x + nn.MultiHeadDotProductAttention(num_heads=2, name="attend")(x, memory)
        return nn.LayerNorm()(x)


class Seq2Seq(nn.Module):
    vocab_size: int
    writer: Writer
    reader: Reader | None = None
    embed_dim: int = 16

    @nn.compact
    def __call__(self, target: jax.Array, source: jax.Array) -> jax.Array:
        embed = nn.Embed(self.vocab_size, self.embed_dim)
        memory = None if self.reader is None else self.reader(embed(source))
        x = self.writer(embed(target), memory)
        x = nn.relu(nn.Dense(self.writer.hidden_size)(x))
        return nn.Dense(self.vocab_size)(x)
