"""A transformer encoder that classifies texts: one configuration is handed down to all modules."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from flax import struct


@struct.dataclass
class TransformerConfig:
    vocab_size: int
    num_classes: int
    emb_dim: int = 512
    num_heads: int = 8
    num_layers: int = 6
    mlp_dim: int = 2048
    max_len: int = 512
    dropout_rate: float = 0.1
    prenorm: bool = True
    dtype: Any = jnp.float32
    kernel_init: Callable = nn.initializers.xavier_uniform()
    posemb_init: Callable = nn.initializers.normal(stddev=0.02)


class MlpBlock(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, x, deterministic: bool):
        cfg = self.config
        width = x.shape[-1]
        x = nn.Dense(cfg.mlp_dim, dtype=cfg.dtype, kernel_init=cfg.kernel_init)(x)
        x = nn.gelu(x)
        x = nn.Dropout(rate=cfg.dropout_rate)(x, deterministic=deterministic)
        x = nn.Dense(width, dtype=cfg.dtype, kernel_init=cfg.kernel_init)(x)
        return nn.Dropout(rate=cfg.dropout_rate)(x, deterministic=deterministic)


class EncoderBlock(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, x, mask, deterministic: bool):
        cfg = self.config
        attention = nn.MultiHeadDotProductAttention(
            num_heads=cfg.num_heads,
            dtype=cfg.dtype,
            kernel_init=cfg.kernel_init,
            dropout_rate=cfg.dropout_rate,
            broadcast_dropout=False,
            deterministic=deterministic,
        )
        dropout = nn.Dropout(rate=cfg.dropout_rate, deterministic=deterministic)
        mlp = MlpBlock(cfg)
        norms = [nn.LayerNorm(dtype=cfg.dtype, name=f"norm_{index}") for index in range(2)]
        if cfg.prenorm:
            x = x + dropout(attention(norms[0](x), mask=mask))
            return x + mlp(norms[1](x), deterministic)
        x = norms[0](x + dropout(attention(x, mask=mask)))
        return norms[1](x + mlp(x, deterministic))


class TextClassifier(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, tokens, *, train: bool = False):
        cfg = self.config
        mask = nn.make_attention_mask(tokens > 0, tokens > 0, dtype=cfg.dtype)
        x = nn.Embed(cfg.vocab_size, cfg.emb_dim, dtype=cfg.dtype, name="embed")(tokens)
        positions = self.param("positions", cfg.posemb_init, (cfg.max_len, cfg.emb_dim))
        x = x + positions[None, : tokens.shape[1]].astype(cfg.dtype)
        x = nn.Dropout(rate=cfg.dropout_rate)(x, deterministic=not train)
        for layer in range(cfg.num_layers):
            x = EncoderBlock(cfg, name=f"block_{layer}")(x, mask, not train)
        x = nn.LayerNorm(dtype=cfg.dtype, name="final_norm")(x)
        weights = (tokens > 0)[..., None].astype(x.dtype)
        x = (x * weights).sum(axis=1) / jnp.maximum(weights.sum(axis=1), 1)
        return nn.Dense(cfg.num_classes, name="classifier")(x).astype(jnp.float32)
