"""`swap_activation`: another nonlinearity, wherever one stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from symjax.core.errors import unknown
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder

from ..core.errors import nearest_first
from ..core.patch import RuleFunction
from ..core.patcher import patcher
from ..roles.flax_layers import ACTIVATIONS
from ..roles.marks import has_role
from ..uri.grammar import excerpt


@patcher
def swap_activation(tree: Any, to: str | Callable[..., Any]) -> RuleFunction:
    """Replaces every activation: in fields, in lists such as the layers of ``nn.Sequential``.

    What has the role ``'activation'`` is replaced: Flax's and JAX's elementwise nonlinearities and
    what is marked with `symjax.role`; an open choice between activations is closed. The gates of
    recurrent cells (arguments whose name contains ``gate``) are left alone, and so are softmax and
    `glu`. Activations that a module calls inside its methods are no values of the tree, and are not
    seen.

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
    new = _activation(to) if isinstance(to, str) else to

    def rule(k: Path, v: Any) -> Any:
        return new if _is_activation(v) and "gate" not in str(k.key) else v

    return rule


def _is_activation(value: object) -> bool:
    """Whether a value is an activation, or the choice between some."""
    if isinstance(value, Placeholder):
        options = list(value.options())
        return bool(options) and all(map(_is_activation, options))
    return has_role(value, "activation")


def _activation(name: str) -> Callable[..., Any]:
    if name not in ACTIVATIONS:
        listed = nearest_first(name, ACTIVATIONS)
        raise ValueError(unknown("activation", excerpt(name), listed, "known activations"))
    function: Callable[..., Any] = getattr(jax.nn, name)
    return function
