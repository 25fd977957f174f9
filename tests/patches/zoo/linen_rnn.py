"""A recurrent network over characters: submodules made in ``setup``, the cell scanned by Flax."""

import jax
from flax import linen as nn


class CharLSTM(nn.Module):
    vocab_size: int
    embed_dim: int = 64
    hidden_size: int = 128
    dropout: float = 0.1

    def setup(self):
        self.embed = nn.Embed(self.vocab_size, self.embed_dim)
        self.lstm = nn.RNN(nn.OptimizedLSTMCell(self.hidden_size))
        self.norm = nn.LayerNorm()
        self.drop = nn.Dropout(self.dropout)
        self.hidden = nn.Dense(self.hidden_size)
        self.logits = nn.Dense(self.vocab_size)

    def __call__(self, tokens: jax.Array, training: bool = False) -> jax.Array:
        x = self.lstm(self.embed(tokens))
        x = self.drop(self.norm(x), deterministic=not training)
        x = nn.tanh(self.hidden(x))
        return self.logits(x)
