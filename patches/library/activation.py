"""`swap_activation`: another nonlinearity, wherever one stands or is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder

from ..core.patch import Patch
from ..core.patcher import patcher
from ..interior.functions.activations import activation
from ..interior.layers import layers
from ..interior.traced import traced
from ..roles.marks import has_role


@patcher
def swap_activation(tree: Any, to: str | Callable[..., Any]) -> list[Patch]:
    """Replaces every activation: in fields, in the layers of ``nn.Sequential``, and where methods call one.

    What has the role ``'activation'`` is replaced: Flax's and JAX's elementwise nonlinearities and
    what is marked with `symjax.role`; an open choice between activations is closed. Left alone are
    softmax and `glu`; the gates of recurrent cells (arguments whose name contains ``gate``); and,
    where a method calls them, `jax.nn.sigmoid` and its like, which are gates or probabilities there.
    Which calls are seen, and how others are replaced, tells `symjax.patches.traced`.

    Args:
        tree: The experiment.
        to: The new activation: the name of one in `jax.nn` and `flax.linen`, or a function.

    Raises:
        ValueError: There is no activation of this name; the message lists them, the nearest first.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(10)])
        >>> sj.patch(model, 'swap_activation?gelu').layers[1] is nn.gelu
        True
    """
    new = activation(to) if isinstance(to, str) else to

    def rule(k: Path, v: Any) -> Any:
        return new if _is_activation(v) and "gate" not in str(k.key) else v

    return [layers(rule), traced("activation", new)]


def _is_activation(value: object) -> bool:
    """Whether a value is an activation, or the choice between some."""
    if isinstance(value, Placeholder):
        options = list(value.options())
        return bool(options) and all(map(_is_activation, options))
    return has_role(value, "activation")
