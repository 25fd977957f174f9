"""The roles of Flax NNX's layers, marked once NNX is imported, which takes a second and few programs need."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from .flax_layers import LINEN, mark_layers
from .marks import mark_later

_AS_IN_LINEN: Final = (
    "Conv",
    "ConvTranspose",
    "BatchNorm",
    "LayerNorm",
    "RMSNorm",
    "GroupNorm",
    "InstanceNorm",
    "SpectralNorm",
    "WeightNorm",
    "Dropout",
    "Embed",
    "MultiHeadAttention",
    "PReLU",
    "RNNCellBase",
    "SimpleCell",
    "GRUCell",
    "LSTMCell",
    "OptimizedLSTMCell",
)

NNX: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: LINEN[name] for name in _AS_IN_LINEN},
    "Linear": LINEN["Dense"],
    "LinearGeneral": LINEN["DenseGeneral"],
}
"""The roles of NNX's layers: of their nodes, and of the modules themselves."""

# What is something else in NNX than what Linen has under the same name.
_OTHERWISE: Final = {"promote_dtype": None, "conv_general_dilated": None, "dot_general": None}
_OUTPUTS: Final[Mapping[str, str | None]] = {"features": "out_features", **_OTHERWISE}
_CELLS: Final[Mapping[str, str | None]] = {"features": "hidden_features", **_OTHERWISE}

MEMBERS: Final[Mapping[str, Mapping[str, str | None]]] = {
    **dict.fromkeys(NNX, _OTHERWISE),
    **dict.fromkeys(("Conv", "ConvTranspose", "Linear", "LinearGeneral"), _OUTPUTS),
    **dict.fromkeys(("SimpleCell", "GRUCell", "LSTMCell", "OptimizedLSTMCell"), _CELLS),
}
"""What the arguments of the roles are called here; the others, and `in_features`, are called as they are."""


def _mark() -> None:
    mark_layers(sys.modules["flax.nnx"], NNX, MEMBERS)


mark_later("flax.nnx", _mark)
