"""`remove_bias`: layers without biases."""

from __future__ import annotations

from typing import Any, Final

from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.layers import layers
from ...roles.editing import updated

_ROLES: Final = ("convolution", "dense", "attention")


@patcher
def remove_bias(tree: Any, normalization: bool = False) -> Any:
    """Takes the biases from all convolutions, dense layers and attentions.

    Chowdhery et al., "PaLM: Scaling Language Modeling with Pathways", 2022, section 2: none anywhere, for
    stability at large scale.

    Args:
        tree: The experiment.
        normalization: Whether normalizations lose theirs, too.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8), nn.LayerNorm()], 'remove_bias')
        [Dense(features=8, use_bias=False), LayerNorm()]
    """
    roles = (*_ROLES, "normalization") if normalization else _ROLES

    def rule(k: Path, v: Any) -> Any:
        for role in roles:
            v = updated(v, role, use_bias=False)
        return v

    return layers(rule)
