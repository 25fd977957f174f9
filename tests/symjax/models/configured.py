"""Models in the styles of public Flax code that hand one configuration down; nothing here knows of symbols."""

import dataclasses
import enum
import functools
from collections.abc import Callable, Iterable
from typing import Any, Optional

import jax
import jax.numpy as jnp
import ml_collections
from flax import linen as nn
from flax import nnx, struct


@struct.dataclass
class TransformerConfig:
    """As in Flax's examples of language models."""

    vocab_size: int
    output_vocab_size: int
    logits_via_embedding: bool = False
    dtype: Any = jnp.float32
    emb_dim: int = 8
    num_heads: int = 2
    num_layers: int = 2
    mlp_dim: int = 16
    max_len: int = 12
    residual_scale: float = 0.5
    deterministic: bool = True
    kernel_init: Callable = nn.initializers.xavier_uniform()
    bias_init: Callable = nn.initializers.normal(stddev=1e-6)
    posemb_init: Optional[Callable] = None  # noqa: UP045 - as it is written there


class MlpBlock(nn.Module):
    config: TransformerConfig
    out_dim: int | None = None

    @nn.compact
    def __call__(self, x):
        config = self.config
        dense = functools.partial(nn.Dense, dtype=config.dtype, kernel_init=config.kernel_init)
        hidden = nn.relu(dense(config.mlp_dim, bias_init=config.bias_init)(x))
        return dense(x.shape[-1] if self.out_dim is None else self.out_dim)(hidden)


class Layer(nn.Module):
    config: TransformerConfig

    @nn.compact
    def __call__(self, x):
        attention = nn.MultiHeadDotProductAttention(
            self.config.num_heads, deterministic=self.config.deterministic
        )
        x = x + self.config.residual_scale * attention(x)
        return x + self.config.residual_scale * MlpBlock(config=self.config)(nn.LayerNorm()(x))


class LanguageModel(nn.Module):
    config: TransformerConfig
    shared_embedding: Any = None

    @nn.compact
    def __call__(self, tokens):
        config = self.config
        embed = self.shared_embedding or nn.Embed(config.output_vocab_size, config.emb_dim)
        x = embed(tokens).astype(config.dtype)
        if config.posemb_init is not None:
            x = (
                x
                + self.param("positions", config.posemb_init, (config.max_len, config.emb_dim))[: x.shape[1]]
            )
        for index in range(config.num_layers):
            x = Layer(config, name=f"layer_{index}")(x)
        if config.logits_via_embedding:
            return embed.attend(x)
        return nn.Dense(config.output_vocab_size)(x)


class WithDefault(nn.Module):
    """A configuration as a default."""

    config: TransformerConfig = TransformerConfig(vocab_size=7, output_vocab_size=7)

    @nn.compact
    def __call__(self, x):
        return MlpBlock(self.config.replace(mlp_dim=2 * self.config.mlp_dim))(x)


def vision_config():
    """As in the repositories of vision transformers: dictionaries in dictionaries."""
    return ml_collections.ConfigDict(
        {
            "patches": {"size": (2, 2)},
            "hidden_size": 8,
            "scale": 0.5,
            "transformer": {"num_layers": 2, "mlp_dim": 12},
            "classifier": "token",
        }
    )


class Encoder(nn.Module):
    num_layers: int
    mlp_dim: int

    @nn.compact
    def __call__(self, x):
        for _ in range(self.num_layers):
            x = x + nn.Dense(x.shape[-1])(nn.gelu(nn.Dense(self.mlp_dim)(x)))
        return x


class VisionTransformer(nn.Module):
    config: Any
    num_classes: int = 3

    @nn.compact
    def __call__(self, x):
        config = self.config
        x = nn.Conv(config.hidden_size, config.patches.size, strides=config.patches.size)(x)
        x = x.reshape(x.shape[0], -1, x.shape[-1]) * config.scale
        x = Encoder(**config.transformer)(x)
        x = x[:, 0] if config.get("classifier", "gap") == "token" else x.mean(1)
        return nn.Dense(self.num_classes)(x) if "head" not in config else x


class Unpacked(nn.Module):
    """A dictionary as configuration."""

    transformer: Any
    width: int = 4

    @nn.compact
    def __call__(self, x):
        return Encoder(**self.transformer)(nn.Dense(self.width)(x))


class AttentionType(enum.Enum):
    GLOBAL = 1
    LOCAL = 2


@dataclasses.dataclass(slots=True, frozen=True)
class ShardingConfig:
    emb: jax.sharding.PartitionSpec | None = None
    axis: str = "fsdp"

    @staticmethod
    def none():
        return ShardingConfig()


@dataclasses.dataclass(slots=True, frozen=True)
class DecoderConfig:
    """As in Flax's Gemma: nested, with slots, enums, presets."""

    num_layers: int
    embed_dim: int
    hidden_dim: int
    attention_types: Iterable[AttentionType]
    softcap: float | None = None
    dtype: Any = jnp.float32
    sharding: ShardingConfig = ShardingConfig.none()  # noqa: RUF009 - as it is written there

    def query_scale(self) -> float:
        return self.embed_dim**-0.5

    @classmethod
    def tiny(cls, **override):
        return cls(
            **{"num_layers": 2, "embed_dim": 4, "hidden_dim": 6, "attention_types": _ALTERNATING} | override
        )


_ALTERNATING = (AttentionType.LOCAL, AttentionType.GLOBAL)


class Block(nnx.Module):
    def __init__(self, config: DecoderConfig, attention: AttentionType, *, rngs: nnx.Rngs):
        self.attention = attention
        self.up = nnx.Linear(config.embed_dim, config.hidden_dim, dtype=config.dtype, rngs=rngs)
        self.down = nnx.Linear(config.hidden_dim, config.embed_dim, rngs=rngs)

    def __call__(self, x):
        hidden = self.up(x)
        return x + self.down(nnx.relu(hidden) if self.attention is AttentionType.GLOBAL else hidden)


class Decoder(nnx.Module):
    def __init__(
        self, config: DecoderConfig, *, rngs: nnx.Rngs, sharding: ShardingConfig = ShardingConfig(axis="tp")
    ):
        types = config.attention_types
        self.layers = nnx.List([Block(config, kind, rngs=rngs) for kind in types])
        self.config = config
        self.sharding = sharding

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x * self.config.query_scale())
        return x if self.config.softcap is None else jnp.tanh(x / self.config.softcap) * self.config.softcap


@dataclasses.dataclass
class DenseConfig:
    """Neither frozen nor hashable."""

    dense_block_layers: list[int]
    growth: int = 2
    options: dict[str, Any] = dataclasses.field(default_factory=lambda: {"use_bias": False})


class DenseBlocks(nn.Module):
    config: DenseConfig

    @nn.compact
    def __call__(self, x):
        for layers in self.config.dense_block_layers + [1]:  # noqa: RUF005 - a list, and no other sequence
            for _ in range(layers):
                new = nn.Dense(self.config.growth, **self.config.options)(x)
                x = jnp.concatenate([x, new], axis=-1)
        return x
