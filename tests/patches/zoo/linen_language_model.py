"""A causal language model: one block scanned over depth, recomputed in the backward pass, tied output."""

import dataclasses

import jax
import jax.numpy as jnp
from flax import linen as nn


@dataclasses.dataclass(frozen=True)
class LMConfig:
    vocab_size: int
    depth: int = 12
    width: int = 768
    heads: int = 12
    mlp_ratio: int = 4


class Block(nn.Module):
    cfg: LMConfig

    @nn.compact
    def __call__(self, x, mask):
        y = nn.RMSNorm(name="norm_1")(x)
        y = nn.MultiHeadDotProductAttention(num_heads=self.cfg.heads, use_bias=False, name="attention")(
            y, mask=mask
        )
        x = x + y
        y = nn.RMSNorm(name="norm_2")(x)
        y = nn.Dense(self.cfg.mlp_ratio * self.cfg.width, use_bias=False, name="up")(y)
        y = nn.Dense(self.cfg.width, use_bias=False, name="down")(nn.silu(y))
        return x + y, None


class LanguageModel(nn.Module):
    cfg: LMConfig

    @nn.compact
    def __call__(self, tokens: jax.Array) -> jax.Array:
        embed = nn.Embed(self.cfg.vocab_size, self.cfg.width, name="embed")
        x = embed(tokens)
        blocks = nn.scan(
            nn.remat(Block, prevent_cse=False),
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": True},
            in_axes=nn.broadcast,
            length=self.cfg.depth,
        )
        x, _ = blocks(self.cfg, name="blocks")(x, nn.make_causal_mask(tokens))
        x = nn.RMSNorm(name="final_norm")(x)
        return embed.attend(x) / jnp.sqrt(self.cfg.width)
