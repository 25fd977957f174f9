"""Initializers of kernels: others, and scaled ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from symjax import linen as nn
from symjax.core.paths import Path

from ...core.patcher import patcher
from ...interior.layers import layers
from ...roles.editing import updated

Name: TypeAlias = Literal[
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "orthogonal",
    "truncated_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
"""Initializers of `jax.nn.initializers`."""

_ROLES: Final = ("convolution", "dense", "attention")


@patcher
def swap_initializer(tree: Any, to: Name | Callable[..., Any]) -> Any:
    """Initializes the kernels of all convolutions, dense layers and attentions by another law.

    Glorot and Bengio, "Understanding the Difficulty of Training Deep Feedforward Neural Networks", 2010,
    section 4.2.1 (``glorot_*``, also called ``xavier_*``); He et al., "Delving Deep into Rectifiers", 2015,
    section 2.2 (``he_*``, ``kaiming_*``); LeCun et al., "Efficient BackProp", 1998, section 4.6
    (``lecun_*``); Saxe, McClelland and Ganguli, "Exact Solutions to the Nonlinear Dynamics of Learning in
    Deep Linear Neural Networks", 2013 (``orthogonal``).

    Args:
        tree: The experiment.
        to: The name of an initializer of `jax.nn.initializers`, with its default arguments; or a function
            ``(key, shape, dtype)``.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> sj.patch([nn.Dense(8)], 'swap_initializer?he_normal')
        [Dense(features=8, kernel_init=he_normal())]
    """
    new = initializer(to) if isinstance(to, str) else to

    def rule(k: Path, v: Any) -> Any:
        for role in _ROLES:
            v = updated(v, role, kernel_init=new)
        return v

    return layers(rule)


def initializer(name: str) -> Any:
    """An initializer by its name, as a node.

    Example:
        >>> initializer('he_normal')
        he_normal()
    """
    maker = getattr(nn.initializers, "zeros_init" if name == "zeros" else name)
    return maker()
