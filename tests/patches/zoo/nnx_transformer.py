"""A causal transformer in NNX, made in ``__init__`` from a configuration."""

import dataclasses

import jax.numpy as jnp
from flax import nnx


@dataclasses.dataclass
class GPTConfig:
    vocab_size: int = 50304
    block_size: int = 1024
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.1


class MLP(nnx.Module):
    def __init__(self, cfg: GPTConfig, *, rngs: nnx.Rngs):
        self.fc = nnx.Linear(cfg.n_embd, 4 * cfg.n_embd, rngs=rngs)
        self.proj = nnx.Linear(4 * cfg.n_embd, cfg.n_embd, rngs=rngs)
        self.dropout = nnx.Dropout(cfg.dropout, rngs=rngs)

    def __call__(self, x):
        return self.dropout(self.proj(nnx.gelu(self.fc(x))))


class Block(nnx.Module):
    def __init__(self, cfg: GPTConfig, *, rngs: nnx.Rngs):
        self.ln_1 = nnx.LayerNorm(cfg.n_embd, rngs=rngs)
        self.attn = nnx.MultiHeadAttention(
            num_heads=cfg.n_head,
            in_features=cfg.n_embd,
            qkv_features=cfg.n_embd,
            dropout_rate=cfg.dropout,
            decode=False,
            rngs=rngs,
        )
        self.ln_2 = nnx.LayerNorm(cfg.n_embd, rngs=rngs)
        self.mlp = MLP(cfg, rngs=rngs)

    def __call__(self, x, mask):
        x = x + self.attn(self.ln_1(x), mask=mask)
        return x + self.mlp(self.ln_2(x))


class GPT(nnx.Module):
    def __init__(self, cfg: GPTConfig, *, rngs: nnx.Rngs):
        self.cfg = cfg
        self.wte = nnx.Embed(cfg.vocab_size, cfg.n_embd, rngs=rngs)
        self.wpe = nnx.Embed(cfg.block_size, cfg.n_embd, rngs=rngs)
        self.blocks = nnx.List([Block(cfg, rngs=rngs) for _ in range(cfg.n_layer)])
        self.ln_f = nnx.LayerNorm(cfg.n_embd, rngs=rngs)
        self.lm_head = nnx.Linear(cfg.n_embd, cfg.vocab_size, use_bias=False, rngs=rngs)

    def __call__(self, tokens):
        x = self.wte(tokens) + self.wpe(jnp.arange(tokens.shape[1]))
        mask = nnx.make_causal_mask(tokens)
        for block in self.blocks:
            x = block(x, mask)
        return self.lm_head(self.ln_f(x))
