"""`Attention`: multi-head attention with shared keys, positions and biases."""

from __future__ import annotations

import inspect
import math
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp

from symjax import linen as nn

from .positions import rotate


class Attention(nn.MultiHeadDotProductAttention):
    """Multi-head attention as Flax's own, with what has been proposed since.

    It takes the arguments and the calls of `flax.linen.MultiHeadDotProductAttention`, and has its parameters
    and its cache; with the defaults of its own arguments it gives the same numbers.

    It is deterministic unless it is told otherwise, by its argument or in the call, or gets a ``dropout``
    key.

    Attributes:
        kv_heads: The number of heads of keys and values, which divides `num_heads`: each serves a group of
            heads. None for as many. 1 is multi-query attention: Shazeer, "Fast Transformer Decoding: One
            Write-Head is All You Need", 2019, section 2.3; others are grouped-query attention: Ainslie et
            al., "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", 2023,
            section 2.2.
        rotary_base: Queries and keys are rotated by their positions, see `rotate`; None for not.
        position_bias: What is added to the logits of self-attention: a module from the positions of queries
            and keys to ``[heads, queries, keys]``; None for nothing.
        base_depth: Logits are divided by ``depth / sqrt(base_depth)`` in the place of ``sqrt(depth)``, so
            that a head of this depth stays as it is; None for not. Yang et al., "Tensor Programs V: Tuning
            Large Neural Networks via Zero-Shot Hyperparameter Transfer", 2022, definition 4.1.

    Rotation and biases are those of self-attention: they leave the attention to another sequence alone.

    Example:
        >>> import jax
        >>> x = jax.numpy.ones((1, 5, 8))
        >>> variables = Attention(num_heads=4, kv_heads=1).init(jax.random.key(0), x)
        >>> jax.tree.map(jax.numpy.shape, variables['params']['key'])
        {'bias': (1, 2), 'kernel': (8, 1, 2)}
    """

    kv_heads: int | None = None
    rotary_base: float | None = None
    position_bias: Any = None
    base_depth: int | None = None

    @flax.linen.compact
    def __call__(
        self,
        inputs_q: jax.Array,
        inputs_k: jax.Array | None = None,
        inputs_v: jax.Array | None = None,
        *,
        inputs_kv: jax.Array | None = None,
        mask: jax.Array | None = None,
        deterministic: bool | None = None,
        dropout_rng: jax.Array | None = None,
        sow_weights: bool = False,
        decode: bool | None = None,
    ) -> jax.Array:
        """Attends.

        Args:
            inputs_q: ``[*batch, queries, features]``.
            inputs_k: ``[*batch, keys, features]``; `inputs_q` if it is None.
            inputs_v: ``[*batch, keys, features]``; `inputs_k` if it is None.
            inputs_kv: Both of them.
            mask: ``[*batch, heads, queries, keys]``, or what can be broadcast to it; False where nothing is
                seen.
            deterministic: Whether no weights are dropped.
            dropout_rng: A key for dropout, in place of the module's.
            sow_weights: Whether the weights go into the collection ``intermediates``.
            decode: Whether to decode; by default as the layer's own argument has it.

        Returns:
            ``[*batch, queries, out_features]``.
        """
        inputs_k = inputs_kv if inputs_k is None else inputs_k
        inputs_k = inputs_q if inputs_k is None else inputs_k
        inputs_v = inputs_kv if inputs_v is None else inputs_v
        inputs_v = inputs_k if inputs_v is None else inputs_v
        own = inputs_k is inputs_q
        decode = self.decode if decode is None else decode
        features = self.qkv_features or inputs_q.shape[-1]
        depth, heads = features // self.num_heads, self.num_heads
        groups = heads if self.kv_heads is None else self.kv_heads
        if features % heads or heads % groups:
            raise ValueError(
                f"{features} features cannot be divided among {heads} heads, or these among {groups} "
                "heads of keys"
            )
        query = self._projected("query", inputs_q, heads, depth)
        key = self._projected("key", inputs_k, groups, depth)
        value = self._projected("value", inputs_v, groups, depth)
        start = self.get_variable("cache", "cache_index", 0) if decode else 0
        if own and self.rotary_base is not None:
            query = rotate(query, start + jnp.arange(query.shape[-3]), self.rotary_base)
            key = rotate(key, start + jnp.arange(key.shape[-3]), self.rotary_base)
        if self.base_depth is not None:
            query = query * jnp.asarray(math.sqrt(self.base_depth / depth), query.dtype)
        if decode:
            key, value, mask = self._cached(key, value, mask)
        options = self._options(mask, deterministic, dropout_rng, sow_weights)
        if own and self.position_bias is not None:
            positions = start + jnp.arange(query.shape[-3]), jnp.arange(key.shape[-3])
            options["bias"] = self.position_bias(*positions, heads).astype(query.dtype)
        known = inspect.signature(self.attention_fn).parameters
        if "bias" in options and "bias" not in known:
            raise ValueError(f"{self.attention_fn} takes no bias, which position_bias asks for")
        mixed = self.attention_fn(
            query,
            *(jnp.repeat(x, heads // groups, axis=-2) for x in (key, value)),
            **{name: option for name, option in options.items() if name in known},
        )
        return self._output(mixed, self.out_features or inputs_q.shape[-1])

    @flax.linen.nowrap
    def _projected(self, name: str, x: jax.Array, heads: int, depth: int) -> jax.Array:
        """``[*batch, positions, heads, depth]``."""
        projected = flax.linen.DenseGeneral(
            (heads, depth),
            kernel_init=self.kernel_init,
            bias_init=self.bias_init,
            dot_general=self.qkv_dot_general,
            dot_general_cls=self.qkv_dot_general_cls,
            name=name,
            **self._dense(),
        )(x)
        if not self.normalize_qk or name == "value":
            return projected
        return flax.linen.LayerNorm(  # type: ignore[no-any-return]
            use_bias=False, dtype=self.dtype, param_dtype=self.param_dtype, name=f"{name}_ln"
        )(projected)

    @flax.linen.nowrap
    def _output(self, mixed: jax.Array, features: int) -> jax.Array:
        """``[*batch, positions, features]``."""
        return flax.linen.DenseGeneral(
            features,
            axis=(-2, -1),
            kernel_init=self.out_kernel_init or self.kernel_init,
            bias_init=self.out_bias_init or self.bias_init,
            dot_general=self.out_dot_general,
            dot_general_cls=self.out_dot_general_cls,
            name="out",
            **self._dense(),
        )(mixed)

    @flax.linen.nowrap
    def _dense(self) -> dict[str, Any]:
        return {
            "use_bias": self.use_bias,
            "dtype": self.dtype,
            "param_dtype": self.param_dtype,
            "precision": self.precision,
        }

    @flax.linen.nowrap
    def _cached(
        self, key: jax.Array, value: jax.Array, mask: jax.Array | None
    ) -> tuple[jax.Array, jax.Array, jax.Array | None]:
        """Keys and values of all positions so far, and a mask of those to come; one comes at a time."""
        ready = self.has_variable("cache", "cached_key")
        keys = self.variable("cache", "cached_key", jnp.zeros, key.shape, key.dtype)
        contents = self.variable("cache", "cached_value", jnp.zeros, value.shape, value.dtype)
        index = self.variable("cache", "cache_index", lambda: jnp.array(0, dtype=jnp.int32))
        if not ready:  # this call tells how long the sequence may be
            return key, value, mask
        if key.shape[-3] != 1:
            raise ValueError(f"decoding takes one position at a time, not {key.shape[-3]}")
        now = index.value
        keys.value = jax.lax.dynamic_update_slice_in_dim(keys.value, key, now, axis=key.ndim - 3)
        contents.value = jax.lax.dynamic_update_slice_in_dim(contents.value, value, now, axis=value.ndim - 3)
        index.value = now + 1
        length = keys.value.shape[-3]
        seen = jnp.broadcast_to(jnp.arange(length) <= now, (*key.shape[:-3], 1, 1, length))
        return keys.value, contents.value, flax.linen.combine_masks(mask, seen)

    @flax.linen.nowrap
    def _options(
        self,
        mask: jax.Array | None,
        deterministic: bool | None,
        dropout_rng: jax.Array | None,
        sow_weights: bool,
    ) -> dict[str, Any]:
        """What Flax's attention functions take beside queries, keys and values."""
        drops = self.dropout_rate > 0.0
        if deterministic is None:
            deterministic = self.deterministic
        if deterministic is None:
            deterministic = dropout_rng is None and not self.has_rng("dropout")
        if drops and not deterministic and dropout_rng is None:
            dropout_rng = self.make_rng("dropout")
        return {
            "mask": mask,
            "dropout_rng": dropout_rng,
            "dropout_rate": self.dropout_rate,
            "broadcast_dropout": self.broadcast_dropout,
            "deterministic": deterministic or not drops,
            "dtype": self.dtype,
            "precision": self.precision,
            "force_fp32_for_softmax": self.force_fp32_for_softmax,
            "qk_attn_weights_einsum": _made_by(self.qk_attn_weights_einsum_cls),
            "attn_weights_value_einsum": _made_by(self.attn_weights_value_einsum_cls),
            **({"module": self} if sow_weights else {}),
        }


class OwnAttention(Attention):
    """`Attention` of a sequence to itself, with the calls of `flax.linen.SelfAttention`.

    Example:
        >>> import jax
        >>> x = jax.numpy.ones((1, 5, 8))
        >>> layer = OwnAttention(num_heads=4)
        >>> layer.apply(layer.init(jax.random.key(0), x, jax.numpy.ones((5, 5))), x).shape
        (1, 5, 8)
    """

    @flax.linen.compact
    def __call__(  # type: ignore[override]
        self,
        inputs_q: jax.Array,
        mask: jax.Array | None = None,
        deterministic: bool | None = None,
        dropout_rng: jax.Array | None = None,
        sow_weights: bool = False,
    ) -> jax.Array:
        """Attends; see `Attention`."""
        return super().__call__(
            inputs_q,
            mask=mask,
            deterministic=deterministic,
            dropout_rng=dropout_rng,
            sow_weights=sow_weights,
        )


def _made_by(maker: Any) -> Any:
    return None if maker is None else maker()
