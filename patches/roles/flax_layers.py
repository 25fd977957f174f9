"""The roles of Flax's layers and of JAX's activation functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

import flax.linen
import jax

from .marks import Members, role

LINEN: Final[Mapping[str, tuple[str, ...]]] = {
    "Conv": ("convolution",),
    "ConvLocal": ("convolution", "local_convolution"),
    "ConvTranspose": ("convolution", "transposed_convolution"),
    "Dense": ("dense",),
    "DenseGeneral": ("dense",),
    "BatchNorm": ("normalization", "batch_normalization"),
    "LayerNorm": ("normalization", "layer_normalization"),
    "RMSNorm": ("normalization", "rms_normalization"),
    "GroupNorm": ("normalization", "group_normalization"),
    "InstanceNorm": ("normalization", "instance_normalization"),
    "SpectralNorm": ("normalization",),
    "WeightNorm": ("normalization",),
    "Dropout": ("dropout",),
    "Embed": ("embedding",),
    "MultiHeadAttention": ("attention",),
    "MultiHeadDotProductAttention": ("attention",),
    "SelfAttention": ("attention", "self_attention"),
    "SimpleCell": ("recurrent_cell",),
    "GRUCell": ("recurrent_cell",),
    "MGUCell": ("recurrent_cell",),
    "LSTMCell": ("recurrent_cell",),
    "OptimizedLSTMCell": ("recurrent_cell",),
    "ConvLSTMCell": ("recurrent_cell",),
    "PReLU": ("activation",),
    "RNNCellBase": ("recurrent_cell",),
}
"""The roles of Linen's layers, whose arguments give the arguments of the roles their names."""

ACTIVATIONS: Final = (
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softplus",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
)
"""The elementwise nonlinearities of `jax.nn`, which `flax.linen` and `flax.nnx` pass on.

Softmax and its like are outputs, and `glu` halves the width: these are no activations in this
sense.
"""

GATES: Final = ("hard_sigmoid", "log_sigmoid", "sigmoid", "sparse_sigmoid")
"""Those that squash into 0 to 1: what calls one means a gate or a probability, rather than a nonlinearity."""


def mark_layers(
    namespace: ModuleType,
    roles: Mapping[str, Iterable[str]],
    members: Mapping[str, Members] | None = None,
) -> None:
    """Marks the classes of a namespace.

    Args:
        namespace: Where the classes are found.
        roles: Their roles by name.
        members: What the arguments of the roles are called in a class, by name, where they are not
            called as in Linen: ``{'Conv': {'features': 'out_features'}}``.
    """
    for name, its_roles in roles.items():
        role(*its_roles, **(members or {}).get(name, {}))(getattr(namespace, name))


mark_layers(flax.linen, LINEN)
mark_layers(jax.nn, dict.fromkeys(ACTIVATIONS, ("activation",)))
mark_layers(jax.nn, dict.fromkeys(GATES, ("gate",)))
