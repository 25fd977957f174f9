"""Patches of attention: keys and values that heads share, positions, normalized queries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Final

from annotated_types import Ge, Gt, Lt

from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.layers import layers
from ...roles.editing import is_flax_layer, rebuilt, updated, values
from ...roles.marks import has_role
from .layer import Attention, OwnAttention
from .positions import LinearBias, RelativeBias

# Deprecated hooks of Flax's layer, whose functions know nothing of groups.
_HOOKS: Final = ("qkv_dot_general", "out_dot_general", "qkv_dot_general_cls", "out_dot_general_cls")


@patcher
def multi_query(tree: Any) -> Any:
    """One head of keys and values for all heads of queries, in every attention.

    Decoding reads a cache that is smaller by the number of heads.

    Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need", 2019, section 2.3.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'multi_query')[0].kv_heads
        1
    """
    return layers(_changing(lambda v: v.rebind(kv_heads=1)))


@patcher
def grouped_query(tree: Any, kv_heads: Annotated[int, Ge(1)]) -> Any:
    """Heads of queries in groups, each with one head of keys and values, in every attention.

    An attention that has fewer heads keeps one of keys and values for each; where their number is no multiple
    of `kv_heads`, it gets the greatest common divisor of the two.

    Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
    2023, section 2.2.

    Args:
        tree: The experiment.
        kv_heads: How many heads of keys and values.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'grouped_query?2')[0].kv_heads
        2
    """
    return layers(_changing(lambda v: v.rebind(kv_heads=math.gcd(v.num_heads, kv_heads))))


@patcher
def rotary_embedding(tree: Any, base: Annotated[float, Gt(1), Lt(math.inf)] = 10_000.0) -> Any:
    """Rotates queries and keys by their positions, in every self-attention.

    Attention to another sequence stays. Where a model adds embeddings of positions, these stay too.

    Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, section 3.2.

    Args:
        tree: The experiment.
        base: The larger, the slower the slowest features turn.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'rotary_embedding')[0].rotary_base
        10000.0
    """
    return layers(_changing(lambda v: v.rebind(rotary_base=base)))


@patcher
def relative_attention_bias(
    tree: Any,
    buckets: Annotated[int, Ge(2)] = 32,
    max_distance: Annotated[int, Ge(1)] = 128,
    bidirectional: bool = True,
) -> Any:
    """Adds a learned number for each head and distance to the logits of every self-attention.

    See `RelativeBias`. Each attention has numbers of its own.

    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020,
    section 2.1.

    Args:
        tree: The experiment.
        buckets: Numbers for each head; even, and at least 4, where `bidirectional`.
        max_distance: From where on all distances count alike.
        bidirectional: Whether positions to come have buckets of their own; without them a model that sees
            only the past uses all of them.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'relative_attention_bias?16')[0].position_bias.buckets
        16
    """
    bias = RelativeBias(buckets, max_distance, bidirectional)
    return layers(_changing(lambda v: v.rebind(position_bias=bias)))


@patcher
def linear_attention_bias(tree: Any) -> Any:
    """Takes the distance of positions, times a slope for each head, from the logits of every self-attention.

    See `LinearBias`.

    Press, Smith and Lewis, "Train Short, Test Long: Attention with Linear Biases Enables Input Length
    Extrapolation", 2022, section 3.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> type(sj.patch([nn.SelfAttention(num_heads=8)], 'linear_attention_bias')[0].position_bias).__name__
        'LinearBias'
    """
    return layers(_changing(lambda v: v.rebind(position_bias=LinearBias())))


@patcher
def normalize_queries(tree: Any) -> Any:
    """Normalizes queries and keys, each head's, before they are multiplied, in every attention.

    Dehghani et al., "Scaling Vision Transformers to 22 Billion Parameters", 2023, section 2; first in Henry
    et al., "Query-Key Normalization for Transformers", 2020.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'normalize_queries')[0].normalize_qk
        True
    """

    def rule(k: Path, v: Any) -> Any:
        return updated(v, "attention", normalize_qk=True)

    return layers(rule)


@patcher
def mup_attention(tree: Any, base_depth: Annotated[int, Ge(1)] = 64) -> Any:
    """Divides the logits of every attention by the depth of its heads, not by its square root.

    Then they stay of the same size as trained models get wider. A head of `base_depth` features stays as it
    is.

    Yang et al., "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter Transfer",
    2022, definition 4.1: what ``mup_initialization`` is for the head.

    Args:
        tree: The experiment.
        base_depth: The depth of the heads of the model whose hyperparameters are taken.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.SelfAttention(num_heads=8)], 'mup_attention?32')[0].base_depth
        32
    """
    return layers(_changing(lambda v: v.rebind(base_depth=base_depth)))


def attention(layer: Any) -> Attention | None:
    """A layer with the role of attention as an `Attention`; None for what cannot be one.

    Example:
        >>> from symjax import linen as nn
        >>> attention(nn.MultiHeadDotProductAttention(num_heads=4, use_bias=False))
        Attention(num_heads=4, use_bias=False)
        >>> attention(nn.Dense(3)) is None
        True
    """
    if isinstance(layer, Attention):
        return layer
    if not has_role(layer, "attention") or not is_flax_layer(layer):
        return None
    arguments = values(layer, "attention")
    if "num_heads" not in arguments or any(arguments.get(name) is not None for name in _HOOKS):
        return None
    cls = OwnAttention if has_role(layer, "self_attention") else Attention
    return rebuilt(layer, "attention", cls)


def _changing(change: Callable[[Attention], Any]) -> Callable[[Path, Any], Any]:
    """A rule that changes each attention."""

    def rule(k: Path, v: Any) -> Any:
        layer = attention(v)
        return v if layer is None else change(layer)

    return rule
